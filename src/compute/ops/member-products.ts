/**
 * Matrix products for the composed MLP. E members, B batch, P parameters of a member, G members of a group.
 *
 * The members are worked on in groups of equal operations on (G x rows x columns) tensors: one group of all of them, except on
 * wasm, where every member is a group. There a product of batches, or of a transposed matrix, falls into naive loops (480 us
 * against 55 us for 128 x 64 x 64), while one plain product, after an explicit transpose, runs in XNNPACK. Slicing there copies
 * the whole tensor for every slice, hence the detours over arrays.
 */
import { tf } from '../tf.js';
import type { MlpEntry } from './mlp-shape.js';

function memberByMember(): boolean {
  return tf.getBackend() === 'wasm';
}

/** Each group's parameters in layout order: kernels (G x inputs x outputs), vectors that broadcast over (G x B x width). */
export function unpackParameters(parameters: tf.Tensor2D, layout: readonly MlpEntry[]): tf.Tensor[][] {
  const [members, size] = parameters.shape;
  if (!memberByMember()) {
    return [
      layout.map(({ start, end, shape }) => {
        const columns = tf.slice(parameters, [0, start], [members, end - start]);
        return tf.reshape(columns, shape.length === 2 ? [members, ...shape] : [members, 1, ...shape]);
      }),
    ];
  }
  const values = parameters.dataSync<'float32'>();
  return Array.from({ length: members }, (_, e) =>
    layout.map(({ start, end, shape }) => {
      const own = values.subarray(e * size + start, e * size + end);
      return tf.tensor(own, shape.length === 2 ? [1, ...shape] : [...shape]);
    }),
  );
}

/** The inverse of {@link unpackParameters}: (E x P). */
export function packParameters(groups: readonly tf.Tensor[][]): tf.Tensor2D {
  const rows = groups.map((group) =>
    tf.concat(
      group.map((part) => tf.reshape<tf.Rank.R2>(part, [part.shape[0], -1])),
      1,
    ),
  );
  return tf.concat<tf.Tensor2D>(rows, 0);
}

/** Each group's rows (G x B x N) of a tensor (E x B x N), or of one (B x N) that all members share. */
export function groupRows(x: tf.Tensor, members: number): tf.Tensor3D[] {
  const shared = x.rank === 2;
  const [batch, width] = x.shape.slice(-2) as [number, number];
  if (!memberByMember()) {
    return [shared ? tf.tile(tf.reshape(x, [1, batch, width]), [members, 1, 1]) : (x as tf.Tensor3D)];
  }
  if (shared) return Array<tf.Tensor3D>(members).fill(tf.reshape(x, [1, batch, width]));
  const values = x.dataSync<'float32'>();
  const size = batch * width;
  return Array.from({ length: members }, (_, e) =>
    tf.tensor3d(values.subarray(e * size, (e + 1) * size), [1, batch, width]),
  );
}

/** Groups (G x B x N) joined: (E x B x N), or their sum over the members (B x N). */
export function joinRows(groups: readonly tf.Tensor3D[], sum: boolean): tf.Tensor {
  if (!sum) return tf.concat([...groups], 0);
  const total = groups.slice(1).reduce<tf.Tensor>((a, b) => tf.add(a, b), groups[0]!);
  return tf.sum(total, 0);
}

/** a b + bias */
export function affine(a: tf.Tensor3D, b: tf.Tensor3D, bias: tf.Tensor): tf.Tensor3D {
  if (!memberByMember()) return tf.add(tf.matMul(a, b), bias);
  // no activation here: the fused relu of XNNPACK turns NaN into 0
  return tf.fused.matMul({ a, b, bias }) as tf.Tensor3D;
}

/** a b^T */
export function timesTransposed(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  return memberByMember() ? tf.matMul(a, tf.transpose(b, [0, 2, 1])) : tf.matMul(a, b, false, true);
}

/** a^T b */
export function transposedTimes(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  return memberByMember() ? tf.matMul(tf.transpose(a, [0, 2, 1]), b) : tf.matMul(a, b, true, false);
}

/** Sums over the batch: (G x 1 x N). */
export function columnSums(x: tf.Tensor3D): tf.Tensor3D {
  if (!memberByMember()) return tf.sum(x, 1, true);
  return tf.matMul(tf.ones([1, 1, x.shape[1]]), x); // a product with ones is the fastest there
}
