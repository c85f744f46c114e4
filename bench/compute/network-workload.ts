import { ensembleMlp, mlpLayout, mlpParameterCount, tf, type MlpShape } from '../../src/compute/index.js';
import { Rng } from '../../src/core/index.js';
import type { NetworkWork } from './cases.js';
import type { Workload } from './workloads.js';

/**
 * An ensemble forward, or forward and backward from the sum over members of the mean square of their outputs.
 * E members, B batch, I inputs, P parameters of a member.
 */
export function openNetwork(work: NetworkWork): Workload {
  const { kind, members, inputs, hidden, outputs, batch, activation } = work;
  const shape: MlpShape = { inputs, hidden, outputs, activation, layerNorm: false };
  const rng = new Rng(1, 'bench/network');
  const values = initialParameters(shape, members, rng);
  const rows = rng.fillNormal(new Float32Array(members * batch * inputs));
  const parameters = tf.tensor2d(values.slice(), [members, mlpParameterCount(shape)]);
  const x = tf.tensor3d(rows.slice(), [members, batch, inputs]);
  let result: tf.Tensor | null = null;
  const forward = (): tf.Tensor3D => ensembleMlp(x, parameters, shape, { wantDx: false });
  const loss = (): tf.Scalar => tf.mul(tf.mean(tf.square(forward())), members);
  return {
    step: () => {
      result?.dispose();
      result =
        kind === 'forward'
          ? tf.tidy(forward)
          : tf.tidy(() => tf.engine().gradients(loss, [parameters]).grads[0]!);
    },
    complaint: () => {
      const got = result!.dataSync<'float32'>();
      if (!got.every(Number.isFinite) || got.every((value) => value === 0))
        return 'the result is not finite, or all zero';
      if (kind === 'forward-backward') return null;
      const expected = firstRow(shape, values, rows);
      const wrong = expected.findIndex(
        (value, i) => !(Math.abs(value - got[i]!) <= 1e-4 * (1 + Math.abs(value))),
      );
      return wrong < 0
        ? null
        : `output ${wrong} of the first row is ${got[wrong]}, expected ${expected[wrong]}`;
    },
    dispose: () => tf.dispose([parameters, x, ...(result === null ? [] : [result])]),
  };
}

/** Glorot and Bengio 2010; biases are random as well, so that the check of the outputs sees them. */
function initialParameters(shape: MlpShape, members: number, rng: Rng): Float32Array {
  const count = mlpParameterCount(shape);
  const values = new Float32Array(members * count);
  for (let e = 0; e < members; e++) {
    for (const entry of mlpLayout(shape)) {
      const bound = Math.sqrt(6 / entry.shape.reduce((sum, size) => sum + size, 0));
      for (let i = entry.start; i < entry.end; i++) values[e * count + i] = rng.uniform(-bound, bound);
    }
  }
  return values;
}

/** Outputs of the first member for its first row, in float64. */
function firstRow(shape: MlpShape, parameters: Float32Array, rows: Float32Array): number[] {
  const entries = mlpLayout(shape);
  let row = Array.from(rows.subarray(0, shape.inputs));
  for (let layer = 0; layer < entries.length; layer += 2) {
    const kernel = entries[layer]!;
    const bias = entries[layer + 1]!;
    const width = bias.end - bias.start;
    const last = layer + 2 === entries.length;
    row = Array.from({ length: width }, (_, j) => {
      let sum = parameters[bias.start + j]!;
      for (let i = 0; i < row.length; i++) sum += row[i]! * parameters[kernel.start + i * width + j]!;
      if (last) return sum;
      return shape.activation === 'relu' ? Math.max(0, sum) : sum / (1 + Math.exp(-sum));
    });
  }
  return row;
}
