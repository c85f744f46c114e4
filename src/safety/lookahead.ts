/**
 * A trajectory of several points, as joint_trajectory_controller takes them: the command of this tick, and what the gate would send at
 * the next ticks if it heard nothing more. Position interface only.
 */
import { shapeTick, type ShapedTick, type ShaperState } from './command-shaper.js';
import type { GatedCommand } from './gated-command.js';
import { FIELD, fieldOffset, lastSent, type GateState } from './gate-state.js';
import type { Evidence, GateConfig, Measured, Proposal } from './types.js';

/** A command of a tick to come, and the gate after it. */
export interface FutureTick {
  readonly command: GatedCommand;
  readonly gate: GateState;
}

/** The points that a controller goes on with while no newer message reaches it. */
export interface PointsInFlight {
  /** when the message left: its tick's command is due one control period later, monotonic */
  readonly sentNs: bigint;
  /** of its tick (m) */
  readonly command: Float64Array;
  /** due one control period after each other */
  readonly ahead: readonly FutureTick[];
}

/**
 * The next `count` ticks after `tick`, judged by the same gate: the target stays until it expires, then the gate brakes; the joints
 * move as they are commanded, with the lag that they have now. None where the gate sends nothing. Pure.
 * @param before the state that `tick` began with
 */
export function lookAhead(
  config: GateConfig,
  decimation: number,
  before: ShaperState,
  tick: ShapedTick,
  target: Proposal | null,
  measured: Measured | null,
  evidence: Evidence | null,
  nowNs: bigint,
  count: number,
): readonly FutureTick[] {
  if (count === 0 || tick.verdict.command === null || measured === null) return [];
  const periodNs = BigInt(Math.round(config.controlPeriod * 1e9));
  const start = lastSent(before.gate, new Float64Array(config.joints.length));
  let previous = start;
  let last = tick.verdict.command.copyValues();
  let { state } = tick;
  const ahead: FutureTick[] = [];
  for (let k = 1; k <= count; k++) {
    const passedNs = BigInt(k) * periodNs;
    const moved: Measured = {
      positions: measured.positions.map((position, i) => position + (last[i]! - start[i]!)),
      velocities: last.map((value, i) => (value - previous[i]!) / config.controlPeriod),
      receivedNs: measured.receivedNs + passedNs,
    };
    const next = shapeTick(config, decimation, state, target, moved, evidence, nowNs + passedNs);
    const command = next.verdict.command!; // a gate that sends falls silent by request alone
    ahead.push({ command, gate: next.state.gate });
    previous = last;
    last = command.copyValues();
    state = next.state;
  }
  return ahead;
}

/**
 * The state for a tick that comes later than one control period after the last message: the controller has gone on along the points
 * in flight, so the next command goes on from where it is on them. Pure.
 * @param points null, or of another command than the state's last: nothing is changed
 */
export function followPoints(
  config: GateConfig,
  state: ShaperState,
  points: PointsInFlight | null,
  nowNs: bigint,
): ShaperState {
  if (points === null || points.ahead.length === 0) return state;
  const m = config.joints.length;
  const sent = lastSent(state.gate, new Float64Array(m));
  if (sent.some((value, i) => value !== points.command[i])) return state;
  const passed = periodsPassed(config.controlPeriod, points.sentNs, nowNs);
  if (passed <= 0) return state;
  const reached = points.ahead[Math.min(Math.ceil(passed), points.ahead.length) - 1]!;
  const rows = [points.command, ...points.ahead.map(({ command }) => command.copyValues())];
  const numbers = state.gate.numbers.slice();
  for (const field of [FIELD.rate, FIELD.acceleration, FIELD.requested]) {
    const from = fieldOffset(field, m);
    numbers.set(reached.gate.numbers.subarray(from, from + m), from);
  }
  numbers.set(pointAt(rows, passed), fieldOffset(FIELD.sent, m));
  const subTick = state.subTick + Math.min(passed, points.ahead.length); // what is asked for has gone on as well
  return { ...state, subTick, gate: { ...state.gate, numbers } };
}

/**
 * Where a controller that received `rows` at `sentNs` has its set-point now (m): between the two points that the time lies between,
 * at the first one before it is due, at the last one after that.
 * @param rows of points one control period apart, the first one control period after `sentNs`
 */
export function pointDue(
  rows: readonly Float64Array[],
  controlPeriod: number,
  sentNs: bigint,
  nowNs: bigint,
): Float64Array {
  return pointAt(rows, periodsPassed(controlPeriod, sentNs, nowNs));
}

/** Control periods since the first point was due; negative before. */
function periodsPassed(controlPeriod: number, sentNs: bigint, nowNs: bigint): number {
  return Number(nowNs - sentNs) / 1e9 / controlPeriod - 1;
}

/** @param passed in points, from the first */
function pointAt(rows: readonly Float64Array[], passed: number): Float64Array {
  const place = Math.min(Math.max(passed, 0), rows.length - 1);
  const after = Math.ceil(place);
  const to = rows[after]!;
  const from = rows[Math.max(after - 1, 0)]!;
  return to.map((value, i) => from[i]! + (value - from[i]!) * (place - (after - 1)));
}
