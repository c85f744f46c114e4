import { tf } from './tf.js';

/**
 * Runs `f` and frees every tensor made in it; for results that are plain numbers and arrays.
 * tf.tidy searches its result for tensors key by key, which takes longer than an update when the result is a Float32Array.
 */
export function scoped<T>(f: () => T): T {
  let result: { readonly value: T } | undefined;
  tf.tidy(() => {
    result = { value: f() };
  });
  return result!.value;
}
