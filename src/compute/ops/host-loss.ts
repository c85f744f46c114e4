import { tf } from '../tf.js';
import { differentiable } from './dispatch.js';

/**
 * A scalar loss of small tensors (one number per row) that is computed on the host together with its gradient. At that size one
 * loop over arrays costs less than the dispatch of a single tfjs operation, and there would be ten; on a GPU it is one wait for results
 * that are about to be read anyway.
 * @param evaluate values of `inputs` -> loss and its gradient with respect to each
 */
export function hostLoss(
  inputs: readonly tf.Tensor[],
  evaluate: (...values: Float32Array[]) => { readonly loss: number; readonly gradients: Float32Array[] },
): tf.Scalar {
  const { loss, gradients } = evaluate(...inputs.map((input) => input.dataSync<'float32'>()));
  if (!tf.engine().isTapeOn()) return tf.scalar(loss);
  const [value] = differentiable(
    'hostLoss',
    Object.fromEntries(inputs.map((input, i) => [String(i), input])),
    () => [tf.scalar(loss)],
    ([dy]) => {
      const scale = dy!.dataSync<'float32'>()[0]!;
      return Object.fromEntries(
        gradients.map((gradient, i) => {
          const scaled = scale === 1 ? gradient : gradient.map((g) => g * scale);
          return [String(i), tf.tensor(scaled, inputs[i]!.shape)];
        }),
      );
    },
  );
  return value as tf.Scalar;
}
