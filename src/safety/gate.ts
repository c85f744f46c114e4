import { dampingEffort, effortWindow, type EffortWindow } from './effort-barrier.js';
import { latchFault } from './faults.js';
import { createGatedCommand, type GatedCommand } from './gated-command.js';
import { FIELD, HEADER, fieldOffset, toSeconds, type GateState } from './gate-state.js';
import { advanceModel, appendSent } from './pipeline.js';
import { authorityOf, checkProposal } from './proposal-checks.js';
import { positionWindow, shapeRate, type RateWindow, type ShapedRate } from './rate-bounds.js';
import { checkState, type StateQuality } from './state-checks.js';
import { maxVelocityToStop } from './stopping-bound.js';
import type {
  Check,
  Evidence,
  GateConfig,
  GateJoint,
  Measured,
  Proposal,
  Reason,
  Verdict,
  VerdictKind,
} from './types.js';

export interface GateResult {
  readonly state: GateState;
  readonly verdict: Verdict;
}

/** Ticks closer than this part of a period repeat the last command, so that a burst cannot spend the limits twice. */
const EARLY_FRACTION = 0.5;
/**
 * A tick that comes late may change the rate for the time that has really passed, up to this many periods, so that braking loses
 * little by it. A set-point stands still meanwhile, and its stopping bound counts on steps of one period at most.
 */
const LONGEST_STEP = { position: 1, velocity: 2, effort: 1 } as const;
/** A command may be sent until two periods after it was made; by then the next one has replaced it. */
const COMMAND_PERIODS = 2;
/** A command this close to the request, relative to its size and to 1, is the request. */
const ROUNDING = 1e-9;
/** Part of maxVelocity below which an effort-controlled joint counts as at rest. */
const REST_FRACTION = 0.01;

/** What one tick works on; `numbers` is this tick's own copy. */
interface Tick {
  readonly config: GateConfig;
  readonly numbers: Float64Array;
  readonly now: number;
  /** since the last command [s] */
  readonly elapsed: number;
  readonly reasons: Reason[];
  /** null: hold */
  readonly request: Float64Array | null;
  readonly authority: number;
  readonly quality: StateQuality;
}

/**
 * One tick of the gate: judge everything, collect every reason, then decide. Pure: no argument is changed, nothing is read but
 * the arguments, and it never throws. `measured` is the newest state ever received (null: none), `nowNs` monotonic.
 */
export function gate(
  config: GateConfig,
  state: GateState,
  proposal: Proposal | null,
  measured: Measured | null,
  evidence: Evidence | null,
  nowNs: bigint,
): GateResult {
  const reasons: Reason[] = [];
  if (state.mode !== 'active') reasons.push({ check: 'mode' });
  const shapely = checkProposal(config, proposal, state.mode === 'active', nowNs, reasons);
  if (state.silent) return { state, verdict: { kind: 'blocked', command: null, reasons } };

  const numbers = state.numbers.slice();
  const now = toSeconds(nowNs);
  const sinceSent = now - numbers[HEADER.sentAt]!;
  const early = config.interface !== 'effort' && sinceSent < EARLY_FRACTION * config.controlPeriod;
  if (early) reasons.push({ check: 'tick-early', value: sinceSent, limit: config.controlPeriod, unit: 's' });
  const quality = checkState(config, numbers, measured, now, early ? 0 : sinceSent, reasons);
  const authority = authorityOf(evidence, nowNs, reasons);
  const taken = state.mode === 'active' && shapely && quality === 'fresh';
  const request = taken ? proposal!.command : null;

  const tick: Tick = { config, numbers, now, elapsed: sinceSent, reasons, request, authority, quality };
  let { pipeline } = state;
  let infeasible = false;
  if (config.interface === 'effort') {
    shapeEfforts(tick);
  } else if (!early) {
    const known = Math.max(numbers[HEADER.measuredAt]!, now - config.stateTimeoutMs / 1e3);
    if (config.interface === 'velocity') advanceModel(config, numbers, pipeline, known);
    infeasible = shapeRates(tick, pipeline);
    if (config.interface === 'velocity') pipeline = appendSent(config, pipeline, known, now, numbers);
  }
  if (!early) numbers[HEADER.sentAt] = now;

  const kind = verdictKind(tick);
  const seq = state.seq + 1;
  const fault = latchFault(state.fault, quality, infeasible, reasons, nowNs);
  const mode = nextMode(tick, state, fault !== null);
  const next: GateState = { mode, silent: false, fault, seq, numbers, pipeline };
  return { state: next, verdict: { kind, command: makeCommand(config, numbers, seq, nowNs), reasons } };
}

