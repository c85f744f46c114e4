import { FIELD, fieldOffset, HEADER } from './gate-state.js';
import { travelToCome } from './pipeline.js';
import { highestRate, maxVelocityToStop } from './stopping-bound.js';
import type { GateConfig, GateJoint, Reason } from './types.js';

/** Outside a position limit a joint moves inward, at this part of maxVelocity. */
export const RECOVERY_FRACTION = 0.1;
/** Part of maxVelocity by which a bound may be missed before the conflict is a fault: rounding, not physics. */
const CONFLICT_TOLERANCE = 1e-3;
/** A request this close to a bound (relative) counts as within it: rounding of the request's own arithmetic. */
const REPORT_TOLERANCE = 1e-9;

/** Limits on the rate of one joint at one tick [rad/s] or [m/s]; `soft` keeps the margin, `hard` uses it up. */
export interface RateWindow {
  readonly softLow: number;
  readonly softHigh: number;
  readonly hardLow: number;
  readonly hardHigh: number;
  /** farthest positions that what was sent before can still lead to; with an open window they are not known */
  readonly up: number;
  readonly down: number;
}

/** Where no position can be judged. */
export const OPEN_WINDOW: RateWindow = {
  softLow: -Infinity,
  softHigh: Infinity,
  hardLow: -Infinity,
  hardHigh: Infinity,
  up: NaN,
  down: NaN,
};

/**
 * The rates from which joint `i` can still stop. Position interface: set-points, which the joint follows without
 * overshoot, so the reach is the last set-point. Velocity interface: the reach of stopping-bound.ts. Without a believable state
 * only a ramp to rest is asked for, which the last window already covers. k_position slows a joint further as it comes near a limit
 * (ros2_control's soft limits), where the deceleration that this takes is there.
 */
export function positionWindow(
  config: GateConfig,
  numbers: Float64Array,
  pipeline: Float64Array,
  i: number,
  now: number,
  reasons: Reason[],
): RateWindow {
  const joint = config.joints[i]!;
  const m = config.joints.length;
  const measured = numbers[fieldOffset(FIELD.position, m) + i]!;
  let up = numbers[fieldOffset(FIELD.sent, m) + i]!;
  let down = up;
  if (config.interface === 'velocity') {
    const since = numbers[HEADER.measuredAt]!;
    const velocity = numbers[fieldOffset(FIELD.velocity, m) + i]!;
    const model = numbers[fieldOffset(FIELD.model, m) + i]!;
    const lag = config.actuatorLag;
    up = measured + lag * Math.max(velocity, model, 0) + travelToCome(config, pipeline, i, 1, since, now);
    down = measured + lag * Math.min(velocity, model, 0) - travelToCome(config, pipeline, i, -1, since, now);
  }
  const dt = config.controlPeriod;
  const margin = config.positionMargin;
  const slow = RECOVERY_FRACTION * joint.maxVelocity;
  const above = Math.max(measured, config.interface === 'position' ? up : measured) > joint.maxPosition;
  const below = Math.min(measured, config.interface === 'position' ? down : measured) < joint.minPosition;
  const stop = (distance: number): number => maxVelocityToStop(distance, joint.maxDeceleration, dt);
  const slowing = (distance: number): number => Math.min(stop(distance), soften(joint, distance));
  const hardHigh = above ? 0 : stop(joint.maxPosition - up);
  const hardLow = below ? 0 : -stop(down - joint.minPosition);
  if (above) pushOutside(joint, measured, joint.maxPosition, reasons);
  if (below) pushOutside(joint, measured, joint.minPosition, reasons);
  return {
    up,
    down,
    hardHigh,
    hardLow,
    softHigh: Math.min(hardHigh, slowing(joint.maxPosition - margin - up), below ? slow : Infinity),
    softLow: Math.max(hardLow, -slowing(down - joint.minPosition - margin), above ? -slow : -Infinity),
  };
}

function soften({ kPosition }: GateJoint, distance: number): number {
  return kPosition === Infinity ? Infinity : Math.max(0, kPosition * distance);
}

