/**
 * What ros2_control's interface limiter does to a velocity command: a port of the algorithm, written anew in TypeScript, and not
 * the C++ itself, which is not run here. Source: `compute_velocity_limits` in joint_limits/src/joint_limits_helpers.cpp and
 * `on_enforce` in joint_range_limiter.cpp at commit 53b9999d (2026-08-07), for a joint that has limits of position, velocity and
 * acceleration. The previous command is the limiter's own last output, as there. It ends where the C++ does: no exception is
 * thrown for a position beyond its limit on a velocity command since that commit; older versions throw at 0.0087 rad beyond.
 */

export interface InterfaceLimits {
  /** [rad] */
  readonly minPosition: number;
  readonly maxPosition: number;
  /** [rad/s] */
  readonly maxVelocity: number;
  /** [rad/s^2] */
  readonly maxAcceleration: number;
}

/** POSITION_BOUNDS_TOLERANCE of joint_limits_helpers.hpp [rad] */
const TOLERANCE = 0.002;

/**
 * @param position measured [rad]
 * @param previous last command that was let through [rad/s]
 * @param dt [s]
 * @returns the command that is let through [rad/s]
 */
export function limitVelocity(
  limits: InterfaceLimits,
  desired: number,
  position: number,
  previous: number,
  dt: number,
): number {
  const { minPosition, maxPosition, maxVelocity, maxAcceleration } = limits;
  let low = Math.max((minPosition - position) / dt, -maxVelocity);
  let high = Math.min((maxPosition - position) / dt, maxVelocity);
  if (forbidsMotion(limits, desired, position)) low = high = 0;
  low = Math.max(previous - maxAcceleration * dt, low);
  high = Math.min(previous + maxAcceleration * dt, high);
  if (low > high) [low, high] = [high, low]; // check_and_swap_limits: this is what lets a joint run through
  return Math.min(Math.max(desired, low), high);
}

/** Just beyond a limit outward motion is forbidden, further beyond any motion. */
function forbidsMotion(
  { minPosition, maxPosition }: InterfaceLimits,
  desired: number,
  position: number,
): boolean {
  if (position >= minPosition && position <= maxPosition) return false;
  const justAbove = position > minPosition && position < maxPosition + TOLERANCE;
  const justBelow = position < maxPosition && position > minPosition - TOLERANCE;
  if ((justAbove && desired >= 0) || (justBelow && desired <= 0)) return true;
  return position > maxPosition + TOLERANCE || position < minPosition - TOLERANCE;
}
