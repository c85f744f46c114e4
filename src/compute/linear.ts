/**
 * Dense layer with its own gradient. B batch, I inputs, O outputs.
 * Stock tfjs gradients of matMul use transposed products, which the wasm backend runs in naive loops (480 us against 55 us for
 * 128 x 64 x 64); an explicit transpose followed by a plain product stays in XNNPACK.
 */
import { tf } from './tf.js';

export type Activation = 'identity' | 'relu' | 'swish';

export interface LinearOptions {
  /** default 'identity' */
  readonly activation?: Activation;
  /** whether the gradient with respect to x is needed; default true (a first layer does not need it) */
  readonly wantDx?: boolean;
  /** whether the gradients with respect to w and b are needed; default true (frozen critics do not need them) */
  readonly wantDw?: boolean;
}

/** dy * activation'(z), from what the forward pass kept. */
function activationGradient(
  activation: Activation,
  dy: tf.Tensor2D,
  y: tf.Tensor2D,
  s: tf.Tensor2D,
): tf.Tensor2D {
  switch (activation) {
    case 'identity':
      return dy;
    case 'relu':
      return tf.mul(dy, tf.step(y));
    case 'swish': // d(z s)/dz = s + z s (1 - s) = s + y - y s
      return tf.mul(dy, tf.sub(tf.add(s, y), tf.mul(y, s)));
  }
}

/**
 * activation(x w + b).
 * @param x (B x I)
 * @param w (I x O)
 * @param b (O)
 * @returns (B x O); gradients that are not wanted come back as zeros
 */
export function linear(
  x: tf.Tensor2D,
  w: tf.Tensor2D,
  b: tf.Tensor1D,
  options: LinearOptions = {},
): tf.Tensor2D {
  const { activation = 'identity', wantDx = true, wantDw = true } = options;
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, w, b, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    const z = tf.fused.matMul({ a: x, b: w, bias: b });
    const s = activation === 'swish' ? tf.sigmoid(z) : z;
    const y = activation === 'swish' ? tf.mul(z, s) : activation === 'relu' ? tf.relu(z) : z;
    save([x, w, b, y, s]);
    // All three gradients are made in one call: tfjs runs per-input thunks in tidies of their own, where shared terms die.
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, w, b, y, s] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
      const dz = activationGradient(activation, dy as tf.Tensor2D, y, s);
      const dx = wantDx ? tf.matMul(dz, tf.transpose(w)) : tf.zerosLike(x);
      if (!wantDw) return [dx, tf.zerosLike(w), tf.zerosLike(b)];
      const ones = tf.ones<tf.Rank.R2>([1, x.shape[0]]); // a product with ones is the fastest column sum
      return [dx, tf.matMul(tf.transpose(x), dz), tf.reshape(tf.matMul(ones, dz), b.shape)];
    };
    return { value: y, gradFunc };
  });
  return operation(x, w, b) as tf.Tensor2D;
}