/** Set for one tick by {@link shapeRate}: what is to be sent, and whether it breaks a limit of higher rank than its own. */
export interface ShapedRate {
  rate: number;
  infeasible: boolean;
}

/**
 * The rate nearest to `desired` within the window, reachable from `previous` in `h` seconds. Rank: position, velocity,
 * acceleration, jerk; a bound never changes sides. Inside the margin braking keeps to maxDeceleration; only where even the
 * limit itself cannot be kept so, position wins and the conflict is reported.
 */
export function shapeRate(
  joint: GateJoint,
  window: RateWindow,
  desired: number,
  previous: number,
  previousAcceleration: number,
  h: number,
  reasons: Reason[],
  out: ShapedRate,
): void {
  const { maxVelocity } = joint;
  const unit = joint.unit === 'm' ? 'm/s' : 'rad/s';
  const slack = REPORT_TOLERANCE * maxVelocity;
  const low = Math.max(-maxVelocity, window.softLow);
  const high = Math.min(maxVelocity, window.softHigh);
  if (Math.abs(desired) > maxVelocity + slack) {
    reasons.push({ check: 'velocity', joint: joint.name, value: desired, limit: maxVelocity, unit });
  }
  if (desired > window.softHigh + slack) {
    reasons.push({ check: 'position', joint: joint.name, value: desired, limit: window.softHigh, unit });
  } else if (desired < window.softLow - slack) {
    reasons.push({ check: 'position', joint: joint.name, value: desired, limit: window.softLow, unit });
  }
  const wanted = Math.min(Math.max(desired, low), high);
  const highest = highestRate(previous, joint.maxAcceleration, joint.maxDeceleration, h);
  const lowest = -highestRate(-previous, joint.maxAcceleration, joint.maxDeceleration, h);
  if (wanted > highest + slack || wanted < lowest - slack) {
    const limit = wanted > highest ? highest : lowest;
    reasons.push({ check: 'acceleration', joint: joint.name, value: wanted, limit, unit });
  }
  let rate = Math.min(Math.max(wanted, lowest), highest);
  if (joint.maxJerk !== Infinity) {
    const limited = limitJerk(joint.maxJerk, wanted, previous, previousAcceleration, h);
    const eased = Math.abs(limited - wanted) > slack ? limited : wanted;
    if (Math.abs(eased - rate) > slack) {
      reasons.push({ check: 'jerk', joint: joint.name, value: rate, limit: eased, unit });
    }
    rate = Math.min(Math.max(eased, lowest), highest);
  }
  out.infeasible = false;
  if (rate > high) {
    const hard = Math.max(high, window.hardHigh);
    rate = Math.max(high, Math.min(lowest, hard));
    reportConflict(joint, lowest, hard, lowest - hard, unit, reasons, out);
  } else if (rate < low) {
    const hard = Math.min(low, window.hardLow);
    rate = Math.min(low, Math.max(highest, hard));
    reportConflict(joint, highest, hard, hard - highest, unit, reasons, out);
  }
  out.rate = rate;
}

/**
 * The rate after `h` with the change of acceleration limited. Acceleration is to rate what rate is to position, so the same
 * stopping bound keeps it from running past the wanted rate.
 */
function limitJerk(
  maxJerk: number,
  wanted: number,
  previous: number,
  acceleration: number,
  h: number,
): number {
  const change = wanted - previous;
  const reachable = Math.sign(change) * maxVelocityToStop(Math.abs(change), maxJerk, h);
  const low = acceleration - maxJerk * h;
  const high = acceleration + maxJerk * h;
  return previous + Math.min(Math.max(reachable, low), high) * h;
}

function reportConflict(
  joint: GateJoint,
  value: number,
  limit: number,
  excess: number,
  unit: string,
  reasons: Reason[],
  out: ShapedRate,
): void {
  if (excess <= CONFLICT_TOLERANCE * joint.maxVelocity) return;
  reasons.push({ check: 'infeasible', joint: joint.name, value, limit, unit });
  out.infeasible = true;
}

function pushOutside(joint: GateJoint, value: number, limit: number, reasons: Reason[]): void {
  reasons.push({ check: 'position', joint: joint.name, value, limit, unit: joint.unit });
}
