/** The window of one joint's rate, by the reach of docs/SAFETY.md "Why the bound holds", and what is made of a rate outside it. */
import { describe, expect, it } from 'vitest';
import { FIELD, fieldOffset } from '../../src/safety/gate-state.js';
import { positionWindow, shapeRate, type RateWindow, type ShapedRate } from '../../src/safety/rate-bounds.js';
import type { GateConfig, GateJoint, Reason } from '../../src/safety/types.js';
import { START_NS, checksOf, config, engaged, joint } from './fixtures.js';

const START = Number(START_NS) * 1e-9;

/** Travel of ticks of 10 ms at v, v - a dt, ... [rad]. */
function travelled(velocity: number, deceleration: number): number {
  let distance = 0;
  for (let v = velocity; v > 1e-12; v -= deceleration * 0.01) distance += v * 0.01;
  return distance;
}

interface Judged {
  readonly window: RateWindow;
  readonly reasons: Reason[];
}

/** The window of joint `i` at `now`, from numbers and pipeline of a gate that was just engaged; `change` sets single numbers. */
function judge(
  gateConfig: GateConfig,
  positions: readonly number[],
  velocities: readonly number[],
  i: number,
  now = START,
  change: readonly (readonly [keyof typeof FIELD, number])[] = [],
): Judged {
  const state = engaged(gateConfig, positions, velocities);
  const numbers = state.numbers.slice();
  for (const [field, value] of change)
    numbers[fieldOffset(FIELD[field], gateConfig.joints.length) + i] = value;
  const reasons: Reason[] = [];
  return { window: positionWindow(gateConfig, numbers, state.pipeline, i, now, reasons), reasons };
}

describe('the reach of a velocity-controlled joint', () => {
  const latency = 0.02;
  const lag = 0.05;
  const age = 0.01;
  const joints = [
    joint({ maxDeceleration: 5 }),
    joint({ name: 'joint1', minPosition: -2, maxPosition: 3, maxDeceleration: 3 }),
    joint({ name: 'joint2', minPosition: -4, maxPosition: 2, maxDeceleration: 7 }),
  ];
  const lagging = config({ joints, commandLatency: latency, actuatorLag: lag });
  const positions = [0.1, -0.3, 0.7];

  it.each([
    [0, 0.4],
    [0, -0.4],
    [1, 0.6],
    [1, -0.6],
    [2, 0.9],
    [2, -0.9],
  ])(
    'of joint %d at %d rad/s is lag times velocity plus what has yet to act, one way only',
    (i, velocity) => {
      const velocities = [-0.2, 0.3, -0.5];
      velocities[i] = velocity;
      const { window, reasons } = judge(lagging, positions, velocities, i, START + age);
      const travel = velocity * (lag + latency + age);
      expect(window.up).toBeCloseTo(positions[i]! + Math.max(travel, 0), 12);
      expect(window.down).toBeCloseTo(positions[i]! + Math.min(travel, 0), 12);
      const { maxDeceleration, minPosition, maxPosition } = joints[i]!;
      expect(travelled(window.hardHigh, maxDeceleration)).toBeCloseTo(maxPosition - window.up, 9);
      expect(travelled(-window.hardLow, maxDeceleration)).toBeCloseTo(window.down - minPosition, 9);
      expect(reasons).toEqual([]);
    },
  );

  it.each([
    ['moves down while the model says up', -0.2, 0.3, 0.3, -0.2],
    ['moves up while the model says down', 0.2, -0.3, 0.2, -0.3],
    ['moves up faster than the model says', 0.5, 0.3, 0.5, 0],
    ['moves up slower than the model says', 0.3, 0.5, 0.5, 0],
    ['moves down faster than the model says', -0.5, -0.3, 0, -0.5],
    ['moves down slower than the model says', -0.3, -0.5, 0, -0.5],
  ])(
    'counts the worse of what is measured and modelled where the joint %s',
    (_name, velocity, model, ...far) => {
      // engaged at rest: nothing has yet to act
      const { window } = judge(lagging, positions, [0, 0, 0], 1, START, [
        ['velocity', velocity],
        ['model', model],
      ]);
      expect(window.up).toBeCloseTo(positions[1]! + lag * far[0], 12);
      expect(window.down).toBeCloseTo(positions[1]! + lag * far[1], 12);
    },
  );

  it.each([1, -1])('is not outside a limit where it only can lead there (%d)', (sign) => {
    const near = judge(lagging, [sign * 0.99, 0, 0], [sign * 0.5, 0, 0], 0);
    expect(Math.abs(sign > 0 ? near.window.up : near.window.down)).toBeCloseTo(0.99 + 0.5 * 0.07, 12);
    expect(near.reasons).toEqual([]);
    // nothing outward, and inward without the limit of recovery: at least maxVelocity
    expect(Math.abs(sign > 0 ? near.window.softHigh : near.window.softLow)).toBe(0);
    expect(sign > 0 ? -near.window.softLow : near.window.softHigh).toBeGreaterThan(1);
  });
});

