import fc from 'fast-check';
import { expect, test } from 'vitest';

import { histogram } from '../../../src/report/histogram.js';
import { duration, shortNumber } from '../../../src/report/numbers.js';

test('every finite value lands in the one bin that holds it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 1, max: 20 }),
      (values, bins) => {
        const result = histogram([...values, NaN, Infinity], bins)!;
        expect(result.counts).toHaveLength(bins);
        expect(result.edges).toHaveLength(bins + 1);
        expect(result.counts.reduce((a, b) => a + b)).toBe(values.length);
        expect(result.edges[0]!).toBeLessThanOrEqual(Math.min(...values));
        expect(result.edges.at(-1)!).toBeGreaterThanOrEqual(Math.max(...values));
      },
    ),
  );
});

test('counts', () => {
  expect(histogram([0, 1, 1.9, 2, 4], 2)).toEqual({ edges: [0, 2, 4], counts: [3, 2] });
  expect(histogram([3, 3], 4)!.counts.reduce((a, b) => a + b)).toBe(2);
  expect(histogram([0, 5e-324], 2)!.counts.reduce((a, b) => a + b)).toBe(2); // the width of a bin would be 0
  expect(histogram([NaN], 4)).toBeUndefined();
});

test.each([
  [0, '0'],
  [-12345.6, '\u221212\u202f350'],
  [1234567, '1\u202f235\u202f000'],
  [0.30000000000000004, '0.3'],
  [0.0001, '0.0001'],
  [0.0000012, '1.2e-6'],
  [Infinity, 'Infinity'],
])('%d is written %s', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

test.each([
  [4.2, '4.2 s'],
  [59.99, '60 s'],
  [125, '2 min 5 s'],
  [7260, '2 h 1 min'],
])('%d seconds are written %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
