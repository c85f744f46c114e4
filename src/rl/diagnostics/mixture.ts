/**
 * The ensemble as one distribution: an even mixture of its members' Gaussians (Lakshminarayanan et al. 2017, arXiv 1612.01474).
 * K members, N rows, D outputs; all in units of the target's standard deviation, as {@link MemberPredictions}. Results are one array
 * (N) per output.
 */
import type { MemberPredictions } from '../member-predictions.js';
import { normalCdf } from './normal-cdf.js';

/** Of one output. The variance of the mixture is aleatoric + epistemic (law of total variance). */
export interface MixtureMoments {
  /** (N) */
  readonly mean: Float64Array;
  /** mean of the members' variances (N) */
  readonly aleatoric: Float64Array;
  /** variance of the members' means (N) */
  readonly epistemic: Float64Array;
}

function outputCount({ members, count, mean }: MemberPredictions): number {
  return count === 0 ? 0 : mean.length / (members * count);
}

/** Mean and variance of the mixture, per output (D). */
export function mixtureMoments(predictions: MemberPredictions): MixtureMoments[] {
  const { members, count, mean, variance } = predictions;
  const outputs = outputCount(predictions);
  return Array.from({ length: outputs }, (_, d) => {
    const moments = {
      mean: new Float64Array(count),
      aleatoric: new Float64Array(count),
      epistemic: new Float64Array(count),
    };
    for (let i = 0; i < count; i++) {
      let [sum, noise, squares] = [0, 0, 0];
      for (let k = 0; k < members; k++) {
        const at = (k * count + i) * outputs + d;
        sum += mean[at]!;
        noise += variance[at]!;
      }
      const center = sum / members;
      for (let k = 0; k < members; k++) squares += (mean[(k * count + i) * outputs + d]! - center) ** 2;
      moments.mean[i] = center;
      moments.aleatoric[i] = noise / members;
      moments.epistemic[i] = squares / members;
    }
    return moments;
  });
}

/**
 * The probability integral transform: the mixture's distribution function at what came out, per output (D). Uniform on [0, 1] where
 * the model is calibrated.
 * @param targets (N x D)
 */
export function mixtureCdf(predictions: MemberPredictions, targets: Float32Array): Float64Array[] {
  const { members, count, mean, variance } = predictions;
  return eachOutput(predictions, (d, i, outputs) => {
    let sum = 0;
    for (let k = 0; k < members; k++) {
      const at = (k * count + i) * outputs + d;
      sum += normalCdf((targets[i * outputs + d]! - mean[at]!) / Math.sqrt(variance[at]!));
    }
    return sum / members;
  });
}

/**
 * Negative log-likelihood [nat] of what came out, under the mixture, per output (D).
 * @param targets (N x D)
 */
export function mixtureNll(predictions: MemberPredictions, targets: Float32Array): Float64Array[] {
  const { members, count, mean, variance } = predictions;
  const logs = new Float64Array(members);
  return eachOutput(predictions, (d, i, outputs) => {
    for (let k = 0; k < members; k++) {
      const at = (k * count + i) * outputs + d;
      const square = (targets[i * outputs + d]! - mean[at]!) ** 2;
      logs[k] = -0.5 * (square / variance[at]! + Math.log(2 * Math.PI * variance[at]!));
    }
    const most = Math.max(...logs);
    return -most - Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / members);
  });
}

function eachOutput(
  predictions: MemberPredictions,
  value: (output: number, row: number, outputs: number) => number,
): Float64Array[] {
  const outputs = outputCount(predictions);
  return Array.from({ length: outputs }, (_, d) =>
    new Float64Array(predictions.count).map((_zero, i) => value(d, i, outputs)),
  );
}
