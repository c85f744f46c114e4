import { describe, expect, it } from 'vitest';
import { FIELD, fieldOffset } from '../../src/safety/gate-state.js';
import { OPEN_WINDOW, type RateWindow } from '../../src/safety/rate-bounds.js';
import type { GateJoint, Reason } from '../../src/safety/types.js';
import { scaleUniformly } from '../../src/safety/uniform-scaling.js';
import { config, engaged, joint } from './fixtures.js';

const quick = { maxAcceleration: 1000, maxDeceleration: 1000, maxVelocity: 10 };

/** What becomes of `wanted` within 10 ms, of joints that move at `rates`. */
function scale(
  joints: readonly GateJoint[],
  wanted: readonly number[],
  rates: readonly number[],
  windows: readonly Partial<RateWindow>[] = [],
): { desired: number[]; reasons: Reason[] } {
  const m = joints.length;
  const numbers = engaged(config({ joints })).numbers.slice();
  numbers.set(rates, fieldOffset(FIELD.rate, m));
  const desired = Float64Array.from(wanted);
  const reasons: Reason[] = [];
  const all = joints.map((_, i) => ({ ...OPEN_WINDOW, ...windows[i] }));
  scaleUniformly(joints, all, numbers, 0.01, desired, reasons);
  return { desired: [...desired], reasons };
}

describe('the share of all rates', () => {
  const joints = [joint(quick), joint({ ...quick, name: 'joint1' }), joint({ ...quick, name: 'joint2' })];

  it.each([
    [0, 0, 0],
    [1, -2, 3],
    [-10, 10, 0],
  ])('is 1, without a reason, where each is within its limits: %d, %d, %d', (...wanted) => {
    expect(scale(joints, wanted, [0, 0, 0])).toEqual({ desired: wanted, reasons: [] });
  });

  it.each<[string, number[], Partial<RateWindow>, number]>([
    ['up', [1, 4, -2], { softHigh: 1, softLow: -7 }, 0.25],
    ['down', [1, -4, -2], { softHigh: 7, softLow: -1 }, 0.25],
    ['up, outside a limit', [1, 4, -2], { softHigh: 0, softLow: -1 }, 0],
    ['down, outside a limit', [1, -4, -2], { softHigh: 1, softLow: 0 }, 0],
  ])('is that of the window on the side of the motion: %s', (_name, wanted, window, share) => {
    expect(scale(joints, wanted, [0, 0, 0], [{}, window])).toEqual({
      desired: wanted.map((each) => (share === 0 ? 0 : share * each)),
      reasons: [{ check: 'scaled', joint: 'joint1', value: share, limit: 1 }],
    });
  });

  it.each([
    // 20 rad/s^2 for 10 ms more, or 50 rad/s^2 less
    ['faster up', 1, 1 + 0.2, 2],
    ['faster down', -1, -1 - 0.2, -2],
    ['the other way, from up', 0.2, -(0.01 - 0.2 / 50) * 20, -2],
    ['the other way, from down', -0.2, (0.01 - 0.2 / 50) * 20, 2],
  ])('is that of what the last joint reaches by its own rate: %s', (_name, rate, reached, wanted) => {
    const slow = joint({ ...quick, name: 'joint2', maxAcceleration: 20, maxDeceleration: 50 });
    const { desired, reasons } = scale([joints[0]!, joints[1]!, slow], [1, 1, wanted], [0.3, 0.4, rate]);
    const share = reached / wanted;
    [share, share, share * wanted].forEach((value, i) => expect(desired[i]).toBeCloseTo(value, 12));
    expect(reasons).toMatchObject([{ check: 'scaled', joint: 'joint2' }]);
  });

  it('is named after the first of those that limit it alike', () => {
    expect(scale(joints, [5, 20, 40], [0, 0, 0]).reasons).toMatchObject([{ joint: 'joint2' }]);
    expect(scale(joints, [5, 20, 20], [0, 0, 0]).reasons).toMatchObject([{ joint: 'joint1' }]);
  });

  it('is rounding within a billionth of 1', () => {
    expect(scale(joints, [10 * (1 + 0.9e-9), 1, 1], [0, 0, 0]).reasons).toEqual([]);
    expect(scale(joints, [10 * (1 + 1.1e-9), 1, 1], [0, 0, 0]).reasons).toMatchObject([{ check: 'scaled' }]);
  });
});
