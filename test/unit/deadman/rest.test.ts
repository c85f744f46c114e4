import { describe, expect, it } from 'vitest';
import { rejoin, towardsRest } from '../../../src/deadman/rest.js';
import { config, joint } from '../../safety/fixtures.js';

const limits = (kind: 'position' | 'velocity' | 'effort') =>
  config({
    interface: kind,
    joints: [
      joint({ maxVelocity: 2, maxAcceleration: 4, maxDeceleration: 5 }),
      joint({ name: 'wrist', maxVelocity: 1, maxAcceleration: 8, maxDeceleration: 10 }),
    ],
    onTransition: { velocityScale: 0.5, accelerationScale: 1, duration: 1 },
  }); // at 100 Hz
const rest = (kind: 'position' | 'velocity' | 'effort', elapsed: number, ...values: number[]) =>
  Array.from(towardsRest(limits(kind), Float64Array.from(values), elapsed));
const joined = (kind: 'position' | 'velocity' | 'effort', resting: number[], ...values: number[]) => {
  const next = rejoin(limits(kind), Float64Array.from(resting), Float64Array.from(values));
  return next && Array.from(next);
};

describe('towardsRest', () => {
  it('ramps velocities to zero by max_deceleration of each joint, and not beyond', () => {
    expect(rest('velocity', 0.1, 1, -1.5)).toEqual([0.5, -0.5]);
    expect(rest('velocity', 1, 1, -1.5)).toEqual([0, 0]);
    expect(rest('velocity', 0, 1, -1.5)).toEqual([1, -1.5]);
  });

  it('takes efforts away at once, and keeps positions', () => {
    expect(rest('effort', 0.001, 20, -3)).toEqual([0, 0]);
    expect(rest('position', 5, 0.4, -0.3)).toEqual([0.4, -0.3]);
  });
});

describe('rejoin', () => {
  it('takes velocities that begin at rest only', () => {
    expect(joined('velocity', [0, 0], 0.04, -0.08)).toEqual([0.04, -0.08]);
    expect(joined('velocity', [0, 0], 0.041, 0)).toBeNull();
    expect(joined('velocity', [0, 0], 0, -0.081)).toBeNull();
  });

  it('goes to positions at the pace of a transition until it is there', () => {
    expect(joined('position', [0, 0], 1, -1)).toEqual([0.01, -0.005]);
    expect(joined('position', [0.1, 0.3], 0.1 + 0.009, 0.3)).toEqual([0.1 + 0.009, 0.3]);
  });

  it('takes efforts as they are', () => {
    expect(joined('effort', [0, 0], 20, -3)).toEqual([20, -3]);
  });
});
