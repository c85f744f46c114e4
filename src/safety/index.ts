export {
  NOBODY,
  arbitrate,
  followOperator,
  grantAgent,
  lockOn,
  lockText,
  revoke,
  strongestLock,
  type ArbiterState,
  type EngagedLock,
  type LockInput,
  type OperatorInput,
  type Owner,
  type Priorities,
} from './arbiter.js';
export { createShaperState, shapeTick, type ShapedTick, type ShaperState } from './command-shaper.js';
export { describe as describeReason, latchedText } from './faults.js';
export { GatedCommand } from './gated-command.js';
export { gate, type GateResult } from './gate.js';
export { gateConfigFromRobot, gateConfigHash, validateGateConfig } from './gate-config.js';
export { gateEvent, latchRestart, latchVeto, type EventResult } from './gate-events.js';
export { createGateState, lastSent, withSendTime, type GateState } from './gate-state.js';
export { interpolate } from './interpolator.js';
export { followPoints, lookAhead, pointDue, type FutureTick, type PointsInFlight } from './lookahead.js';
export { evidenceAuthority } from './proposal-checks.js';
export { reasonMask, reasonNames } from './reasons.js';
export { requireSelfTest } from './self-test.js';
export { distanceToStop, maxVelocityToStop } from './stopping-bound.js';
export * from './types.js';
