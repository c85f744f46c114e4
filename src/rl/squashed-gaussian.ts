/** B batch, A actions. a = tanh(u), u = mean + std * noise. */
import { tf } from '../compute/index.js';
import { LOG_STD_MAX, LOG_STD_MIN } from './policy-snapshot.js';

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Smooth bound min + (max - min) (tanh(x) + 1) / 2 (CleanRL `sac_continuous_action.py`, after pytorch_sac). */
export function boundedLogStd(raw: tf.Tensor2D): tf.Tensor2D {
  const half = 0.5 * (LOG_STD_MAX - LOG_STD_MIN);
  return tf.add(tf.mul(tf.tanh(raw), half), LOG_STD_MIN + half);
}

/**
 * Reparameterised sample and its log-probability
 * log N(u) - sum log(1 - tanh(u)^2), the latter as 2 (log 2 - u - softplus(-2u)), which does not overflow
 * (SAC, Haarnoja et al. 2018, appendix C, eq. 21; stable form from TensorFlow Probability's Tanh bijector).
 * @param mean (B x A)
 * @param logStd (B x A)
 * @param noise (B x A) standard normals
 * @returns action (B x A) in (-1, 1), logProb (B)
 */
export function squashedGaussianSample(
  mean: tf.Tensor2D,
  logStd: tf.Tensor2D,
  noise: tf.Tensor2D,
): { readonly action: tf.Tensor2D; readonly logProb: tf.Tensor1D } {
  const u: tf.Tensor2D = tf.add(mean, tf.mul(tf.exp(logStd), noise));
  // (u - mean) / std is the noise itself, whatever mean and std are
  const gaussian = tf.neg(tf.add(tf.add(tf.mul(tf.square(noise), 0.5), HALF_LOG_TWO_PI), logStd));
  const correction = tf.mul(tf.sub(tf.sub(Math.LN2, u), tf.softplus(tf.mul(u, -2))), 2);
  return { action: tf.tanh(u), logProb: tf.sum(tf.sub(gaussian, correction), 1) };
}
