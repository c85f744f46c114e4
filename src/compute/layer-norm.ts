import { tf } from './tf.js';

/** Added to the variance; PyTorch's default. */
const EPSILON = 1e-5;

/**
 * Layer normalisation over the last axis (Ba et al. 2016, arXiv 1607.06450) with its own gradient:
 * with n = (x - mean) / std and g = dy * scale, dx = (g - mean(g) - n * mean(g * n)) / std.
 * @param x (B x N)
 * @param scale (N)
 * @param offset (N)
 */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, offset: tf.Tensor1D): tf.Tensor2D {
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, scale, offset, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const centred = tf.sub(x, tf.mean(x, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), EPSILON));
    const normalised = tf.mul(centred, inverse);
    save([normalised, inverse, scale]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [n, inverse, scale] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
      const g = tf.mul(dy, scale);
      const projected = tf.mul(n, tf.mean(tf.mul(g, n), 1, true));
      const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), projected), inverse);
      return [dx, tf.sum(tf.mul(dy, n), 0), tf.sum(dy, 0)];
    };
    return { value: tf.add<tf.Tensor>(tf.mul(normalised, scale), offset), gradFunc };
  });
  return operation(x, scale, offset) as tf.Tensor2D;
}
