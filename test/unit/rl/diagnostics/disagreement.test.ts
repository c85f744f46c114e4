import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, conformalLimit, disagreement } from '../../../../src/rl/diagnostics/index.js';

describe('disagreement', () => {
  it('is the variance of the means summed over outputs, whatever the members say of their noise', () => {
    const scores = disagreement({
      members: 2,
      count: 2,
      mean: Float32Array.of(1, 5, 0, 0, 3, 5, 4, 1),
      variance: Float32Array.of(9, 9, 9, 9, 1, 1, 1, 1),
    });
    expect(Array.from(scores)).toEqual([1 + 0, 4 + 0.25]);
  });
});

describe('auroc', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 20 });

  it('is the share of pairs in the right order, ties counted half', () => {
    fc.assert(
      fc.property(scores, scores, (inside, outside) => {
        let wins = 0;
        for (const a of inside) for (const b of outside) wins += b > a ? 1 : b === a ? 0.5 : 0;
        const expected = wins / (inside.length * outside.length);
        expect(auroc(Float64Array.from(inside), Float64Array.from(outside))).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('takes infinity for the highest score and gives none where one is not a number', () => {
    expect(auroc(Float64Array.of(1, 2), Float64Array.of(Infinity, 3))).toBe(1);
    expect(auroc(Float64Array.of(1, 2), Float64Array.of(NaN))).toBeNaN();
    expect(auroc(Float64Array.of(1, 2), Float64Array.of())).toBeNaN();
  });
});

describe('conformalLimit', () => {
  it('is exceeded by at most alpha of exchangeable scores, when each in turn is the new one', () => {
    const value = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 20, maxLength: 60 }), (all) => {
        const exceeding = all.filter(
          (score, i) => score > conformalLimit(Float64Array.from(all.filter((_, j) => j !== i)), 0.05),
        );
        expect(exceeding.length).toBeLessThanOrEqual(0.05 * all.length);
      }),
    );
  });

  it('is no wider than it must be', () => {
    const ascending = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i + 1);
    expect(conformalLimit(ascending(19), 0.05)).toBe(19);
    expect(conformalLimit(ascending(99), 0.05)).toBe(95);
    expect(conformalLimit(ascending(100), 0.05)).toBe(96);
  });

  it('refuses too few scores and says how many it takes', () => {
    expect(() => conformalLimit(new Float64Array(18), 0.05)).toThrow(/18 scores.*at least 19/);
  });

  it('is not a number where a score is none', () => {
    expect(
      conformalLimit(
        Float64Array.from({ length: 30 }, (_, i) => (i === 3 ? NaN : i)),
        0.05,
      ),
    ).toBeNaN();
  });
});
