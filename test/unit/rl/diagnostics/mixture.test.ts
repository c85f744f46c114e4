import { describe, expect, it } from 'vitest';
import { mixtureCdf, mixtureMoments, mixtureNll, normalCdf } from '../../../../src/rl/diagnostics/index.js';
import type { MemberPredictions } from '../../../../src/rl/member-predictions.js';

/** 3 members, 2 rows, 2 outputs */
const predictions: MemberPredictions = {
  members: 3,
  count: 2,
  mean: Float32Array.of(0, 1, -2, 0.5, 1, 1, -1.5, 0.25, 3, 1, -2.5, -4),
  variance: Float32Array.of(1, 0.25, 0.5, 2, 0.5, 0.25, 1, 1, 2, 0.25, 0.5, 0.125),
};
const STEP = 1 / 256;

/** density of the mixture for one row and output, written out */
function density(row: number, output: number, x: number): number {
  let sum = 0;
  for (let k = 0; k < 3; k++) {
    const at = k * 4 + row * 2 + output;
    const variance = predictions.variance[at]!;
    sum += Math.exp(-((x - predictions.mean[at]!) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  }
  return sum / 3;
}

/** integral of `value` times the density up to `end`; trapezoids are exact to rounding for functions as smooth as these */
function integral(row: number, output: number, value: (x: number) => number, end = 20): number {
  let sum = 0.5 * value(end) * density(row, output, end);
  for (let x = end - STEP; x > -20; x -= STEP) sum += value(x) * density(row, output, x);
  return sum * STEP;
}

describe('normalCdf', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [1.959963984540054, 0.975],
    [-3, 0.0013498980316300946],
    [6, 0.9999999990134123],
    [9, 1],
    [-9, 0],
    [-Infinity, 0],
  ])('of %d is %d', (z, probability) => {
    expect(normalCdf(z)).toBeCloseTo(probability, 14);
  });

  it('of what is not a number is not a number', () => {
    expect(normalCdf(NaN)).toBeNaN();
  });
});

describe('the mixture', () => {
  it('has the mean and the total variance of its density', () => {
    const moments = mixtureMoments(predictions);
    for (const row of [0, 1]) {
      for (const output of [0, 1]) {
        const mean = integral(row, output, (x) => x);
        const variance = integral(row, output, (x) => (x - mean) ** 2);
        const found = moments[output]!;
        expect(found.mean[row]!).toBeCloseTo(mean, 9);
        expect(found.aleatoric[row]! + found.epistemic[row]!).toBeCloseTo(variance, 9);
      }
    }
  });

  it('has no epistemic variance where the members agree', () => {
    expect(mixtureMoments(predictions)[1]!.epistemic[0]).toBe(0);
    expect(mixtureMoments(predictions)[1]!.epistemic[1]).toBeGreaterThan(0);
  });

  it('has the distribution function and the likelihood of its density', () => {
    const targets = Float32Array.of(0.5, 1, -2.25, -3);
    const cdf = mixtureCdf(predictions, targets);
    const nll = mixtureNll(predictions, targets);
    for (const row of [0, 1]) {
      for (const output of [0, 1]) {
        const target = targets[row * 2 + output]!;
        expect(cdf[output]![row]!).toBeCloseTo(
          integral(row, output, () => 1, target),
          4, // the trapezoid at the end is not smooth
        );
        expect(nll[output]![row]!).toBeCloseTo(-Math.log(density(row, output, target)), 12);
      }
    }
  });

  it('stays finite for a target far off, whose density underflows', () => {
    const [nll] = mixtureNll(predictions, Float32Array.of(1000, 0, 0, 0));
    expect(nll![0]).toBeCloseTo((1000 - 3) ** 2 / 4 + 0.5 * Math.log(2 * Math.PI * 2) + Math.log(3), 6);
  });
});
