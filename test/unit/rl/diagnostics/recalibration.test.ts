import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  calibrationCurve,
  calibrationError,
  fitRecalibration,
  isotonicRegression,
  recalibrate,
} from '../../../../src/rl/diagnostics/index.js';

/** max over j <= i of min over k >= i of the mean of j..k (Robertson, Wright and Dykstra 1988, theorem 1.4.4) */
function minMax(values: readonly number[], weights: readonly number[]): number[] {
  const mean = (j: number, k: number): number => {
    let [sum, weight] = [0, 0];
    for (let i = j; i <= k; i++) {
      sum += weights[i]! * values[i]!;
      weight += weights[i]!;
    }
    return sum / weight;
  };
  const n = values.length;
  return values.map((_, i) => {
    const lowest = (j: number) => Math.min(...Array.from({ length: n - i }, (_v, k) => mean(j, i + k)));
    return Math.max(...Array.from({ length: i + 1 }, (_v, j) => lowest(j)));
  });
}

describe('isotonicRegression', () => {
  it('agrees with the min-max formula', () => {
    const point = fc.record({
      value: fc.double({ min: -5, max: 5, noNaN: true }),
      weight: fc.double({ min: 0.1, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 15 }), (points) => {
        const [values, weights] = [points.map((p) => p.value), points.map((p) => p.weight)];
        const fitted = isotonicRegression(values, weights);
        minMax(values, weights).forEach((value, i) => expect(fitted[i]).toBeCloseTo(value, 9));
      }),
    );
  });

  it('leaves what never falls as it is and pools what does', () => {
    expect(Array.from(isotonicRegression([1, 2, 2, 5]))).toEqual([1, 2, 2, 5]);
    expect(Array.from(isotonicRegression([3, 1, 2, 8]))).toEqual([2, 2, 2, 8]);
  });
});

describe('recalibration', () => {
  const draw = (seed: number): Float64Array => {
    const rng = new Rng(seed, 'recalibration');
    return new Float64Array(4000).map(() => rng.uniform() ** 2); // P(pit <= p) = sqrt(p)
  };

  it('learns the true probabilities, also for steps that it was not fitted on', () => {
    const map = fitRecalibration(draw(1));
    const probabilities = Float64Array.of(0, 0.04, 0.25, 0.64, 1);
    const found = recalibrate(map, probabilities);
    probabilities.forEach((p, i) => expect(Math.abs(found[i]! - Math.sqrt(p))).toBeLessThan(0.03));
    const fresh = draw(2);
    const error = (pit: Float64Array): number => calibrationError(calibrationCurve(pit));
    expect(error(fresh)).toBeCloseTo(1 / 6, 1); // the mean of sqrt(p) - p
    expect(error(recalibrate(map, fresh))).toBeLessThan(0.02);
  });

  it('never falls, and keeps 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (pit) => {
          const levels = Float64Array.from({ length: 101 }, (_, i) => i / 100);
          const found = recalibrate(fitRecalibration(Float64Array.from(pit)), levels);
          expect([found[0], found[100]]).toEqual([0, 1]);
          found.forEach((value, i) => expect(value).toBeGreaterThanOrEqual(i === 0 ? 0 : found[i - 1]!));
        },
      ),
    );
  });

  it('gives equal probabilities their mean rank, and lines between them', () => {
    const map = fitRecalibration(Float64Array.of(0.5, 0.2, 0.5, 0.5));
    const found = recalibrate(map, Float64Array.of(0.2, 0.5, 0.35, 0.75, NaN));
    expect(Array.from(found)).toEqual([1 / 5, 3 / 5, expect.closeTo(2 / 5), expect.closeTo(4 / 5), NaN]);
  });

  it.each([
    [[], /got none/],
    [[0.5, NaN], /the value NaN/],
    [[0.5, 1.5], /the value 1.5/],
  ])('refuses %j', (pit, message) => {
    expect(() => fitRecalibration(Float64Array.from(pit))).toThrow(message);
  });
});
