import { expect, it } from 'vitest';
import { ensembleMlp, tf } from '../../../src/compute/index.js';
import { describeOn } from '../../kernels/backends.js';
import { expectClose, fixture } from '../rl/expect-close.js';

interface Reference {
  readonly sizes: {
    readonly members: number;
    readonly b: number;
    readonly inputs: number;
    readonly hidden: number[];
    readonly outputs: number;
  };
  readonly cases: readonly (Record<'x' | 'parameters' | 'dy' | 'y' | 'dx' | 'dParameters', number[]> & {
    readonly activation: 'relu' | 'swish';
    readonly layerNorm: boolean;
    readonly shared: boolean;
  })[];
}

const { sizes, cases } = fixture<Reference>('ensemble-mlp.json');

describeOn(['cpu', 'wasm', 'native'], 'ensembleMlp', () => {
  it.each(cases)(
    'has the values and gradients of the reference: $activation, layer norm $layerNorm, shared rows $shared',
    (reference) => {
      const { members, b, inputs, hidden, outputs } = sizes;
      const { activation, layerNorm, shared } = reference;
      const shape = { inputs, hidden, outputs, activation, layerNorm };
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = shared
          ? tf.tensor2d(reference.x, [b, inputs])
          : tf.tensor3d(reference.x, [members, b, inputs]);
        const parameters = tf.tensor2d(reference.parameters, [
          members,
          reference.parameters.length / members,
        ]);
        const dy = tf.tensor3d(reference.dy, [members, b, outputs]);
        const f = (x: tf.Tensor, p: tf.Tensor) => ensembleMlp(x as tf.Tensor2D, p as tf.Tensor2D, shape);
        expectClose(f(x, parameters).dataSync(), reference.y, 1e-5);
        const [dx, dParameters] = tf.grads(f)([x, parameters], dy);
        expectClose(dx!.dataSync(), reference.dx, 1e-5);
        expectClose(dParameters!.dataSync(), reference.dParameters, 1e-5);
      });
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
