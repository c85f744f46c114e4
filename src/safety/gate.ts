import { desiredRates } from './desired-rates.js';
import { dampingEffort, effortWindow, type EffortWindow } from './effort-barrier.js';
import { effortShare, limitEffortRate, pushEffort } from './effort-request.js';
import { latchFault } from './faults.js';
import { createGatedCommand, type GatedCommand } from './gated-command.js';
import { FIELD, HEADER, fieldOffset, toSeconds, type GateState } from './gate-state.js';
import { keepClear } from './keep-clear.js';
import { advanceModel, appendSent } from './pipeline.js';
import { authorityOf, checkProposal } from './proposal-checks.js';
import { OPEN_WINDOW, positionWindow, shapeRate, type RateWindow, type ShapedRate } from './rate-bounds.js';
import { checkState, type StateQuality } from './state-checks.js';
import { limitsInForce } from './transition.js';
import { scaleUniformly } from './uniform-scaling.js';
import type {
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
 * the arguments, and it never throws. `measured` is the newest state ever received (null: none), `evidence` what is predicted of the
 * agent (null: no predictor is in use, which is not the same as one that is silent), `nowNs` monotonic.
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
  const authority = authorityOf(evidence, proposal, nowNs, reasons);
  const taken = state.mode === 'active' && shapely && quality === 'fresh';
  const request = taken ? proposal!.command : null;

  const tick: Tick = { config, numbers, now, elapsed: sinceSent, reasons, request, authority, quality };
  let { pipeline } = state;
  let infeasible = false;
  if (config.interface === 'effort') {
    shapeEfforts(tick, limitsInForce(config, numbers, now, reasons));
  } else if (!early) {
    const known = Math.max(numbers[HEADER.measuredAt]!, now - config.stateTimeoutMs / 1e3);
    if (config.interface === 'velocity') advanceModel(config, numbers, pipeline, known);
    infeasible = shapeRates(tick, limitsInForce(config, numbers, now, reasons), pipeline);
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
function shapeRates(tick: Tick, joints: readonly GateJoint[], pipeline: Float64Array): boolean {
  const { config, numbers, now, reasons } = tick;
  const m = joints.length;
  const shaped: ShapedRate = { rate: 0, infeasible: false };
  const sent = fieldOffset(FIELD.sent, m);
  const rate = fieldOffset(FIELD.rate, m);
  const acceleration = fieldOffset(FIELD.acceleration, m);
  const requested = fieldOffset(FIELD.requested, m);
  const h = Math.min(tick.elapsed, config.controlPeriod * LONGEST_STEP[config.interface]);
  const judged = config.interface === 'position' || tick.quality === 'fresh';
  let windows: readonly RateWindow[] = joints.map((_, i) =>
    judged ? positionWindow(config, numbers, pipeline, i, now, reasons) : OPEN_WINDOW,
  );
  const desired = new Float64Array(m);
  desiredRates(config, joints, tick.request, tick.authority, h, numbers, reasons, desired);
  if (config.clearance && judged)
    windows = keepClear(config.clearance, { config, joints, windows, numbers, desired, h }, reasons);
  if (config.limitScaling === 'uniform') scaleUniformly(joints, windows, numbers, h, desired, reasons);
  let infeasible = false;
  for (let i = 0; i < m; i++) {
    const previous = numbers[rate + i]!;
    const a = numbers[acceleration + i]!;
    shapeRate(joints[i]!, windows[i]!, desired[i]!, previous, a, h, reasons, shaped);
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

/**
 * Effort interface: request or stop action, its rate, then the barrier. Efforts never exceed maxEffort, and the barrier may
 * change an effort at any rate.
 */
function shapeEfforts(tick: Tick, joints: readonly GateJoint[]): void {
  const { config, numbers, now, reasons, request, authority } = tick;
  const m = joints.length;
  const window: EffortWindow = { low: 0, high: 0, lowCheck: 'velocity', highCheck: 'velocity' };
  const sent = fieldOffset(FIELD.sent, m);
  const age = now - numbers[HEADER.measuredAt]!;
  const believed = age >= 0 && age * 1e3 <= config.stateTimeoutMs && tick.quality !== 'frozen';
  const share = config.limitScaling === 'uniform' && request ? effortShare(joints, request) : 1;
  for (let i = 0; i < m; i++) {
    const joint = joints[i]!;
    const velocity = numbers[fieldOffset(FIELD.velocity, m) + i]!;
    const stop = believed && config.stopAction === 'damping' ? dampingEffort(joint, velocity) : 0;
    let effort = stop;
    if (request !== null) {
      const wanted = request[i]!;
      if (Math.abs(wanted) > joint.maxEffort) pushEffort(joint, 'effort', wanted, joint.maxEffort, reasons);
      effort = stop + authority * (share * wanted - stop);
      effort = limitEffortRate(joint, effort, numbers[sent + i]!, tick.elapsed, reasons);
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
