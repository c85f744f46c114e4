import { expect, it } from 'vitest';
import { hostLoss, tf } from '../../../src/compute/index.js';
import { describeOn } from '../../kernels/backends.js';

/** sum x^2 + sum 3 y, of x (2 x 1) and y (1) */
function loss(x: tf.Tensor, y: tf.Tensor): tf.Scalar {
  return hostLoss([x, y], (xs, ys) => ({
    loss: xs.reduce((sum, value) => sum + value * value, 0) + 3 * ys[0]!,
    gradients: [xs.map((value) => 2 * value), Float32Array.of(3)],
  }));
}

describeOn(['cpu', 'wasm', 'native'], 'hostLoss', () => {
  it('has its value and its gradients, scaled by what comes after it', () => {
    tf.tidy(() => {
      const [x, y] = [tf.tensor2d([1, -2], [2, 1]), tf.tensor1d([5])];
      expect(loss(x, y).dataSync()[0]).toBe(20);
      const scaled = (x: tf.Tensor, y: tf.Tensor) => tf.mul<tf.Scalar>(loss(x, y), 10);
      const { value, grads } = tf.valueAndGrads(scaled)([x, y]);
      expect(value.dataSync()[0]).toBe(200);
      expect(grads.map((gradient) => gradient.shape)).toEqual([[2, 1], [1]]);
      expect(Array.from(grads[0]!.dataSync())).toEqual([20, -40]);
      expect(Array.from(grads[1]!.dataSync())).toEqual([30]);
    });
  });

  it('passes gradients on to what its inputs are made of', () => {
    tf.tidy(() => {
      const f = (x: tf.Tensor) => loss(tf.square(x), tf.sum(x, 0));
      const [gradient] = tf.grads(f)([tf.tensor2d([1, 2], [2, 1])]);
      expect(Array.from(gradient!.dataSync())).toEqual([4 + 3, 32 + 3]);
    });
  });
});
