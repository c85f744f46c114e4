/** A head that two slides carry along x and y between four walls: clearances and the way to stop are known by hand. */
import { describe, expect, it } from 'vitest';
import { gateConfigFromRobot } from '../../src/safety/gate-config.js';
import { FIELD, fieldOffset } from '../../src/safety/gate-state.js';
import { keepClear } from '../../src/safety/keep-clear.js';
import { OPEN_WINDOW, type RateWindow } from '../../src/safety/rate-bounds.js';
import { distanceToStop } from '../../src/safety/stopping-bound.js';
import type { Reason } from '../../src/safety/types.js';
import { checksOf, engaged } from './fixtures.js';
import { DECELERATION, MAX_VELOCITY, RADIUS, WALL, gantry } from './gantry.js';

const ROOM = 5e-4;

interface Kept {
  readonly windows: readonly RateWindow[];
  readonly desired: number[];
  readonly reasons: Reason[];
}

/** What is left of `desired` at rest, or at `rates`, where `x` and `y` are. */
function keep(at: readonly number[], desired: readonly number[], rates = [0, 0], robot = gantry()): Kept {
  const config = gateConfigFromRobot(robot);
  const numbers = engaged(config, at).numbers.slice();
  numbers.set(rates, fieldOffset(FIELD.rate, 2));
  const windows = at.map((position) => ({ ...OPEN_WINDOW, up: position, down: position }));
  const wanted = Float64Array.from(desired);
  const reasons: Reason[] = [];
  const motion = { config, joints: config.joints, windows, numbers, desired: wanted, h: 0.01 };
  return { windows: keepClear(config.clearance!, motion, reasons), desired: [...wanted], reasons };
}

const travel = (rate: number): number => distanceToStop(rate, DECELERATION, 0.01);
/** Where the head has `left` before the wall. */
const before = (left: number): number => WALL - RADIUS - left;

