import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distanceToStop, highestRate, maxVelocityToStop } from '../../src/safety/stopping-bound.js';

/** The oracle: tick it out. */
function travelled(velocity: number, deceleration: number, dt: number): number {
  let distance = 0;
  for (let v = velocity; v > 0; v -= deceleration * dt) distance += v * dt;
  return distance;
}

const period = fc.double({ min: 1e-3, max: 0.05, noNaN: true });
const deceleration = fc.double({ min: 0.3, max: 50, noNaN: true });
const distance = fc.double({ min: 1e-9, max: 5, noNaN: true });

describe('maxVelocityToStop', () => {
  it('travels the distance exactly, ticked out', () => {
    fc.assert(
      fc.property(distance, deceleration, period, (d, a, dt) => {
        expect(travelled(maxVelocityToStop(d, a, dt), a, dt)).toBeCloseTo(d, 9);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the largest: anything faster travels further', () => {
    fc.assert(
      fc.property(distance, deceleration, period, (d, a, dt) => {
        expect(travelled(maxVelocityToStop(d, a, dt) * (1 + 1e-6), a, dt)).toBeGreaterThan(d);
      }),
      { numRuns: 2000 },
    );
  });

  it('is below the continuous form v^2 = 2 a d, which overruns when ticked out', () => {
    const [d, a, dt] = [0.1, 5, 0.01];
    expect(maxVelocityToStop(d, a, dt)).toBeLessThan(Math.sqrt(2 * a * d));
    expect(travelled(Math.sqrt(2 * a * d), a, dt)).toBeGreaterThan(d * 1.04);
  });

  it('covers a distance of one tick in one tick', () => {
    expect(maxVelocityToStop(0.0004, 5, 0.01)).toBeCloseTo(0.04, 12);
    expect(maxVelocityToStop(0.0005, 5, 0.01)).toBeCloseTo(0.05, 12);
    expect(maxVelocityToStop(0.0006, 5, 0.01)).toBeCloseTo(0.055, 12);
  });

  it.each([
    [0, 0],
    [-1, 0],
    [NaN, 0],
    [-Infinity, 0],
    [Infinity, Infinity],
    [1e308, Infinity],
    [5e-324, 0],
  ])('distance %d gives %d', (d, expected) => {
    expect(maxVelocityToStop(d, 1, 0.01)).toBeCloseTo(expected, 12);
  });
});

describe('distanceToStop', () => {
  it('is what ticking covers, and the inverse of maxVelocityToStop', () => {
    fc.assert(
      fc.property(distance, deceleration, period, (d, a, dt) => {
        const v = maxVelocityToStop(d, a, dt);
        expect(distanceToStop(v, a, dt)).toBeCloseTo(d, 9);
        expect(distanceToStop(v, a, dt)).toBeCloseTo(travelled(v, a, dt), 9);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0, -1, NaN])('is 0 for velocity %d', (v) => {
    expect(distanceToStop(v, 1, 0.01)).toBe(0);
  });
});

describe('highestRate', () => {
  it.each([
    ['accelerates when moving up', 1, 1.4],
    ['accelerates from rest', 0, 0.4],
    ['brakes when moving down', -1, -0.5],
    ['brakes to rest exactly', -0.5, 0],
    ['brakes to zero, then accelerates with the time left', -0.25, 0.2],
  ])('%s', (_name, previous, expected) => {
    expect(highestRate(previous, 4, 5, 0.1)).toBeCloseTo(expected, 12);
  });
});