function verdictKind(tick: Tick): VerdictKind {
  if (tick.quality !== 'fresh') return 'cannot-evaluate';
  if (tick.request === null) return 'blocked';
  const m = tick.config.joints.length;
  const sent = fieldOffset(FIELD.sent, m);
  for (let i = 0; i < m; i++) {
    const requested = tick.request[i]!;
    const rounding = ROUNDING * Math.max(1, Math.abs(requested));
    if (Math.abs(tick.numbers[sent + i]! - requested) > rounding) return 'limited';
  }
  return 'pass';
}

/** True when every joint is commanded to rest (effort: measured at rest, or not known to move). */
export function isAtRest(config: GateConfig, numbers: Float64Array): boolean {
  const m = config.joints.length;
  const effort = config.interface === 'effort';
  const rate = fieldOffset(effort ? FIELD.velocity : FIELD.rate, m);
  for (let i = 0; i < m; i++) {
    const slow = effort ? REST_FRACTION * config.joints[i]!.maxVelocity : 0;
    if (Math.abs(numbers[rate + i]!) > slow) return false;
  }
  return true;
}

/** Losing sight of the robot takes authority away for good: a new engage is needed. */
function nextMode(tick: Tick, state: GateState, faulted: boolean): GateState['mode'] {
  if (state.mode === 'estop') return 'estop';
  if (faulted) return 'fault';
  if (state.mode === 'active' && tick.quality === 'stale') return 'stopping';
  if (state.mode === 'stopping' && isAtRest(tick.config, tick.numbers)) return 'holding';
  return state.mode;
}

function makeCommand(config: GateConfig, numbers: Float64Array, seq: number, nowNs: bigint): GatedCommand {
  const m = config.joints.length;
  const from = fieldOffset(FIELD.sent, m);
  const expiresNs = nowNs + BigInt(Math.round(config.controlPeriod * COMMAND_PERIODS * 1e9));
  const values = numbers.subarray(from, from + m);
  return createGatedCommand(config.joints, config.interface, values, seq, expiresNs);
}

/** Position and velocity interfaces: one rate per joint; true where a position limit cannot be kept. */
function shapeRates(tick: Tick, pipeline: Float64Array): boolean {
  const { config, numbers, now, reasons } = tick;
  const m = config.joints.length;
  const window: RateWindow = { softLow: 0, softHigh: 0, hardLow: 0, hardHigh: 0 };
  const shaped: ShapedRate = { rate: 0, infeasible: false };
  const sent = fieldOffset(FIELD.sent, m);
  const rate = fieldOffset(FIELD.rate, m);
  const acceleration = fieldOffset(FIELD.acceleration, m);
  const requested = fieldOffset(FIELD.requested, m);
  const h = Math.min(tick.elapsed, config.controlPeriod * LONGEST_STEP[config.interface]);
  const judged = config.interface === 'position' || tick.quality === 'fresh';
  let infeasible = false;
  for (let i = 0; i < m; i++) {
    const joint = config.joints[i]!;
    if (judged) positionWindow(config, numbers, pipeline, i, now, reasons, window);
    else openWindow(window);
    const previous = numbers[rate + i]!;
    const desired = desiredRate(tick, i, h);
    shapeRate(joint, window, desired, previous, numbers[acceleration + i]!, h, reasons, shaped);
    numbers[rate + i] = shaped.rate;
    numbers[acceleration + i] = (shaped.rate - previous) / h;
    if (config.interface === 'velocity') {
      numbers[sent + i] = shaped.rate;
    } else {
      numbers[sent + i] = numbers[sent + i]! + shaped.rate * h;
      if (tick.request === null) numbers[requested + i] = numbers[sent + i]!;
    }
    infeasible ||= shaped.infeasible;
  }
  return infeasible;
}

