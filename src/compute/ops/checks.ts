/**
 * Errors about the arguments of fused operations, in tfjs's style. The operations check, so that a mistake is the same error on
 * every backend; their kernels and composed forms may rely on it.
 */
import type { tf } from '../tf.js';

export function badTensor(operation: string, input: string, expected: string, got: tf.TensorInfo): Error {
  return new Error(
    `Error in ${operation}: ${input} must be ${expected}, got ${got.dtype} [${got.shape.join(', ')}]`,
  );
}

/** @throws Error unless the tensor is float32 of that shape */
export function requireTensor(
  operation: string,
  input: string,
  got: tf.TensorInfo,
  shape: readonly number[],
): void {
  let fits = got.dtype === 'float32' && got.shape.length === shape.length;
  for (let i = 0; i < shape.length; i++) fits &&= got.shape[i] === shape[i];
  if (!fits) throw badTensor(operation, input, `float32 [${shape.join(', ')}]`, got);
}
