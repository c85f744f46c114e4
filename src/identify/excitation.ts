import type { GateConfig } from '../safety/index.js';

/** Shares of what a joint may do: enough to tell delay and lag, little enough to be safe beside it. */
const SPEED = 0.3;
const TRAVEL = 0.2;
/** Pulse and rest after it [s]; pulses of a joint: up, down, down, up, twice, so that it ends where it began. */
const PULSE_S = 0.5;
const REST_S = 0.5;
const DIRECTIONS = [1, -1, -1, 1, 1, -1, -1, 1] as const;

/** How long one joint is moved [s]. */
export const EXCITATION_S = DIRECTIONS.length * (PULSE_S + REST_S);

/** Speed of the pulses of joint `index` [rad/s] or [m/s], from `position`: its room on the nearer side counts. */
export function pulseSpeed({ joints, positionMargin }: GateConfig, index: number, position: number): number {
  const { minPosition, maxPosition, maxVelocity } = joints[index]!;
  const room = Math.min(maxPosition - position, position - minPosition) - positionMargin;
  return Math.max(0, Math.min(SPEED * maxVelocity, (TRAVEL * room) / PULSE_S));
}

/**
 * What joint `index` is asked for at `elapsed` seconds: a velocity, or a set-point that moves at that velocity; all other joints rest.
 * @param origin where the joints were at the start (m)
 * @param out (m) written and returned
 */
export function excitation(
  kind: 'position' | 'velocity',
  index: number,
  speed: number,
  origin: Float64Array,
  elapsed: number,
  out: Float64Array,
): Float64Array {
  const period = PULSE_S + REST_S;
  const pulse = Math.floor(elapsed / period);
  const within = Math.min(elapsed - pulse * period, PULSE_S);
  const direction = DIRECTIONS[pulse] ?? 0;
  if (kind === 'velocity') {
    out.fill(0);
    if (elapsed - pulse * period < PULSE_S) out[index] = direction * speed;
    return out;
  }
  out.set(origin);
  let travelled = direction * within;
  for (let i = 0; i < Math.min(pulse, DIRECTIONS.length); i++) travelled += DIRECTIONS[i]! * PULSE_S;
  out[index] = origin[index]! + speed * travelled;
  return out;
}
