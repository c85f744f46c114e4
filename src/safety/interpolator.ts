import type { CommandInterface } from '../robot/model.js';

/**
 * The command asked for at sub-tick j = 0 ... N-1 of a policy step of N control ticks, into `out`: position and velocity go
 * linearly from the last executed command to the target, (j + 1) / N of the way, so that the target is met on the last tick;
 * effort steps to the target and holds it. From N - 1 on it is the target. Sizes differ: `out` is not written beyond any.
 */
export function interpolate(
  commandInterface: CommandInterface,
  origin: Float64Array,
  target: Float64Array,
  subTick: number,
  decimation: number,
  out: Float64Array,
): Float64Array {
  const part = commandInterface === 'effort' ? 1 : Math.min((subTick + 1) / decimation, 1);
  for (let i = 0; i < out.length; i++) {
    const to = target[i]!;
    out[i] = part === 1 ? to : origin[i]! + (to - origin[i]!) * part;
  }
  return out;
}
