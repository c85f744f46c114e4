import { gateEvent } from '../../src/safety/gate-events.js';
import { createGateState, type GateState } from '../../src/safety/gate-state.js';
import type {
  GateConfig,
  GateJoint,
  Measured,
  Proposal,
  Reason,
  TransitionLimits,
} from '../../src/safety/types.js';

/** Test time: an arbitrary monotonic start, and ticks of 10 ms. */
export const START_NS = 5_000_000_000n;
export const TICK_NS = 10_000_000n;

export const NO_TRANSITION: TransitionLimits = { velocityScale: 1, accelerationScale: 1, duration: 0 };

export function joint(overrides: Partial<GateJoint> = {}): GateJoint {
  return {
    name: 'elbow',
    unit: 'rad',
    minPosition: -1,
    maxPosition: 1,
    maxVelocity: 1,
    maxAcceleration: 4,
    maxDeceleration: 5,
    maxJerk: Infinity,
    maxEffort: 10,
    maxEffortRate: Infinity,
    kPosition: Infinity,
    kVelocity: 20,
    ...overrides,
  };
}

export function config(overrides: Partial<GateConfig> = {}): GateConfig {
  return {
    interface: 'velocity',
    joints: [joint()],
    controlPeriod: 0.01,
    commandLatency: 0,
    actuatorLag: 0,
    positionMargin: 0,
    stateTimeoutMs: 100,
    stateFrozenMs: 500,
    limitScaling: 'per_joint',
    onTransition: NO_TRANSITION,
    ...(overrides.interface === 'effort' ? { stopAction: 'damping' as const } : {}),
    ...overrides,
  };
}

export function measured(
  nowNs: bigint,
  positions: readonly number[],
  velocities?: readonly number[],
): Measured {
  return {
    positions: Float64Array.from(positions),
    velocities: Float64Array.from(velocities ?? positions.map(() => 0)),
    receivedNs: nowNs,
  };
}

export function proposal(command: readonly number[], overrides: Partial<Proposal> = {}): Proposal {
  return {
    source: 'agent',
    joints: command.map((_, i) => (i === 0 ? 'elbow' : `joint${i}`)),
    command: Float64Array.from(command),
    seq: 1,
    expiresNs: START_NS * 1000n,
    ...overrides,
  };
}

/** A gate engaged at START_NS from the given state. */
export function engaged(
  gateConfig: GateConfig,
  positions?: readonly number[],
  velocities?: readonly number[],
): GateState {
  const at = positions ?? gateConfig.joints.map(() => 0);
  const { state, outcome } = gateEvent(
    gateConfig,
    createGateState(gateConfig),
    'engage',
    measured(START_NS, at, velocities),
    START_NS,
  );
  if (!outcome.accepted) throw new Error(outcome.why);
  return state;
}

export function checksOf(reasons: readonly Reason[]): string[] {
  return reasons.map((reason) => reason.check);
}