describe('the reach of a position-controlled joint', () => {
  const joints = [joint(), joint({ name: 'joint1', minPosition: -2, maxPosition: 3 })];
  const position = config({ interface: 'position', joints, commandLatency: 0.02, actuatorLag: 0.05 });

  it('is its last set-point, whatever it measures, its velocity, and the model', () => {
    const { window, reasons } = judge(position, [0.2, 0.4], [0.3, -0.6], 1, START + 0.01, [['sent', 0.5]]);
    expect([window.up, window.down]).toEqual([0.5, 0.5]);
    expect(travelled(window.hardHigh, 5)).toBeCloseTo(2.5, 9);
    expect(reasons).toEqual([]);
  });
});

describe('outside a limit', () => {
  const limits = { minPosition: -1, maxPosition: 1 };
  const outside = (sign: number, value: number): Reason[] => [
    { check: 'position', joint: 'elbow', value, limit: sign, unit: 'rad' },
  ];

  describe.each([
    ['above', 1],
    ['below', -1],
  ])('%s', (_name, sign) => {
    const outward = ({ window }: Judged): number => (sign > 0 ? window.softHigh : -window.softLow);
    const inward = ({ window }: Judged): number => (sign > 0 ? -window.softLow : window.softHigh);

    it.each([0.5, 4])('moves inward only, at a tenth of maxVelocity %d, and says so once', (maxVelocity) => {
      const gateConfig = config({ joints: [joint({ ...limits, maxVelocity })] });
      const judged = judge(gateConfig, [sign * 1.1], [0], 0);
      expect(Math.abs(outward(judged))).toBe(0);
      expect(inward(judged)).toBeCloseTo(0.1 * maxVelocity, 12);
      expect(judged.reasons).toEqual(outside(sign, sign * 1.1));
    });

    it('at the limit itself is not outside', () => {
      for (const kind of ['velocity', 'position'] as const) {
        const judged = judge(config({ interface: kind }), [sign], [0], 0);
        expect(judged.reasons).toEqual([]);
        expect(Math.abs(outward(judged))).toBe(0);
        expect(inward(judged)).toBeGreaterThan(1);
      }
    });

    const position = config({ interface: 'position' });

    it('measures a joint whose set-point is within', () => {
      const judged = judge(position, [sign * 1.05], [0], 0, START, [['sent', sign * 0.9]]);
      expect(judged.reasons).toEqual(outside(sign, sign * 1.05));
      expect(Math.abs(outward(judged))).toBe(0);
      expect(inward(judged)).toBeCloseTo(0.1, 12);
    });

    it('has the set-point of a joint that is measured within', () => {
      const judged = judge(position, [sign * 0.9], [0], 0, START, [['sent', sign * 1.05]]);
      expect(judged.reasons).toMatchObject([{ check: 'position', joint: 'elbow', limit: sign, unit: 'rad' }]);
      expect(Math.abs(outward(judged))).toBe(0);
      expect(inward(judged)).toBeCloseTo(0.1, 12);
    });
  });
});

const OPEN = {
  up: 0,
  down: 0,
  softLow: -Infinity,
  softHigh: Infinity,
  hardLow: -Infinity,
  hardHigh: Infinity,
};

