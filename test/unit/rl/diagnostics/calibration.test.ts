import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  calibrationCurve,
  calibrationError,
  calibrationErrorByChance,
  centralCoverage,
  LEVELS,
  normalCdf,
} from '../../../../src/rl/diagnostics/index.js';

const COUNT = 20_000;
/** evenly spread over (0, 1): transforms of a calibrated model */
const even = Float64Array.from({ length: COUNT }, (_, i) => (i + 0.5) / COUNT);

/** the z with this probability below it, by bisection */
function quantile(probability: number): number {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return low;
}

/** transforms by a model that says N(0, 1) of what is N(0, spread^2) */
const transformed = (spread: number): Float64Array => even.map((p) => normalCdf(spread * quantile(p)));

describe('calibration', () => {
  it('looks at 19 levels from 0.05 to 0.95', () => {
    expect(LEVELS.length).toBe(19);
    expect([LEVELS[0], LEVELS[9], LEVELS[18]]).toEqual([0.05, 0.5, 0.95]);
  });

  it('finds no error in a calibrated model', () => {
    expect(calibrationError(calibrationCurve(even))).toBeLessThan(1e-4);
    for (const level of [0.5, 0.9, 0.95]) expect(centralCoverage(even, level)).toBeCloseTo(level, 3);
  });

  it.each([2, 0.5])(
    'finds what follows where the truth spreads %d times as far as the model says',
    (spread) => {
      const pit = transformed(spread);
      const expected = LEVELS.map((level) => normalCdf(quantile(level) / spread));
      const curve = calibrationCurve(pit);
      expected.forEach((share, i) => expect(curve[i]).toBeCloseTo(share, 3));
      const error = expected.reduce((sum, share, i) => sum + Math.abs(share - LEVELS[i]!), 0) / 19;
      expect(calibrationError(curve)).toBeCloseTo(error, 3);
      for (const level of [0.5, 0.9, 0.95]) {
        const within = 2 * normalCdf(quantile((1 + level) / 2) / spread) - 1;
        expect(centralCoverage(pit, level)).toBeCloseTo(within, 3);
      }
    },
  );

  it('tells the error that chance makes', () => {
    const [count, runs] = [100, 400];
    const rng = new Rng(1, 'calibration');
    let sum = 0;
    for (let run = 0; run < runs; run++) {
      sum += calibrationError(calibrationCurve(new Float64Array(count).map(() => rng.uniform())));
    }
    // the mean of 400 such errors, each of about 0.033 +- 0.017, is known to 0.001
    expect(Math.abs(sum / runs - calibrationErrorByChance(count))).toBeLessThan(0.004);
  });

  it('is not a number where a prediction is none', () => {
    const pit = Float64Array.of(0.2, NaN, 0.8);
    expect(centralCoverage(pit, 0.5)).toBeNaN();
    expect(calibrationError(calibrationCurve(pit))).toBeNaN();
  });
});