function openWindow(window: RateWindow): void {
  window.softLow = -Infinity;
  window.softHigh = Infinity;
  window.hardLow = -Infinity;
  window.hardHigh = Infinity;
}

/**
 * What the request asks of joint `i` as a rate; 0 to hold. A set-point is followed as the motion of the set-point itself plus a
 * catching-up that can always stop at it, so that a step neither overshoots nor rings, and a feasible ramp is met exactly.
 */
function desiredRate(tick: Tick, i: number, h: number): number {
  const { config, numbers, request, authority, reasons } = tick;
  if (request === null) return 0;
  if (config.interface === 'velocity') return authority * request[i]!;
  const joint = config.joints[i]!;
  const m = config.joints.length;
  const at = fieldOffset(FIELD.requested, m) + i;
  const low = joint.minPosition + config.positionMargin;
  const high = joint.maxPosition - config.positionMargin;
  const wanted = request[i]!;
  const target = Math.min(Math.max(wanted, low), high);
  if (target !== wanted) {
    const limit = wanted > high ? high : low;
    reasons.push({ check: 'position', joint: joint.name, value: wanted, limit, unit: joint.unit });
  }
  const behind = numbers[at]! - numbers[fieldOffset(FIELD.sent, m) + i]!;
  const catchUp = Math.min(
    Math.abs(behind) / h,
    maxVelocityToStop(Math.abs(behind), joint.maxDeceleration, config.controlPeriod),
    joint.maxVelocity,
  );
  const rate = (target - numbers[at]!) / h + Math.sign(behind) * catchUp;
  numbers[at] = target;
  return authority === 0 ? 0 : authority * rate; // a set-point beyond reason makes the rate infinite, and 0 * Infinity NaN
}

/** Effort interface: request or stop action, then the barrier; efforts never exceed maxEffort. */
function shapeEfforts(tick: Tick): void {
  const { config, numbers, now, reasons, request, authority } = tick;
  const m = config.joints.length;
  const window: EffortWindow = { low: 0, high: 0, lowCheck: 'velocity', highCheck: 'velocity' };
  const sent = fieldOffset(FIELD.sent, m);
  const age = now - numbers[HEADER.measuredAt]!;
  const believed = age >= 0 && age * 1e3 <= config.stateTimeoutMs && tick.quality !== 'frozen';
  for (let i = 0; i < m; i++) {
    const joint = config.joints[i]!;
    const velocity = numbers[fieldOffset(FIELD.velocity, m) + i]!;
    const stop = believed && config.stopAction === 'damping' ? dampingEffort(joint, velocity) : 0;
    let effort = stop;
    if (request !== null) {
      const wanted = request[i]!;
      if (Math.abs(wanted) > joint.maxEffort) pushEffort(joint, 'effort', wanted, joint.maxEffort, reasons);
      effort = stop + authority * (wanted - stop);
    }
    if (believed) {
      const position = numbers[fieldOffset(FIELD.position, m) + i]!;
      effortWindow(config, joint, position, velocity, age, reasons, window);
      if (effort > window.high) pushEffort(joint, window.highCheck, effort, window.high, reasons);
      if (effort < window.low) pushEffort(joint, window.lowCheck, effort, window.low, reasons);
      effort = Math.min(Math.max(effort, window.low), window.high);
    }
    numbers[sent + i] = Math.min(Math.max(effort, -joint.maxEffort), joint.maxEffort);
  }
}

function pushEffort(joint: GateJoint, check: Check, value: number, limit: number, reasons: Reason[]): void {
  reasons.push({ check, joint: joint.name, value, limit, unit: joint.unit === 'm' ? 'N' : 'N m' });
}
