/** What a robot is sent when nobody commands it any more, and how somebody gets it back. Pure. */
import type { GateConfig } from '../safety/index.js';

type Limits = Pick<GateConfig, 'interface' | 'joints' | 'controlPeriod' | 'onTransition'>;

/**
 * The command that follows `values` (m) on the way to rest: velocities go to zero by max_deceleration, efforts are zero, a position stays.
 * @param elapsed since `values` were sent [s]
 */
export function towardsRest(
  { interface: kind, joints }: Limits,
  values: Float64Array,
  elapsed: number,
): Float64Array {
  switch (kind) {
    case 'position':
      return values;
    case 'velocity':
      return values.map((value, i) => {
        const left = Math.abs(value) - joints[i]!.maxDeceleration * elapsed;
        return left > 0 ? Math.sign(value) * left : 0;
      });
    case 'effort':
      return values.map(() => 0);
  }
}

/**
 * What to send to a robot that rests at `resting` when somebody commands `values` (m) again, so that it does not jump. A velocity has to
 * begin at rest; a position is gone to at the pace of a transition; an effort is as it is.
 * @returns null: nothing yet
 */
export function rejoin(
  { interface: kind, joints, controlPeriod, onTransition }: Limits,
  resting: Float64Array,
  values: Float64Array,
): Float64Array | null {
  switch (kind) {
    case 'position':
      return values.map((value, i) => {
        const step = onTransition.velocityScale * joints[i]!.maxVelocity * controlPeriod;
        const way = value - resting[i]!;
        return Math.abs(way) <= step ? value : resting[i]! + Math.sign(way) * step;
      });
    case 'velocity':
      return values.every((value, i) => Math.abs(value) <= joints[i]!.maxAcceleration * controlPeriod)
        ? values
        : null;
    case 'effort':
      return values;
  }
}
