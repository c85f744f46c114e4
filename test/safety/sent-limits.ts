/**
 * By how much sent commands exceed their limits, judged from the numbers alone; shares no code with the gate. Negative: within.
 */
import type { GateConfig } from '../../src/safety/types.js';
import type { Run } from './drive.js';

export interface Excess {
  /** relative to the limit */
  velocity: number;
  /** relative to what the limits of acceleration and deceleration allow in a period */
  acceleration: number;
  /** relative to what the limit allows in a period; of joints where nothing of higher rank binds, and of ticks whose verdict tells of none */
  jerk: number;
  /** as above, where the verdict says that jerk gave way to position or acceleration */
  jerkGivenWay: number;
  /** relative to the limit */
  effort: number;
  /** of set-points [rad or m] */
  setPoint: number;
}

/** Rounding that the gate takes for none, relative to max_velocity. */
const ROUNDING = 5e-9;

export function excessOf(config: GateConfig, { sent, verdicts, start }: Run): Excess {
  const excess: Excess = {
    velocity: -1,
    acceleration: -1,
    jerk: -1,
    jerkGivenWay: -1,
    effort: -1,
    setPoint: -Infinity,
  };
  const dt = config.controlPeriod;
  config.joints.forEach((joint, i) => {
    const { maxAcceleration, maxDeceleration, maxVelocity, maxJerk } = joint;
    // a tighter acceleration after engaging breaks the motion where it turns around, as a weaker one always does
    const even = maxAcceleration === maxDeceleration && config.onTransition.duration === 0;
    const free = joint.maxPosition === Infinity && even;
    let rate = config.interface === 'effort' ? 0 : start[i]!;
    let acceleration = 0;
    let last = 0;
    sent.forEach((values, tick) => {
      const value = values[i]!;
      if (config.interface === 'effort') {
        excess.effort = Math.max(excess.effort, Math.abs(value) / joint.maxEffort - 1);
        return;
      }
      if (config.interface === 'position') {
        excess.setPoint = Math.max(excess.setPoint, value - joint.maxPosition, joint.minPosition - value);
      }
      const next = config.interface === 'position' ? (value - last) / dt : value;
      excess.velocity = Math.max(excess.velocity, Math.abs(next) / maxVelocity - 1);
      const allowed = largestChange(rate, next, maxAcceleration, maxDeceleration, dt);
      excess.acceleration = Math.max(excess.acceleration, Math.abs(next - rate) / allowed - 1);
      const change = Math.abs((next - rate) / dt - acceleration) - (ROUNDING * maxVelocity) / dt;
      const jerk = change / (maxJerk * dt) - 1;
      const said = verdicts[tick]?.reasons.some((each) => each.check === 'jerk' && each.joint === joint.name);
      const kind = said !== true || free ? 'jerk' : 'jerkGivenWay';
      excess[kind] = Math.max(excess[kind], jerk);
      acceleration = (next - rate) / dt;
      rate = next;
      last = value;
    });
  });
  return excess;
}

/** How far a rate may change in `dt`: away from rest at the acceleration, towards it at the deceleration, first one, then the other. */
function largestChange(
  from: number,
  to: number,
  acceleration: number,
  deceleration: number,
  dt: number,
): number {
  const speed = Math.abs(from);
  if (from * to >= 0 && Math.abs(to) >= speed) return acceleration * dt;
  const stopTime = speed / deceleration;
  if (from * to >= 0 || stopTime >= dt) return deceleration * dt;
  return speed + acceleration * (dt - stopTime);
}