describe('towards a wall', () => {
  it.each<readonly [string, readonly number[]]>([
    ['x, upwards', [1, 0]],
    ['x, downwards', [-1, 0]],
    ['y, upwards', [0, 1]],
    ['y, downwards', [0, -1]],
    ['both', [0.6, 0.8]],
    ['both, one of them downwards', [0.8, -0.6]],
  ])('along %s: the largest share, to a thousandth, that stops half a millimetre before it', (_way, way) => {
    const left = 0.02;
    const at = way.map((each) => Math.sign(each) * before(left));
    const { desired, windows, reasons } = keep(at, way);
    const share = Math.hypot(...desired) / Math.hypot(...way);
    const used = (part: number): number => way.reduce((sum, each) => sum + travel(part * Math.abs(each)), 0);
    expect(used(share)).toBeLessThanOrEqual(left - ROOM + 1e-12);
    expect(used(share + 1 / 1024)).toBeGreaterThan(left - ROOM);
    way.forEach((each, k) => {
      expect(desired[k]).toBeCloseTo(share * each, 12);
      expect(windows[k]!.softHigh).toBeCloseTo(Math.max(share * each, 0), 12);
      expect(windows[k]!.softLow).toBeCloseTo(Math.min(share * each, 0), 12);
    });
    expect(checksOf(reasons)).toEqual(['workspace']);
    expect(reasons[0]).toMatchObject({ value: expect.closeTo(left, 9) as number, limit: 0, unit: 'm' });
  });

  it('leaves a request that stops before it as it is, windows and all', () => {
    const rate = 0.3;
    const { desired, windows, reasons } = keep([before(travel(rate) + ROOM + 1e-9), 0], [rate, 0]);
    expect(desired).toEqual([rate, 0]);
    expect(windows.map(({ softHigh }) => softHigh)).toEqual([Infinity, Infinity]);
    expect(reasons).toEqual([]);
  });

  it('names the wall that a request would come nearest to', () => {
    expect(keep([before(0.02), before(0.01)], [1, 1]).reasons[0]!.where).toBe(
      "link 'head' and the wall y < 0.5 m",
    );
    expect(keep([-before(0.01), before(0.02)], [-1, 1]).reasons[0]!.where).toBe(
      "link 'head' and the wall x > -0.5 m",
    );
  });

  it('names the first of several that a request would come as near to', () => {
    const bare = gantry();
    const points = { ...bare, model: { ...bare.model, collisions: [] } };
    expect(keep([-WALL + 0.02, 0], [-1, 0], [0, 0], points).reasons).toMatchObject([
      { check: 'workspace', where: "link 'beam' and the wall x > -0.5 m" },
    ]);
  });

  it('brakes where not even that stops before it', () => {
    const { desired, windows, reasons } = keep([before(0.01), 0], [1, 0], [1, 0]);
    expect(desired).toEqual([0, 0]);
    expect(windows[0]!.softHigh).toBeCloseTo(1 - DECELERATION * 0.01, 12);
    expect(checksOf(reasons)).toEqual(['workspace']);
  });

  it('stands still where the request is beyond reason', () => {
    const { desired, windows } = keep([before(ROOM), 0], [Infinity, 0]);
    expect(desired).toEqual([0, 0]);
    expect(windows.map(({ softLow, softHigh }) => [softLow, softHigh])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('too close to a wall', () => {
  it.each([
    ['along it', [0, 0.5]],
    ['towards it', [0.5, 0]],
    ['nowhere', [0, 0]],
  ])('says so, and does not move %s', (_way, desired) => {
    const kept = keep([before(ROOM / 2), 0], desired);
    expect(kept.desired).toEqual([0, 0]);
    expect(kept.reasons).toMatchObject([
      { check: 'workspace', value: expect.closeTo(ROOM / 2, 9) as number },
    ]);
  });
});

describe('away from a wall', () => {
  it.each([
    ['at half of the room to leave', ROOM / 2],
    ['beyond the wall', -0.01],
  ])('%s: moves as one outside of its limits, and says where', (_where, left) => {
    const { desired, reasons } = keep([before(left), 0], [-1, 0.5]);
    expect(desired[0]).toBeCloseTo(-0.1 * MAX_VELOCITY, 12);
    expect(desired[1]).toBeCloseTo(0.05 * MAX_VELOCITY, 12);
    expect(reasons).toEqual([
      {
        check: 'workspace',
        where: "link 'head' and the wall x < 0.5 m",
        value: expect.closeTo(left, 9) as number,
        limit: 0,
        unit: 'm',
      },
    ]);
  });

  it('uses all that it has from where there is room to leave', () => {
    // nothing but the other wall, far away, keeps it from going on
    expect(keep([before(0.2), 0], [-0.5, 0])).toMatchObject({ desired: [-0.5, 0], reasons: [] });
    // the clearance counts whole, without the room to leave
    const left = travel(0.3) + 1e-9;
    expect(keep([before(left), 0], [-0.3, 0])).toMatchObject({ desired: [-0.3, 0], reasons: [] });
    expect(checksOf(keep([before(left - 2e-9), 0], [-0.3, 0]).reasons)).toEqual(['workspace']);
  });

  it('knows the way from the smallest request on', () => {
    expect(keep([before(ROOM / 2), 0], [-1e-7, 0])).toMatchObject({ desired: [-1e-7, 0], reasons: [] });
  });

  it('counts what is too close while the head is not slow yet', () => {
    const slow = 0.1 * MAX_VELOCITY;
    expect(keep([before(ROOM / 2), 0], [-0.1, 0], [-slow, 0]).desired).toEqual([-0.1, 0]);
    expect(keep([before(ROOM / 2), 0], [-0.1, 0], [-slow - 1e-6, 0]).desired).toEqual([0, 0]);
    expect(keep([before(ROOM / 2), 0], [-0.1, 0], [0, slow + 1e-6]).desired).toEqual([0, 0]);
  });
});
