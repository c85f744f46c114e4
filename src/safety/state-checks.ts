import { FIELD, HEADER, fieldOffset, toSeconds } from './gate-state.js';
import type { GateConfig, GateJoint, Measured, Reason } from './types.js';

/**
 * fresh: judge by it. dropped: this sample is not believed, hold for now. stale: there has been no believable state for
 * stateTimeoutMs. frozen and jumped: latch.
 */
export type StateQuality = 'fresh' | 'dropped' | 'stale' | 'frozen' | 'jumped';

/** A position may move 1.5 times as fast as allowed between two states, plus this, plus the position margin [rad] or [m]. */
const JUMP_TOLERANCE = 1e-3;
const JUMP_FACTOR = 1.5;
const FULL_TURN = 2 * Math.PI;
/** A second sample in a row that does not fit the last believed one is not a glitch. */
const JUMPS_TO_LATCH = 2;
/** Less commanded travel than this (or than the margin) shows nothing on a coarse encoder [rad] or [m]. */
const FROZEN_TRAVEL = 1e-3;

/** Size and finiteness only. */
export function isFiniteState(config: GateConfig, measured: Measured): boolean {
  const m = config.joints.length;
  if (measured.positions.length !== m || measured.velocities.length !== m) return false;
  for (let i = 0; i < m; i++) {
    if (!Number.isFinite(measured.positions[i]) || !Number.isFinite(measured.velocities[i])) return false;
  }
  return true;
}

/** Age in ms when the state cannot be judged by at `now` [s] (too old, or from the future), else undefined. */
export function unusableAgeMs(config: GateConfig, receivedAt: number, now: number): number | undefined {
  const ageMs = Math.round((now - receivedAt) * 1e9) / 1e6;
  return ageMs >= 0 && ageMs <= config.stateTimeoutMs ? undefined : ageMs;
}

/** Replaces the believed state in `numbers`; a joint whose values changed at all is not frozen. */
export function acceptState(config: GateConfig, numbers: Float64Array, measured: Measured): void {
  const m = config.joints.length;
  const position = fieldOffset(FIELD.position, m);
  const velocity = fieldOffset(FIELD.velocity, m);
  const frozen = fieldOffset(FIELD.frozenTime, m);
  for (let i = 0; i < m; i++) {
    if (numbers[position + i] !== measured.positions[i] || numbers[velocity + i] !== measured.velocities[i]) {
      numbers[position + i] = measured.positions[i]!;
      numbers[velocity + i] = measured.velocities[i]!;
      numbers[frozen + i] = 0;
      numbers[frozen + m + i] = 0;
    }
  }
  numbers[HEADER.measuredAt] = toSeconds(measured.receivedNs);
  numbers[HEADER.jumps] = 0;
}

/** Judges `measured` at `now` [s] after `elapsed` [s] since the last command; updates the believed state in `numbers`. */
export function checkState(
  config: GateConfig,
  numbers: Float64Array,
  measured: Measured | null,
  now: number,
  elapsed: number,
  reasons: Reason[],
): StateQuality {
  let quality: StateQuality = 'fresh';
  countCommandedTravel(config, numbers, elapsed);
  if (measured === null) {
    reasons.push({ check: 'state-missing' });
    quality = 'dropped';
  } else if (!isFiniteState(config, measured)) {
    reasons.push({ check: 'state-non-finite' });
    quality = 'dropped';
  } else if (toSeconds(measured.receivedNs) > numbers[HEADER.measuredAt]!) {
    if (checkJump(config, numbers, measured, reasons)) acceptState(config, numbers, measured);
    else quality = numbers[HEADER.jumps]! >= JUMPS_TO_LATCH ? 'jumped' : 'dropped';
    if (quality === 'jumped') acceptState(config, numbers, measured);
  } else if (numbers[HEADER.jumps]! > 0) {
    quality = 'dropped';
  }
  const ageMs = unusableAgeMs(config, numbers[HEADER.measuredAt]!, now);
  if (ageMs !== undefined) {
    reasons.push({ check: 'state-stale', value: ageMs, limit: config.stateTimeoutMs, unit: 'ms' });
    if (quality !== 'jumped') quality = 'stale';
  }
  return checkFrozen(config, numbers, reasons) ? 'frozen' : quality;
}

function checkJump(
  config: GateConfig,
  numbers: Float64Array,
  measured: Measured,
  reasons: Reason[],
): boolean {
  const m = config.joints.length;
  const position = fieldOffset(FIELD.position, m);
  const receivedAt = toSeconds(measured.receivedNs);
  const elapsed = receivedAt - numbers[HEADER.measuredAt]!;
  let fits = true;
  for (let i = 0; i < m; i++) {
    const joint = config.joints[i]!;
    const step = stepBetween(joint, numbers[position + i]!, measured.positions[i]!);
    const limit = joint.maxVelocity * elapsed * JUMP_FACTOR + JUMP_TOLERANCE + config.positionMargin;
    if (step > limit) {
      reasons.push({ check: 'state-jump', joint: joint.name, value: step, limit, unit: joint.unit });
      fits = false;
    }
  }
  if (!fits && receivedAt > numbers[HEADER.jumpAt]!) {
    numbers[HEADER.jumpAt] = receivedAt;
    numbers[HEADER.jumps] = numbers[HEADER.jumps]! + 1;
  }
  return fits;
}

/** Size of a position step; a joint without limits may report its angle modulo a turn. */
function stepBetween(joint: GateJoint, from: number, to: number): number {
  const step = Math.abs(to - from);
  const turns = joint.unit === 'rad' && joint.minPosition === -Infinity && joint.maxPosition === Infinity;
  return turns ? Math.abs(step - FULL_TURN * Math.round(step / FULL_TURN)) : step;
}

/** Effort says nothing of motion, so there the measured velocity has to: a state that claims to move and does not. */
function countCommandedTravel(config: GateConfig, numbers: Float64Array, elapsed: number): void {
  const m = config.joints.length;
  const rate = fieldOffset(config.interface === 'effort' ? FIELD.velocity : FIELD.rate, m);
  const frozen = fieldOffset(FIELD.frozenTime, m);
  const travelLimit = Math.max(config.positionMargin, FROZEN_TRAVEL);
  for (let i = 0; i < m; i++) {
    const travel = numbers[frozen + m + i]! + numbers[rate + i]! * elapsed;
    numbers[frozen + m + i] = travel;
    // Time counts from when the travel must have shown: creeping below an encoder's resolution is no fault, however long.
    if (Math.abs(travel) > travelLimit && numbers[rate + i] !== 0)
      numbers[frozen + i] = numbers[frozen + i]! + elapsed;
  }
}

function checkFrozen(config: GateConfig, numbers: Float64Array, reasons: Reason[]): boolean {
  const m = config.joints.length;
  const frozen = fieldOffset(FIELD.frozenTime, m);
  let found = false;
  for (let i = 0; i < m; i++) {
    const frozenMs = numbers[frozen + i]! * 1e3;
    if (frozenMs <= config.stateFrozenMs) continue;
    const joint = config.joints[i]!.name;
    reasons.push({ check: 'state-frozen', joint, value: frozenMs, limit: config.stateFrozenMs, unit: 'ms' });
    found = true;
  }
  return found;
}
