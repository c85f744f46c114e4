import { FIELD, fieldOffset } from './gate-state.js';
import type { RateWindow } from './rate-bounds.js';
import { highestRate } from './stopping-bound.js';
import type { GateJoint, Reason } from './types.js';

/** A share this close to 1 is rounding of the bounds' own arithmetic. */
const ROUNDING = 1e-9;

/**
 * Scales all desired rates (m), in place, by the largest share with which each is within its joint's window, velocity and
 * acceleration, so that what limits one joint slows all and the direction of motion is kept (MoveIt Servo). A joint that has to move
 * otherwise than asked, because it must brake first or is outside its limits, makes all others wait. Jerk is left to each joint.
 */
export function scaleUniformly(
  joints: readonly GateJoint[],
  windows: readonly RateWindow[],
  numbers: Float64Array,
  h: number,
  desired: Float64Array,
  reasons: Reason[],
): void {
  const rate = fieldOffset(FIELD.rate, joints.length);
  let share = 1;
  let slowest = '';
  joints.forEach((joint, i) => {
    const wanted = desired[i]!;
    const mirror = wanted < 0 ? -1 : 1;
    const window = mirror > 0 ? windows[i]!.softHigh : -windows[i]!.softLow;
    const reach = highestRate(mirror * numbers[rate + i]!, joint.maxAcceleration, joint.maxDeceleration, h);
    const highest = Math.max(0, Math.min(window, joint.maxVelocity, reach));
    const own = highest / Math.abs(wanted); // NaN where none is asked for, and none allowed
    if (own < share) [share, slowest] = [own, joint.name];
  });
  if (share >= 1 - ROUNDING) return;
  reasons.push({ check: 'scaled', joint: slowest, value: share, limit: 1 });
  for (let i = 0; i < desired.length; i++) desired[i] = share === 0 ? 0 : share * desired[i]!; // 0 * Infinity is NaN
}
