import fc from 'fast-check';
import { expect, test } from 'vitest';

import { percentile, summary } from '../../../src/core/index.js';

test('interpolates linearly between ranks, as NumPy does by default', () => {
  const values = [15, 20, 35, 40, 50];
  // numpy.percentile([15, 20, 35, 40, 50], [0, 5, 30, 40, 50, 99, 100])
  const expected = [15, 16, 23, 29, 35, 49.6, 50];
  [0, 5, 30, 40, 50, 99, 100].forEach((p, i) => expect(percentile(values, p)).toBeCloseTo(expected[i]!, 12));
});

test('order does not matter and the input is left as it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (values, p) => {
        const before = [...values];
        const sorted = Float64Array.from(values).sort();
        expect(percentile(values, p)).toBe(percentile(sorted, p));
        expect(values).toEqual(before);
        expect(percentile(values, p)).toBeGreaterThanOrEqual(sorted[0]!);
        expect(percentile(values, p)).toBeLessThanOrEqual(sorted.at(-1)!);
      },
    ),
  );
});

test('summarises', () => {
  expect(summary(Float64Array.of(4, 1, 3, 2))).toEqual({
    count: 4,
    p50: 2.5,
    p99: 3.97,
    max: 4,
    mean: 2.5,
  });
});

test('no values, or a NaN among them, give NaN and never a number', () => {
  expect(percentile([], 50)).toBeNaN();
  expect(percentile([3, NaN, 1], 50)).toBeNaN();
  expect(percentile([1, 2, NaN], 0)).toBeNaN();
  expect(summary([])).toEqual({ count: 0, p50: NaN, p99: NaN, max: NaN, mean: NaN });
  expect(summary([NaN, 1])).toEqual({ count: 2, p50: NaN, p99: NaN, max: NaN, mean: NaN });
});

test('infinite extremes do not turn finite percentiles into NaN', () => {
  expect(percentile([1, 2, Infinity], 100)).toBe(Infinity);
  expect(percentile([1, 2, Infinity], 50)).toBe(2);
});
