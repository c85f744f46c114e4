import { maxVelocityToStop } from './stopping-bound.js';
import { RECOVERY_FRACTION } from './rate-bounds.js';
import type { GateConfig, GateJoint, Reason } from './types.js';

/** Effort that the barrier of one joint allows at one tick [N m] or [N]. */
export interface EffortWindow {
  low: number;
  high: number;
  /** which limit sets each side */
  lowCheck: 'position' | 'velocity';
  highCheck: 'position' | 'velocity';
}

/**
 * Velocity barrier: u <= kVelocity (vHigh - v), where vHigh is the velocity from which the joint can still stop before its
 * limit, and at most maxVelocity; mirrored below. Position and velocity are taken `age + latency + lag` further on at the
 * measured velocity. A barrier that asks for more than maxEffort gets maxEffort, and the verdict says not-guaranteed.
 *
 * @param age of the state [s]
 */
export function effortWindow(
  config: GateConfig,
  joint: GateJoint,
  position: number,
  velocity: number,
  age: number,
  reasons: Reason[],
  window: EffortWindow,
): void {
  const { maxEffort, kVelocity, maxVelocity } = joint;
  const ahead = velocity * (age + config.commandLatency + config.actuatorLag);
  const up = joint.maxPosition - config.positionMargin - position - Math.max(ahead, 0);
  const down = position + Math.min(ahead, 0) - joint.minPosition - config.positionMargin;
  const above = position > joint.maxPosition;
  const below = position < joint.minPosition;
  const slow = RECOVERY_FRACTION * maxVelocity;
  const stopUp = maxVelocityToStop(up, joint.maxDeceleration, config.controlPeriod);
  const stopDown = maxVelocityToStop(down, joint.maxDeceleration, config.controlPeriod);
  const high = kVelocity * (Math.min(stopUp, below ? slow : maxVelocity) - velocity);
  const low = kVelocity * (-Math.min(stopDown, above ? slow : maxVelocity) - velocity);
  const unit = joint.unit === 'm' ? 'N' : 'N m';
  if (above || below) {
    const limit = above ? joint.maxPosition : joint.minPosition;
    reasons.push({ check: 'position', joint: joint.name, value: position, limit, unit: joint.unit });
  }
  if (high < -maxEffort || low > maxEffort) {
    const value = high < -maxEffort ? high : low;
    reasons.push({ check: 'not-guaranteed', joint: joint.name, value, limit: maxEffort, unit });
  }
  window.highCheck = below || stopUp < maxVelocity ? 'position' : 'velocity';
  window.lowCheck = above || stopDown < maxVelocity ? 'position' : 'velocity';
  window.high = Math.min(Math.max(high, -maxEffort), maxEffort);
  window.low = Math.min(Math.max(low, -maxEffort), maxEffort);
}

/** Damping: effort against the measured velocity, clipped [N m] or [N]. */
export function dampingEffort(joint: GateJoint, velocity: number): number {
  return Math.min(Math.max(-joint.kVelocity * velocity, -joint.maxEffort), joint.maxEffort);
}
