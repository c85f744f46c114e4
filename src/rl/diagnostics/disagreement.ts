/** The members' disagreement as a measure of how far a step lies from what the model has learned. N steps. */
import { badInput } from '../../core/index.js';
import type { MemberPredictions } from '../member-predictions.js';
import { mixtureMoments } from './mixture.js';

/**
 * Epistemic uncertainty of each step: the variance of the members' means (over K, not K - 1), summed over outputs in units of the
 * target's standard deviation (N).
 */
export function disagreement(predictions: MemberPredictions): Float64Array {
  const scores = new Float64Array(predictions.count);
  for (const { epistemic } of mixtureMoments(predictions)) {
    for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! + epistemic[i]!;
  }
  return scores;
}

/**
 * Probability that a score of `outside` exceeds one of `inside`, ties counted half: the area under the ROC curve, by the rank sum of
 * Mann and Whitney (1947). 0.5 is chance. NaN where either is empty or a score is not a number.
 */
export function auroc(inside: Float64Array, outside: Float64Array): number {
  const all = [
    ...Array.from(inside, (score) => ({ score, outside: false })),
    ...Array.from(outside, (score) => ({ score, outside: true })),
  ];
  if (all.some(({ score }) => Number.isNaN(score))) return NaN;
  all.sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : 0));
  let ranks = 0;
  for (let i = 0; i < all.length;) {
    let [end, hits] = [i, 0];
    for (; end < all.length && all[end]!.score === all[i]!.score; end++) if (all[end]!.outside) hits++;
    ranks += (hits * (i + 1 + end)) / 2; // equal scores share the mean of their ranks
    i = end;
  }
  const wins = ranks - (outside.length * (outside.length + 1)) / 2;
  return wins / (inside.length * outside.length);
}

/**
 * Split conformal quantile (Vovk et al. 2005; Lei et al. 2018, arXiv 1604.04173): a new score exceeds it with a probability of at
 * most `alpha`, where it is exchangeable with these. Steps of one episode are so only about.
 * @param scores (N) of steps that the model has not learned from
 * @throws BAD_INPUT where they are too few for this `alpha`
 */
export function conformalLimit(scores: Float64Array, alpha: number): number {
  const rank = Math.ceil((scores.length + 1) * (1 - alpha) - 1e-9); // not one more for the rounding of 1 - alpha
  if (rank > scores.length) {
    throw badInput(
      `${scores.length} scores do not suffice for a limit that is exceeded with probability ${alpha}; ` +
        `at least ${Math.ceil(1 / alpha - 1 - 1e-9)} are needed, collect more steps`,
      { scores: scores.length, alpha },
    );
  }
  const sorted = scores.slice().sort();
  return Number.isNaN(sorted.at(-1)) ? NaN : sorted[rank - 1]!; // sorting puts NaN last
}