/** What becomes of `desired` after 10 ms from `previous`. */
function shape(
  gateJoint: GateJoint,
  desired: number,
  previous: number,
  window: Partial<RateWindow> = {},
): ShapedRate & { readonly reasons: Reason[] } {
  const shaped = { rate: NaN, infeasible: false };
  const reasons: Reason[] = [];
  shapeRate(gateJoint, { ...OPEN, ...window }, desired, previous, 0, 0.01, reasons, shaped);
  return { ...shaped, reasons };
}

describe.each([0.5, 1, 4])('with maxVelocity %d', (maxVelocity) => {
  const fast = joint({ maxVelocity, maxAcceleration: 1000, maxDeceleration: 1000 });
  const slow = joint({ maxVelocity });
  const slack = 1e-9 * maxVelocity;

  describe.each([1, -1])('in direction %d', (sign) => {
    const soft = sign > 0 ? { softHigh: maxVelocity / 2 } : { softLow: -maxVelocity / 2 };

    it.each<[string, number, GateJoint, Partial<RateWindow>]>([
      ['velocity', maxVelocity, fast, {}],
      ['position', maxVelocity / 2, fast, soft],
      ['acceleration', 4 * 0.01, slow, {}],
    ])(
      'takes a request within a billionth of maxVelocity beyond %s for one at it',
      (check, limit, ...given) => {
        const [gateJoint, window] = given;
        const at = (beyond: number): Reason[] => shape(gateJoint, sign * (limit + beyond), 0, window).reasons;
        expect(at(0)).toEqual([]);
        expect(at(0.9 * slack)).toEqual([]);
        expect(at(slack)).toEqual([]);
        const named = check === 'velocity' ? limit : sign * limit; // that of velocity is a size
        const value = expect.closeTo(sign * (limit + 1.1 * slack), 15) as number;
        expect(at(1.1 * slack)).toEqual([
          { check, joint: 'elbow', value, limit: expect.closeTo(named, 15) as number, unit: 'rad/s' },
        ]);
      },
    );

    /** `excess` over what can be braked to, of a bound that all of the limit cannot move. */
    const conflict = (excess: number): ShapedRate & { readonly reasons: Reason[] } => {
      const reached = maxVelocity - 5 * 0.01;
      const bound = reached - excess;
      const window = sign > 0 ? { softHigh: bound, hardHigh: bound } : { softLow: -bound, hardLow: -bound };
      return shape(slow, 0, sign * maxVelocity, { ...window });
    };

    it('calls a position bound infeasible where it is missed by more than a thousandth of maxVelocity', () => {
      const rounding = conflict(0.9e-3 * maxVelocity);
      expect(rounding.infeasible).toBe(false);
      expect(checksOf(rounding.reasons)).toEqual(['acceleration']);
      const missed = conflict(1.1e-3 * maxVelocity);
      expect(missed.infeasible).toBe(true);
      const reached = sign * (maxVelocity - 0.05);
      expect(missed.reasons.at(-1)).toEqual({
        check: 'infeasible',
        joint: 'elbow',
        value: expect.closeTo(reached, 12) as number,
        limit: expect.closeTo(reached - sign * 1.1e-3 * maxVelocity, 12) as number,
        unit: 'rad/s',
      });
    });
  });
});

describe('jerk', () => {
  const smooth = joint({ maxJerk: 40 });

  it.each([1, -1])('is limited in direction %d, and the limit is named', (sign) => {
    const { rate, reasons } = shape(smooth, sign * 0.03, 0); // within the acceleration: 0.04
    expect(rate).toBeCloseTo(sign * 40 * 0.01 * 0.01, 12);
    expect(reasons).toEqual([
      {
        check: 'jerk',
        joint: 'elbow',
        value: sign * 0.03,
        limit: expect.closeTo(rate, 12) as number,
        unit: 'rad/s',
      },
    ]);
  });

  it.each([0, 0.5, -0.5])('is no reason at a steady rate of %d', (rate) => {
    expect(shape(smooth, rate, rate)).toEqual({ rate, infeasible: false, reasons: [] });
  });
});
