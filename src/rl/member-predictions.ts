/** What the members of an ensemble predict, and how far they are apart. This file must not import tfjs, even indirectly. */

/** Gaussians of K members for N rows, in units of the target's standard deviation. */
export interface MemberPredictions {
  readonly members: number;
  readonly count: number;
  /** (K x N x D) */
  readonly mean: Float32Array;
  /** (K x N x D) */
  readonly variance: Float32Array;
}

/**
 * Mean over all pairs of members of the dual geometric Jensen-Shannon divergence (alpha 1/2) of their diagonal Gaussians [nat], (B):
 * the mean divergence from the normalised geometric mean of both to each (Nielsen 2019, arXiv 1904.04017), as in MACURA's code.
 */
export function pairwiseDivergence({ members, count, mean, variance }: MemberPredictions): Float64Array {
  const out = new Float64Array(count);
  if (members < 2) return out;
  const outputs = mean.length / (members * count);
  const pairs = (members * (members - 1)) / 2;
  for (let b = 0; b < count; b++) {
    let sum = 0;
    for (let i = 0; i < members; i++) {
      for (let j = 0; j < i; j++) {
        for (let d = 0; d < outputs; d++) {
          const [p, q] = [(i * count + b) * outputs + d, (j * count + b) * outputs + d];
          sum += geometricJensenShannon(mean[p]!, variance[p]!, mean[q]!, variance[q]!);
        }
      }
    }
    out[b] = sum / pairs;
  }
  return out;
}

/** Of two normal distributions [nat]. */
function geometricJensenShannon(m1: number, v1: number, m2: number, v2: number): number {
  const variance = 2 / (1 / v1 + 1 / v2);
  const mean = (variance * (m1 / v1 + m2 / v2)) / 2;
  const quadratic = (m1 * m1) / v1 + (m2 * m2) / v2 - (2 * mean * mean) / variance;
  return 0.25 * (quadratic + Math.log((v1 * v2) / (variance * variance)));
}
