import type { GateConfig, GateMode, Fault } from './types.js';
import { validateGateConfig } from './gate-config.js';

/** Plain data: structuredClone keeps it. Never mutated; every tick makes a new one. */
export interface GateState {
  readonly mode: GateMode;
  /** nothing has been sent since the gate was mute, and nothing may be */
  readonly silent: boolean;
  readonly fault: Fault | null;
  /** of the last command */
  readonly seq: number;
  /** HEADER scalars, then one vector per FIELD, joints in config order */
  readonly numbers: Float64Array;
  /** sent velocities that have not fully acted yet, oldest first: rows of [time of sending (s), rate of each joint]; velocity only */
  readonly pipeline: Float64Array;
}

/** Index into `numbers`; times in seconds of the monotonic clock. */
export const HEADER = {
  /** last command sent */
  sentAt: 0,
  /** receive time of the newest accepted state */
  measuredAt: 1,
  /** receive time of the newest state dropped for a jump */
  jumpAt: 2,
  /** states dropped for a jump in a row */
  jumps: 3,
  /** time for which the modelled velocity holds */
  modelAt: 4,
  /** somebody was given authority */
  engagedAt: 5,
} as const;
const HEADER_SIZE = 6;

/** Row of each per-joint vector in `numbers`. */
export const FIELD = {
  /** last command sent, in the unit of the interface */
  sent: 0,
  /** its rate of motion: the velocity, or the rate of the set-point; 0 for effort */
  rate: 1,
  /** change of rate per second at the last tick */
  acceleration: 2,
  /** last requested set-point, within limits (position interface) */
  requested: 3,
  /** newest accepted state */
  position: 4,
  velocity: 5,
  /** since the joint's state last changed: time with motion commanded after the travel must have shown [s], and that travel */
  frozenTime: 6,
  frozenTravel: 7,
  /** modelled actuator velocity */
  model: 8,
} as const;
const FIELD_COUNT = 9;

/** Offset of a per-joint vector of `m` joints. */
export function fieldOffset(field: number, m: number): number {
  return HEADER_SIZE + field * m;
}

/** The start: mute, nothing known. Throws on a bad configuration. */
export function createGateState(config: GateConfig): GateState {
  validateGateConfig(config);
  const numbers = new Float64Array(HEADER_SIZE + FIELD_COUNT * config.joints.length);
  numbers[HEADER.measuredAt] = -Infinity;
  numbers[HEADER.jumpAt] = -Infinity;
  numbers[HEADER.engagedAt] = -Infinity;
  return { mode: 'mute', silent: true, fault: null, seq: 0, numbers, pipeline: new Float64Array(0) };
}

/** Monotonic nanoseconds as seconds; exact to 4 ns for a year of uptime. */
export function toSeconds(timeNs: bigint): number {
  return Number(timeNs) * 1e-9;
}

/** Copies the last commands sent (m) into `out`; zeros before the first. */
export function lastSent(state: GateState, out: Float64Array): Float64Array {
  const from = fieldOffset(FIELD.sent, out.length);
  out.set(state.numbers.subarray(from, from + out.length));
  return out;
}

/** Part of a control period by which a command may leave late before it counts: leaving takes some time, every time. */
const LATE_FRACTION = 0.5;

/**
 * The state after the command of a tick has left: where that was late by more than half a period, the next command counts its time
 * from half a period before then, as the robot nearly does. Less is not counted, or every command would brake for less than the
 * time that passes. A tick that came early sent its predecessor's command once more, which changes nothing. Pure.
 * @param madeNs of the tick; `sentNs` not before it, both monotonic
 */
export function withSendTime(
  config: GateConfig,
  state: GateState,
  madeNs: bigint,
  sentNs: bigint,
): GateState {
  const made = toSeconds(madeNs);
  const sent = toSeconds(sentNs);
  const from = sent - LATE_FRACTION * config.controlPeriod;
  if (from <= made || state.numbers[HEADER.sentAt] !== made) return state;
  const numbers = state.numbers.slice();
  numbers[HEADER.sentAt] = from;
  const pipeline = state.pipeline.slice();
  if (pipeline.length > 0) pipeline[pipeline.length - config.joints.length - 1] = sent;
  return { ...state, numbers, pipeline };
}
