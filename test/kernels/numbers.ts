import { expect } from 'vitest';
import { tf, type BackendName } from '../../src/compute/index.js';
import { Rng } from '../../src/core/index.js';

/** Inputs of one case: standard normals that float32 holds exactly, drawn anew for every name. */
export class Numbers {
  /** @param offset at which the arrays lie in their buffers [elements]; 1 makes them unaligned views */
  constructor(
    readonly seed: number,
    readonly offset: 0 | 1,
    /** on which the case runs */
    readonly backend: BackendName,
  ) {}

  normals(name: string, count: number, scale = 1): Float32Array {
    return this.view(new Rng(this.seed, name).fillNormal(new Float32Array(count)).map((x) => x * scale));
  }

  /** The same values where `offset` asks for them. */
  view(values: Float32Array): Float32Array {
    const out = new Float32Array(values.length + this.offset).subarray(this.offset);
    out.set(values);
    return out;
  }

  /** A tensor of a copy, so that a backend that takes arrays as storage cannot change the values. */
  tensor<T extends tf.Tensor>(values: Float32Array, shape: readonly number[]): T {
    return tf.tensor(this.view(values), [...shape]) as T;
  }
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** |actual - expected| <= relative * |expected|, in Euclidean norm; NaN is never near. */
export function expectNear(
  actual: tf.Tensor | ArrayLike<number>,
  expected: Float64Array,
  relative: number,
  scale = norm(expected),
): void {
  const values = actual instanceof tf.Tensor ? actual.dataSync<'float32'>() : actual;
  expect(values.length).toBe(expected.length);
  const error = norm(expected.map((value, i) => values[i]! - value));
  if (!(error <= relative * scale)) {
    const worst = expected.reduce((w, value, i) => {
      return !(Math.abs(values[i]! - value) <= Math.abs(values[w]! - expected[w]!)) ? i : w;
    }, 0);
    expect.fail(
      `error ${error} of norm ${scale} is above ${relative} of it; value ${worst} is ${values[worst]}, not ${expected[worst]}`,
    );
  }
}

export const double = (values: Float32Array): Float64Array => Float64Array.from(values);
