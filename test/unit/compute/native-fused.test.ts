/** What only the native kernels do: write in place, plan, and pass on what the addon refuses. Their values: `test/kernels`. */
import { describe, expect, it } from 'vitest';
import { mlpParameterCount, type MlpShape } from '../../../src/compute/ops/mlp-shape.js';
import { tf } from '../../../src/compute/tf.js';
import { type NativeBackend } from '../../../src/compute/native/backend.js';
import { describeNative } from '../../kernels/backends.js';

const MLP: MlpShape = { inputs: 3, hidden: [5], outputs: 2, activation: 'swish', layerNorm: true };
const P = mlpParameterCount(MLP);
const ADAM = { rate: 0.1, correction: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, shrink: 0 };

const tensor = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(i + 1)),
    shape,
  );
/** A tensor of a native kernel, exclusively owned. */
const made = (...shape: number[]) => tf.tidy(() => tf.add(tensor(...shape), 0));
const run = (name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor[] =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);
const values = (x: tf.Tensor) => Array.from(x.dataSync());

describeNative('native fused kernels', () => {
  const native = () => tf.backend() as NativeBackend;

  it.each([
    'EnsembleMlp',
    'EnsembleMlpGradient',
    'GaussianNll',
    'GaussianNllGradient',
    'SquashedGaussian',
    'SquashedGaussianGradient',
    'AdamStep',
    'PolyakStep',
  ])('%s is there, so that no operation runs in its composed form', (name) => {
    expect(tf.getKernel(name, 'native')).toBeDefined();
  });

  describe('EnsembleMlp', () => {
    it('gives the gradients that are wanted, in their order and shapes', () => {
      const x = tensor(4, 3);
      const parameters = tensor(2, P);
      const [y, kept] = run('EnsembleMlp', { x, parameters }, { shape: MLP, keep: true });
      const inputs = { dy: tf.onesLike(y!), x, parameters, kept: kept! };
      const shapes = (wantDx: boolean, wantDw: boolean) =>
        run('EnsembleMlpGradient', inputs, { shape: MLP, wantDx, wantDw }).map((t) => t.shape);
      expect(shapes(true, true)).toEqual([
        [4, 3],
        [2, P],
      ]);
      expect(shapes(true, false)).toEqual([[4, 3]]);
      expect(shapes(false, true)).toEqual([[2, P]]);
      expect(shapes(false, false)).toEqual([]);
    });

    it('passes on what the addon refuses', () => {
      const x = tensor(4, 3);
      const parameters = tensor(2, P);
      const [y, kept] = run('EnsembleMlp', { x, parameters }, { shape: MLP, keep: true });
      const gradient = (dy: tf.Tensor, kept: tf.Tensor) => () =>
        run('EnsembleMlpGradient', { dy, x, parameters, kept }, { shape: MLP, wantDx: true, wantDw: true });
      expect(gradient(tensor(2, 4, 3), kept!)).toThrow('mlpGradient: dy has 24 elements, expected 16');
      expect(gradient(y!, tensor(3))).toThrow('mlpGradient: kept has 3 elements');
    });

    it('refuses a disposed input', () => {
      const x = tensor(4, 3);
      x.dispose();
      expect(() =>
        run('EnsembleMlp', { x, parameters: tensor(2, P) }, { shape: MLP, keep: false }),
      ).toThrow();
    });

    it('takes many batch sizes of one shape', () => {
      const parameters = tensor(1, P);
      for (const repetition of [0, 1]) {
        for (let batch = 1; batch <= 40; batch++) {
          const [y] = tf.tidy(() =>
            run('EnsembleMlp', { x: tensor(batch, 3), parameters }, { shape: MLP, keep: false }),
          );
          expect(y!.shape, `round ${repetition}`).toEqual([1, batch, 2]);
        }
      }
    });
  });

  describe('AdamStep', () => {
    it('writes parameters, m and v in place', () => {
      const written = [made(2, 3), made(2, 3), tf.square(made(2, 3))] as const;
      const [parameters, m, v] = written;
      const arrays = written.map((x) => native().array(x.dataId));
      const inputs = { parameters, gradient: tensor(2, 3), m, v, l2: tf.tensor1d([0, 1, 2]) };
      const old = arrays.map((array) => array.slice());
      expect(run('AdamStep', inputs, ADAM)).toEqual([]);
      written.forEach((x, i) => {
        expect(native().array(x.dataId)).toBe(arrays[i]);
        expect(arrays[i]).not.toEqual(old[i]);
      });
    });

    it.each(['parameters', 'm', 'v'] as const)(
      'refuses %s that others can see, and writes nothing',
      (shared) => {
        const inputs = { parameters: made(4), gradient: tensor(4), m: made(4), v: made(4) };
        const alias = inputs[shared].clone();
        expect(() => run('AdamStep', inputs, ADAM)).toThrow(
          `Error in AdamStep: ${shared} shares its storage`,
        );
        const untouched = values(tensor(4));
        for (const x of [alias, inputs.parameters, inputs.m, inputs.v]) expect(values(x)).toEqual(untouched);
      },
    );

    it('refuses the same tensor twice', () => {
      const [parameters, m] = [made(4), made(4)];
      const inputs = { parameters, gradient: tensor(4), m, v: m.clone() };
      expect(() => run('AdamStep', inputs, ADAM)).toThrow('shares its storage');
    });

    it('passes on what the addon refuses', () => {
      const inputs = { parameters: made(4), gradient: tensor(3), m: made(4), v: made(4) };
      expect(() => run('AdamStep', inputs, ADAM)).toThrow('adam: gradient has 3 elements, expected 4');
    });
  });

  describe('PolyakStep', () => {
    it('writes the target in place', () => {
      const target = made(4);
      const array = native().array(target.dataId);
      expect(run('PolyakStep', { target, source: tf.ones([4]) }, { tau: 1 })).toEqual([]);
      expect(native().array(target.dataId)).toBe(array);
      expect(values(target)).toEqual([1, 1, 1, 1]);
    });

    it('refuses a target that others can see', () => {
      const target = made(4);
      const step = (source: tf.Tensor) => () => run('PolyakStep', { target, source }, { tau: 1 });
      const alias = target.reshape([2, 2]);
      expect(step(tf.ones([4]))).toThrow('Error in PolyakStep: target shares its storage');
      alias.dispose();
      expect(step(target.clone())).toThrow('shares its storage');
    });
  });
});
