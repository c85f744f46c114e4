import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { pairwiseDivergence, type MemberPredictions } from '../../../src/rl/member-predictions.js';
import { fusedGaussian, informationLoss, rolloutCut } from '../../../src/rl/rollout-cut.js';

/** Predictions of one output: members x rows of [mean, variance]. */
function predictions(rows: readonly (readonly (readonly [number, number])[])[]): MemberPredictions {
  const members = rows.map((row) => row.map(([mean]) => mean));
  return {
    members: rows.length,
    count: rows[0]!.length,
    mean: Float32Array.from(members.flat()),
    variance: Float32Array.from(rows.flatMap((row) => row.map(([, variance]) => variance))),
  };
}

/** KL(a || b) of normal distributions, by numerical integration. */
function divergence(a: readonly [number, number], b: readonly [number, number]): number {
  const log = ([m, v]: readonly [number, number], x: number) =>
    -0.5 * Math.log(2 * Math.PI * v) - (x - m) ** 2 / (2 * v);
  const [low, high, n] = [-40, 40, 80_000];
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const x = low + ((i + 0.5) * (high - low)) / n;
    sum += Math.exp(log(a, x)) * (log(a, x) - log(b, x));
  }
  return (sum * (high - low)) / n;
}

describe('pairwiseDivergence', () => {
  it.each([
    [0, 1, 0, 1],
    [0, 1, 2, 1],
    [-1, 0.5, 3, 4],
    [0.3, 2, 0.1, 0.2],
  ])(
    'is the mean KL from the normalised geometric mean of both Gaussians to each, by numerical integration (%f, %f against %f, %f)',
    (m1, v1, m2, v2) => {
      // the geometric mean of two normal densities, normalised, is the normal one with half the sum of precisions
      const v = 2 / (1 / v1 + 1 / v2);
      const middle = [(v * (m1 / v1 + m2 / v2)) / 2, v] as const;
      const expected = 0.5 * (divergence(middle, [m1, v1]) + divergence(middle, [m2, v2]));
      expect(pairwiseDivergence(predictions([[[m1, v1]], [[m2, v2]]]))[0]).toBeCloseTo(expected, 4);
    },
  );

  it('is the mean over all pairs, and zero for a single member', () => {
    const pair = (a: number, b: number) => pairwiseDivergence(predictions([[[a, 1]], [[b, 1]]]))[0]!;
    const three = pairwiseDivergence(predictions([[[0, 1]], [[1, 1]], [[4, 1]]]))[0];
    expect(three).toBeCloseTo((pair(0, 1) + pair(0, 4) + pair(1, 4)) / 3, 6);
    expect(Array.from(pairwiseDivergence(predictions([[[0, 1]]])))).toEqual([0]);
  });
});

describe('fusedGaussian', () => {
  it('weighs the members by their precision', () => {
    const fused = fusedGaussian(predictions([[[0, 1]], [[3, 0.5]]]), 0, 0);
    expect(fused.mean).toBeCloseTo(2, 6); // (0 / 1 + 3 / 0.5) / (1 + 2)
    expect(fused.variance).toBeCloseTo(2 / 3, 6);
  });
});

describe('informationLoss', () => {
  it('is nothing where the members agree, and grows with their disagreement', () => {
    const loss = (gap: number) => informationLoss(predictions([[[-gap, 0.01]], [[gap, 0.01]]]))[0]!;
    expect(loss(0)).toBe(0);
    const losses = [1e-4, 1e-3, 1e-2, 1].map(loss);
    expect(losses).toEqual([...losses].sort((a, b) => a - b));
  });

  it('is the entropy left of the next state after an estimate of it is known, in bits of 1e-6', () => {
    const [v, disagreement] = [0.04, 0.25]; // variance about the fused mean of +-0.5
    const open = (v * disagreement) / (v + disagreement);
    const expected = 0.5 * Math.log2(2 * Math.PI * Math.E * open) + 6 * Math.log2(10);
    expect(informationLoss(predictions([[[-0.5, v]], [[0.5, v]]]))[0]).toBeCloseTo(expected, 4);
  });
});

describe('rolloutCut', () => {
  const rng = new Rng(7);
  const gaps = Array.from({ length: 200 }, () => Math.abs(rng.normal()));
  const spread = (scale: number) =>
    predictions([
      gaps.map((gap) => [-gap * scale, 1] as const),
      gaps.map((gap) => [gap * scale, 1] as const),
    ]);
  const share = (kept: Uint8Array) => kept.reduce((sum, one) => sum + one, 0) / kept.length;
  const never = (): MemberPredictions => {
    throw new Error('recorded steps are not needed');
  };

  it('MACURA keeps the percentile of the first step, and judges later steps by the same limit', () => {
    const cut = rolloutCut({ kind: 'macura', scale: 1, percentile: 90 }, never);
    const spent = new Float64Array(200);
    expect(share(cut.judge(0, spread(1), spent))).toBeCloseTo(0.9, 2);
    expect(share(cut.judge(1, spread(0.1), spent))).toBe(1);
    expect(share(cut.judge(2, spread(10), spent))).toBeLessThan(0.3);
  });

  it('MACURA takes its limit from the branches whose divergence is a number', () => {
    const cut = rolloutCut({ kind: 'macura', scale: 1, percentile: 100 }, never);
    const rows = predictions([
      [
        [NaN, 1],
        [0, 1],
      ],
      [
        [1, 1],
        [1, 1],
      ],
    ]);
    expect(Array.from(cut.judge(0, rows, new Float64Array(2)))).toEqual([0, 1]);
  });

  it('Infoprop takes its limits from recorded steps: of a step, and of a whole branch', () => {
    const config = { kind: 'infoprop', stepQuantile: 0.9, pathQuantile: 0.5, horizon: 3 } as const;
    const cut = rolloutCut(config, () => spread(1));
    const spent = new Float64Array(200);
    const kept = [0, 1, 2, 3].map((step) => share(cut.judge(step, spread(1), spent)));
    expect(kept[0]).toBeCloseTo(0.9, 2);
    expect(kept[3]).toBeLessThan(kept[0]!); // branches have spent their budget
  });

  it.each(['macura', 'infoprop'] as const)('%s keeps nothing whose certainty is not a number', (kind) => {
    const config =
      kind === 'macura'
        ? ({ kind, scale: 1, percentile: 90 } as const)
        : ({ kind, stepQuantile: 0.9, pathQuantile: 0.5, horizon: 3 } as const);
    const cut = rolloutCut(config, () => spread(1));
    const spent = new Float64Array(2);
    cut.judge(0, spread(1), new Float64Array(200));
    const broken = predictions([
      [
        [NaN, 1],
        [0, 1],
      ],
      [
        [1, 1],
        [0, 1],
      ],
    ]);
    expect(Array.from(cut.judge(1, broken, spent))).toEqual([0, 1]);
  });
});
