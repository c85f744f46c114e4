/** What the shares of STATE and SETPOINT mean: positions between a joint's limits, velocities of its highest one. */
import { wrapAngle } from '../../core/index.js';

export interface Envelope {
  /** [rad] or [m]; -Infinity and Infinity on continuous joints */
  readonly minPosition: number;
  readonly maxPosition: number;
  /** [rad/s] or [m/s] */
  readonly maxVelocity: number;
}

/** -1 at the lower limit, 1 at the upper one, no more beyond; a continuous joint's angle, wrapped, as a share of half a turn. */
export function positionShare({ minPosition, maxPosition }: Envelope, position: number): number {
  const half = (maxPosition - minPosition) / 2;
  if (half === Infinity) return clamp(wrapAngle(position) / Math.PI);
  return half === 0 ? 0 : clamp((position - minPosition - half) / half);
}

/** The inverse. [rad] or [m]; of a continuous joint the angle within half a turn. */
export function positionOf({ minPosition, maxPosition }: Envelope, share: number): number {
  if (maxPosition - minPosition === Infinity) return share * Math.PI;
  return ((1 + share) * maxPosition + (1 - share) * minPosition) / 2;
}

/** -1 to 1 at the highest velocity, no more beyond. */
export function velocityShare({ maxVelocity }: Envelope, velocity: number): number {
  return clamp(velocity / maxVelocity);
}

function clamp(share: number): number {
  return Math.min(Math.max(share, -1), 1);
}
