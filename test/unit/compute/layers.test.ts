import { beforeAll, describe, expect, it } from 'vitest';
import { layerNorm, linear, selectBackend, tf, type Activation } from '../../../src/compute/index.js';
import { expectClose, fixture } from '../rl/expect-close.js';

interface Layers {
  readonly linear: readonly (Record<'x' | 'w' | 'b' | 'dy' | 'y' | 'dx' | 'dw' | 'db', number[]> & {
    readonly activation: Activation;
  })[];
  readonly layerNorm: Record<'x' | 'scale' | 'offset' | 'dy' | 'y' | 'dx' | 'dscale' | 'doffset', number[]>;
}

const layers = fixture<Layers>('layers.json');

describe.each(['wasm', 'cpu'] as const)('on the %s backend', (backend) => {
  beforeAll(async () => {
    await selectBackend(backend);
  });

  it.each(layers.linear)('linear with $activation and its gradients equal the reference', (reference) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const x = tf.tensor2d(reference.x, [5, 4]);
      const w = tf.tensor2d(reference.w, [4, 3]);
      const b = tf.tensor1d(reference.b);
      const dy = tf.tensor2d(reference.dy, [5, 3]);
      expectClose(linear(x, w, b, reference).dataSync(), reference.y, 1e-5);
      const gradients = tf.grads((x, w, b) =>
        linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, { activation: reference.activation }),
      )([x, w, b], dy);
      expectClose(gradients[0]!.dataSync(), reference.dx, 1e-5);
      expectClose(gradients[1]!.dataSync(), reference.dw, 1e-5);
      expectClose(gradients[2]!.dataSync(), reference.db, 1e-5);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives zeros for gradients that are not wanted, and the wanted ones unchanged', () => {
    const reference = layers.linear.find(({ activation }) => activation === 'swish')!;
    tf.tidy(() => {
      const inputs = [
        tf.tensor2d(reference.x, [5, 4]),
        tf.tensor2d(reference.w, [4, 3]),
        tf.tensor1d(reference.b),
      ];
      const dy = tf.tensor2d(reference.dy, [5, 3]);
      const run = (options: { wantDx?: boolean; wantDw?: boolean }) =>
        tf.grads((x, w, b) =>
          linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, { activation: 'swish', ...options }),
        )(inputs, dy);
      const frozen = run({ wantDw: false });
      expectClose(frozen[0]!.dataSync(), reference.dx, 1e-5);
      expect(Math.max(...frozen[1]!.abs().dataSync(), ...frozen[2]!.abs().dataSync())).toBe(0);
      const first = run({ wantDx: false });
      expect(Math.max(...first[0]!.abs().dataSync())).toBe(0);
      expectClose(first[1]!.dataSync(), reference.dw, 1e-5);
    });
  });

  it('layerNorm and its gradients equal the reference', () => {
    const reference = layers.layerNorm;
    tf.tidy(() => {
      const inputs = [
        tf.tensor2d(reference.x, [5, 6]),
        tf.tensor1d(reference.scale),
        tf.tensor1d(reference.offset),
      ];
      const dy = tf.tensor2d(reference.dy, [5, 6]);
      const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
        layerNorm(x as tf.Tensor2D, scale as tf.Tensor1D, offset as tf.Tensor1D);
      expectClose(f(inputs[0]!, inputs[1]!, inputs[2]!).dataSync(), reference.y, 1e-5);
      const gradients = tf.grads(f)(inputs, dy);
      expectClose(gradients[0]!.dataSync(), reference.dx, 1e-5);
      expectClose(gradients[1]!.dataSync(), reference.dscale, 1e-5);
      expectClose(gradients[2]!.dataSync(), reference.doffset, 1e-5);
    });
  });
});
