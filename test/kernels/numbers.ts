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

export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** A result of a reference, and the size against which an error in it counts. */
export interface Expected {
  readonly values: Float64Array;
  readonly scale: number;
}

/** |actual - expected| <= relative * scale, in Euclidean norm; NaN is never near. The scale is |expected| unless it is given. */
export function expectNear(
  actual: tf.Tensor | ArrayLike<number>,
  expected: Float64Array | Expected,
  relative: number,
): void {
  const { values: wanted, scale } =
    expected instanceof Float64Array ? { values: expected, scale: norm(expected) } : expected;
  const values = actual instanceof tf.Tensor ? actual.dataSync<'float32'>() : actual;
  expect(values.length).toBe(wanted.length);
  const error = norm(wanted.map((value, i) => values[i]! - value));
  if (!(error <= relative * scale)) {
    const worst = wanted.reduce((w, value, i) => {
      return !(Math.abs(values[i]! - value) <= Math.abs(values[w]! - wanted[w]!)) ? i : w;
    }, 0);
    expect.fail(
      `error ${error} is above ${relative} of ${scale}; value ${worst} is ${values[worst]}, not ${wanted[worst]}`,
    );
  }
}

export const double = (values: Float32Array): Float64Array => Float64Array.from(values);
