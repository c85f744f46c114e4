/**
 * When an imagined branch ends for want of certainty. K members, B branches, D outputs; predictions are Gaussians in units of the
 * target's standard deviation, so that both measures compare outputs of different units.
 */
import { percentile } from '../core/index.js';
import type { CutConfig } from './learner-config.js';
import { pairwiseDivergence, type MemberPredictions } from './member-predictions.js';

/** Judges the steps of one round of rollouts, in order. */
export interface RolloutCut {
  /** how the next state is drawn: from one member per branch, or from the fused Gaussian of all */
  readonly draw: 'member' | 'fused';
  /**
   * @param step of the round, from 0
   * @param spent (at least B) what each branch has lost so far; added to
   * @returns (B) 1 where the step is certain enough to be kept
   */
  judge(step: number, predictions: MemberPredictions, spent: Float64Array): Uint8Array;
}

/** @param recorded predictions for recorded steps, from which Infoprop's limits are taken */
export function rolloutCut(
  config: Exclude<CutConfig, { kind: 'none' }>,
  recorded: () => MemberPredictions,
): RolloutCut {
  return config.kind === 'macura' ? macuraCut(config) : infopropCut(config, informationLoss(recorded()));
}

function macuraCut({ scale, percentile: share }: CutConfig & { kind: 'macura' }): RolloutCut {
  let limit = Infinity;
  return {
    draw: 'member',
    judge(step, predictions) {
      const divergence = pairwiseDivergence(predictions);
      if (step === 0) limit = scale * percentile(divergence.filter(Number.isFinite), share);
      return Uint8Array.from(divergence, (value) => (value <= limit ? 1 : 0)); // not a number: not certain
    },
  };
}

function infopropCut(config: CutConfig & { kind: 'infoprop' }, recorded: Float64Array): RolloutCut {
  const stepLimit = percentile(recorded, 100 * config.stepQuantile);
  const pathLimit = config.horizon * percentile(recorded, 100 * config.pathQuantile);
  return {
    draw: 'fused',
    judge(_step, predictions, spent) {
      return Uint8Array.from(informationLoss(predictions), (loss, b) => {
        spent[b] = spent[b]! + loss;
        return loss <= stepLimit && spent[b] <= pathLimit ? 1 : 0;
      });
    },
  };
}

/** The members' Gaussians fused by their precisions: v = 1 / mean(1 / v_k), m = v mean(m_k / v_k). */
export function fusedGaussian(
  { members, count, mean, variance }: MemberPredictions,
  row: number,
  output: number,
): { mean: number; variance: number } {
  const outputs = mean.length / (members * count);
  let [precision, weighted] = [0, 0];
  for (let k = 0; k < members; k++) {
    const i = (k * count + row) * outputs + output;
    precision += 1 / variance[i]!;
    weighted += mean[i]! / variance[i]!;
  }
  return { mean: weighted / precision, variance: members / precision };
}

/** resolution to which Infoprop counts information, in standard deviations of the target */
const RESOLUTION = 1e-6;

/**
 * Information lost in a step [bit], (B): the entropy, to a resolution of 1e-6, of what the members' disagreement (variance E about
 * the fused mean) leaves open of a step whose own noise has variance v: 1/2 log2(2 pi e v E / (v + E)), summed over outputs.
 * Infoprop (arXiv 2501.16918) and its code.
 */
export function informationLoss(predictions: MemberPredictions): Float64Array {
  const { members, count, mean } = predictions;
  const outputs = mean.length / (members * count);
  const out = new Float64Array(count);
  for (let b = 0; b < count; b++) {
    for (let d = 0; d < outputs; d++) {
      const fused = fusedGaussian(predictions, b, d);
      let disagreement = 0;
      for (let k = 0; k < members; k++) {
        disagreement += (mean[(k * count + b) * outputs + d]! - fused.mean) ** 2 / members;
      }
      const open = (fused.variance * disagreement) / (fused.variance + disagreement);
      const bits = 0.5 * Math.log2(2 * Math.PI * Math.E * open) - Math.log2(RESOLUTION);
      out[b] = out[b]! + Math.max(0, bits);
    }
  }
  return out;
}
