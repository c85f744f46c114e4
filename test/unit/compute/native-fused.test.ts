import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mlpParameterCount, type MlpShape } from '../../../src/compute/ops/mlp-shape.js';
import { tf } from '../../../src/compute/tf.js';
import { loadAddon } from '../../../src/compute/native/addon.js';
import { registerNativeBackend, type NativeBackend } from '../../../src/compute/native/backend.js';

const loaded = loadAddon();
const skipped = 'missing' in loaded ? ` (skipped: ${loaded.missing})` : '';

const MLP: MlpShape = { inputs: 3, hidden: [5], outputs: 2, activation: 'swish', layerNorm: true };
const P = mlpParameterCount(MLP);
const LIMITS = { logStdMin: -5, logStdMax: 2 };
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
const one = (name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);
const values = (x: tf.Tensor) => Array.from(x.dataSync());

describe.skipIf('missing' in loaded)(`native fused kernels${skipped}`, () => {
  const native = () => tf.backend() as NativeBackend;
  let before: tf.MemoryInfo;

  beforeAll(async () => {
    if ('addon' in loaded) registerNativeBackend(loaded.addon);
    await tf.setBackend('native');
  });

  beforeEach(() => {
    before = tf.memory();
    tf.engine().startScope();
  });

  afterEach(() => {
    tf.engine().endScope();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  describe('EnsembleMlp', () => {
    it('gives y for a shared and for an own input, the same where these are the same', () => {
      const x = tensor(4, 3);
      const parameters = tensor(2, P);
      const [y, ...none] = run('EnsembleMlp', { x, parameters }, { shape: MLP, keep: false });
      expect(none).toEqual([]);
      expect(y!.shape).toEqual([2, 4, 2]);
      const [own] = run('EnsembleMlp', { x: tf.stack([x, x]), parameters }, { shape: MLP, keep: false });
      expect(values(own!)).toEqual(values(y!));
    });

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

    it('of an empty batch is empty, with a gradient of zero', () => {
      const x = tf.zeros([0, 3]);
      const parameters = tensor(2, P);
      const [y, kept] = run('EnsembleMlp', { x, parameters }, { shape: MLP, keep: true });
      expect(y!.shape).toEqual([2, 0, 2]);
      const inputs = { dy: tf.zeros([2, 0, 2]), x, parameters, kept: kept! };
      const [dx, dParameters] = run('EnsembleMlpGradient', inputs, {
        shape: MLP,
        wantDx: true,
        wantDw: true,
      });
      expect(dx!.shape).toEqual([0, 3]);
      expect(Math.max(...values(dParameters!).map(Math.abs))).toBe(0);
    });

    it('carries NaN to the rows that have it, and to no other', () => {
      const x = tf.tensor2d([NaN, 0, 0, 1, 2, 3], [2, 3]);
      const [y] = run('EnsembleMlp', { x, parameters: tensor(1, P) }, { shape: MLP, keep: false });
      expect(values(y!).map(Number.isNaN)).toEqual([true, true, false, false]);
    });

    it.each([
      [
        'x of another width',
        { x: () => tensor(4, 2) },
        /x must be float32 \[B, 3\] or \[2, B, 3\], got float32 \[4, 2\]/,
      ],
      ['x of other members', { x: () => tensor(3, 4, 3) }, /x must be/],
      ['x of one axis', { x: () => tensor(3) }, /x must be/],
      ['integer x', { x: () => tf.zeros([4, 3], 'int32') }, /got int32/],
      [
        'parameters of another length',
        { parameters: () => tensor(2, P + 1) },
        /parameters must be float32 \[members, /,
      ],
      ['parameters without members', { parameters: () => tf.zeros([0, P]) }, /parameters must be/],
      ['parameters of one axis', { parameters: () => tensor(P) }, /parameters must be/],
    ] as const)('refuses %s', (_name, wrong: Record<string, () => tf.Tensor>, message) => {
      const inputs = { x: tensor(4, 3), parameters: tensor(2, P) };
      for (const [name, make] of Object.entries(wrong)) Object.assign(inputs, { [name]: make() });
      expect(() => run('EnsembleMlp', inputs, { shape: MLP, keep: false })).toThrow(message);
    });

    it('refuses a dy or a kept of another shape', () => {
      const x = tensor(4, 3);
      const parameters = tensor(2, P);
      const [y, kept] = run('EnsembleMlp', { x, parameters }, { shape: MLP, keep: true });
      const gradient = (dy: tf.Tensor, kept: tf.Tensor) => () =>
        run('EnsembleMlpGradient', { dy, x, parameters, kept }, { shape: MLP, wantDx: true, wantDw: true });
      expect(gradient(tensor(2, 4, 3), kept!)).toThrow('dy must be float32 [2, 4, 2], got float32 [2, 4, 3]');
      expect(gradient(y!, tensor(3))).toThrow(/kept must be float32/);
    });

    it.each([
      [{ hidden: [0] }, /layer widths/],
      [{ hidden: [2.5] }, /layer widths/],
      [{ inputs: -1 }, /layer widths/],
      [{ activation: 'tanh' }, /activation must be relu or swish, got tanh/],
    ])('refuses the shape %j', (wrong, message) => {
      const shape = { ...MLP, ...wrong };
      const inputs = { x: tensor(4, 3), parameters: tensor(2, P) };
      expect(() => run('EnsembleMlp', inputs, { shape, keep: false })).toThrow(message);
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

  describe('GaussianNll', () => {
    const inputs = () => ({ head: tensor(2, 3, 4), targets: tensor(2, 3, 2), bounds: tensor(2, 2) });

    it('gives a scalar, and gradients of the shapes of head and bounds', () => {
      expect(one('GaussianNll', inputs()).shape).toEqual([]);
      const gradients = run('GaussianNllGradient', { dy: tf.scalar(1), ...inputs() });
      expect(gradients.map((t) => t.shape)).toEqual([
        [2, 3, 4],
        [2, 2],
      ]);
    });

    it('of an empty batch is NaN, as a mean of nothing is', () => {
      const empty = { head: tf.zeros([2, 0, 4]), targets: tf.zeros([2, 0, 2]), bounds: tensor(2, 2) };
      expect(values(one('GaussianNll', empty))).toEqual([NaN]);
      const [dHead, dBounds] = run('GaussianNllGradient', { dy: tf.scalar(1), ...empty });
      expect(dHead!.shape).toEqual([2, 0, 4]);
      expect(values(dBounds!)).toEqual([0, 0, 0, 0]);
    });

    it.each([
      ['head', () => tensor(2, 3, 5), 'head must be float32 [2, 3, 4], got float32 [2, 3, 5]'],
      ['targets', () => tensor(3, 2), 'targets must be float32 [members, B, D]'],
      ['bounds', () => tensor(4), 'bounds must be float32 [2, 2]'],
    ])('refuses %s of another shape', (name, make, message) => {
      expect(() => one('GaussianNll', { ...inputs(), [name]: make() })).toThrow(message);
      expect(() => run('GaussianNllGradient', { dy: tf.scalar(1), ...inputs(), [name]: make() })).toThrow(
        message,
      );
    });

    it('refuses a dy that is no scalar', () => {
      expect(() => run('GaussianNllGradient', { dy: tensor(2), ...inputs() })).toThrow(
        'dy must be a float32 scalar',
      );
    });
  });

  describe('SquashedGaussian', () => {
    it('gives action and logProb, and the gradient of the head, of the shape of the head', () => {
      const noise = tensor(3, 2);
      for (const head of [tensor(3, 4), tensor(1, 3, 4)]) {
        const [action, logProb] = run('SquashedGaussian', { head, noise }, LIMITS);
        expect([action!.shape, logProb!.shape]).toEqual([[3, 2], [3]]);
        const inputs = { dAction: action!, dLogProb: logProb!, head, noise };
        expect(run('SquashedGaussianGradient', inputs, LIMITS).map((t) => t.shape)).toEqual([head.shape]);
      }
    });

    it('of an empty batch is empty', () => {
      const inputs = { head: tf.zeros([0, 4]), noise: tf.zeros([0, 2]) };
      const [action, logProb] = run('SquashedGaussian', inputs, LIMITS);
      expect([action!.shape, logProb!.shape]).toEqual([[0, 2], [0]]);
    });

    it('refuses shapes that do not fit', () => {
      const noise = tensor(3, 2);
      const sample = (head: tf.Tensor) => () => run('SquashedGaussian', { head, noise }, LIMITS);
      expect(sample(tensor(3, 3))).toThrow('head must be float32 [3, 4] or [1, 3, 4], got float32 [3, 3]');
      expect(sample(tensor(2, 3, 4))).toThrow('head must be');
      expect(() => run('SquashedGaussian', { head: tensor(3, 4), noise: tensor(6) }, LIMITS)).toThrow(
        'noise must be',
      );
      const head = tensor(3, 4);
      const gradient = (dAction: tf.Tensor, dLogProb: tf.Tensor) => () =>
        run('SquashedGaussianGradient', { dAction, dLogProb, head, noise }, LIMITS);
      expect(gradient(tensor(3, 3), tensor(3))).toThrow('dAction must be float32 [3, 2]');
      expect(gradient(tensor(3, 2), tensor(3, 1))).toThrow('dLogProb must be float32 [3]');
    });
  });

  describe('AdamStep', () => {
    it('writes parameters, m and v in place, with l2 repeated for every row', () => {
      const fresh = () => [made(2, 3), tensor(2, 3), made(2, 3), tf.square(made(2, 3))];
      const [p, g, m, v] = fresh().map(values); // reading shares the storage: the step runs on others
      const [parameters, gradient, mean, square] = fresh();
      const own = { parameters: parameters!, gradient: gradient!, m: mean!, v: square! };
      const l2 = tf.tensor1d([0, 1, 2]);
      const arrays = [own.parameters, own.m, own.v].map((x) => native().array(x.dataId));
      expect(run('AdamStep', { ...own, l2 }, { ...ADAM, shrink: 0.01 })).toEqual([]);
      p!.forEach((parameter, i) => {
        const gradient = g![i]! + (i % 3) * parameter;
        const mean = m![i]! + 0.1 * (gradient - m![i]!);
        const square = v![i]! + 0.001 * (gradient * gradient - v![i]!);
        expect(arrays[1]![i]).toBeCloseTo(mean, 5);
        expect(arrays[2]![i]).toBeCloseTo(square, 5);
        const step = (0.1 * mean) / (Math.sqrt(square) + 1e-8) + 0.01 * parameter;
        expect(arrays[0]![i]).toBeCloseTo(parameter - step, 4);
      });
      expect(native().array(own.parameters.dataId)).toBe(arrays[0]);
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

    it.each([
      ['gradient', () => tensor(3), 'gradient must be float32 [4], got float32 [3]'],
      ['m', () => made(2, 2), 'm must be float32 [4]'],
      ['v', () => made(5), 'v must be float32 [4]'],
      ['l2', () => tensor(3), 'l2 must be float32 [4]'],
      ['gradient', () => tf.zeros([4], 'int32'), 'got int32'],
    ])('refuses %s of another shape or type', (name, make, message) => {
      const inputs = { parameters: made(4), gradient: tensor(4), m: made(4), v: made(4), [name]: make() };
      expect(() => run('AdamStep', inputs, ADAM)).toThrow(message);
    });
  });

  describe('PolyakStep', () => {
    it('writes the target in place', () => {
      const target = made(4);
      const array = native().array(target.dataId);
      const expected = Array.from(array, (value) => value + 0.25 * (1 - value));
      expect(run('PolyakStep', { target, source: tf.ones([4]) }, { tau: 0.25 })).toEqual([]);
      expect(native().array(target.dataId)).toBe(array);
      values(target).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    });

    it('refuses a target that others can see, or of another shape than the source', () => {
      const target = made(4);
      const alias = target.reshape([2, 2]);
      const step = (source: tf.Tensor) => () => run('PolyakStep', { target, source }, { tau: 1 });
      expect(step(tf.ones([4]))).toThrow('Error in PolyakStep: target shares its storage');
      alias.dispose();
      expect(step(tf.ones([2, 2]))).toThrow('source must be float32 [4], got float32 [2, 2]');
      expect(step(target.clone())).toThrow('shares its storage');
    });
  });
});
