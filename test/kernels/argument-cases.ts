import { describe, expect, it } from 'vitest';
import {
  adamCoefficients,
  adamStep,
  ensembleMlp,
  gaussianNll,
  mlpParameterCount,
  polyakStep,
  squashedGaussian,
  tf,
  type MlpShape,
} from '../../src/compute/index.js';

const NETWORK: MlpShape = { inputs: 3, hidden: [4], outputs: 2, activation: 'swish', layerNorm: true };
const P = mlpParameterCount(NETWORK);
const BOUNDS = { logStdMin: -5, logStdMax: 2 };
const COEFFICIENTS = adamCoefficients(1, { learningRate: 0.1 });

/** Shape of a float32 tensor, or the tensor. */
type Input = readonly number[] | (() => tf.Tensor);
const int =
  (...shape: number[]) =>
  () =>
    tf.ones(shape, 'int32');
const make = (input: Input) => (typeof input === 'function' ? input() : tf.ones([...input]));

function mlpArguments(): void {
  const mlp = (x: Input, parameters: Input, shape = NETWORK) =>
    ensembleMlp(make(x) as tf.Tensor2D, make(parameters) as tf.Tensor2D, shape);

  it.each<readonly [string, Input, Input, string]>([
    ['x of another width', [5, 4], [2, P], 'x must be float32 [B, 3] or [2, B, 3], got float32 [5, 4]'],
    ['x of other members', [3, 5, 3], [2, P], 'x must be float32 [B, 3] or [2, B, 3], got float32 [3, 5, 3]'],
    ['x of one axis', [3], [2, P], 'x must be float32 [B, 3] or [2, B, 3], got float32 [3]'],
    ['x of four axes', [1, 2, 5, 3], [2, P], 'x must be float32 [B, 3] or [2, B, 3]'],
    ['a scalar x', [], [2, P], 'x must be float32 [B, 3] or [2, B, 3], got float32 []'],
    ['integers as x', int(5, 3), [2, P], 'got int32 [5, 3]'],
    ['parameters of another length', [5, 3], [2, P + 1], `parameters must be float32 [E, ${P}]`],
    ['no members', [5, 3], [0, P], `with E at least 1, got float32 [0, ${P}]`],
    ['parameters of one axis', [5, 3], [P], `parameters must be float32 [E, ${P}]`],
    ['integers as parameters', [5, 3], int(2, P), `got int32 [2, ${P}]`],
  ])('ensembleMlp refuses %s', (_name, x, parameters, message) => {
    expect(() => mlp(x, parameters)).toThrow(message);
    expect(() => mlp(x, parameters)).toThrow('Error in ensembleMlp: ');
  });

  it.each([
    [{ hidden: [0] }, 'widths must be positive integers, got 0'],
    [{ hidden: [2.5] }, 'widths must be positive integers, got 2.5'],
    [{ inputs: -1 }, 'widths must be positive integers, got -1'],
    [{ outputs: NaN }, 'widths must be positive integers, got NaN'],
    [{ hidden: Array<number>(33).fill(2) }, 'at most 32 hidden layers, got 33'],
    [{ activation: 'tanh' }, 'activation must be relu or swish, got tanh'],
  ])('ensembleMlp refuses a network with %j', (change, message) => {
    expect(() => mlp([5, 3], [2, P], { ...NETWORK, ...change } as MlpShape)).toThrow(
      `Error in MLP shape: ${message}`,
    );
  });

  it('ensembleMlp takes 32 hidden layers', () => {
    const shape = { ...NETWORK, hidden: Array<number>(32).fill(1), layerNorm: false };
    const rows = { ...shape, activation: 'relu' } as const;
    // every parameter is 1: a layer adds one to its input, the first one to a sum of three
    const y = mlp([5, 3], [1, mlpParameterCount(rows)], rows);
    expect(Array.from(y.dataSync())).toEqual(Array<number>(10).fill(3 + 32 + 1));
  });

  it.each([true, false])(
    'ensembleMlp of an empty batch is empty, and its gradient is zero (shared %s)',
    (shared) => {
      const shape = shared ? [0, 3] : [2, 0, 3];
      tf.tidy(() => tf.mul(tf.fill([2, P], 1e6), 2)); // leaves its numbers in memory that may be used next
      const y = mlp(shape, [2, P]);
      expect(y.shape).toEqual([2, 0, 2]);
      expect(y.dataSync()).toHaveLength(0);
      const f = (x: tf.Tensor, p: tf.Tensor) =>
        mlp(
          () => x,
          () => p,
        );
      const [dx, dParameters] = tf.grads(f)([tf.zeros(shape), tf.ones([2, P])]);
      expect(dx!.shape).toEqual(shape);
      expect(dParameters!.shape).toEqual([2, P]);
      expect(new Set(dParameters!.dataSync())).toEqual(new Set([0]));
    },
  );
}

function nllArguments(): void {
  const nll = (head: Input, targets: Input, bounds: Input) =>
    gaussianNll(make(head) as tf.Tensor3D, make(targets) as tf.Tensor3D, make(bounds) as tf.Tensor2D);

  it.each<readonly [string, Input, Input, Input, string]>([
    [
      'head of another width',
      [2, 3, 5],
      [2, 3, 2],
      [2, 2],
      'head must be float32 [2, 3, 4], got float32 [2, 3, 5]',
    ],
    ['head of other members', [1, 3, 4], [2, 3, 2], [2, 2], 'head must be float32 [2, 3, 4]'],
    ['targets of other members', [2, 3, 4], [1, 3, 2], [2, 2], 'head must be float32 [1, 3, 4]'],
    ['targets of another width', [2, 3, 4], [2, 3, 3], [2, 2], 'head must be float32 [2, 3, 6]'],
    ['targets of two axes', [2, 3, 4], [3, 2], [2, 2], 'targets must be float32 [E, B, D]'],
    ['no members', [0, 3, 4], [0, 3, 2], [2, 2], 'targets must be float32 [E, B, D] with E and D at least 1'],
    ['no outputs', [2, 3, 0], [2, 3, 0], [2, 0], 'targets must be float32 [E, B, D] with E and D at least 1'],
    [
      'one bound for all outputs',
      [2, 3, 4],
      [2, 3, 2],
      [2, 1],
      'bounds must be float32 [2, 2], got float32 [2, 1]',
    ],
    ['bounds of one axis', [2, 3, 4], [2, 3, 2], [4], 'bounds must be float32 [2, 2]'],
    ['more bounds', [2, 3, 4], [2, 3, 2], [3, 2], 'bounds must be float32 [2, 2]'],
    ['integers as head', int(2, 3, 4), [2, 3, 2], [2, 2], 'got int32'],
    ['integers as targets', [2, 3, 4], int(2, 3, 2), [2, 2], 'got int32'],
    ['integers as bounds', [2, 3, 4], [2, 3, 2], int(2, 2), 'got int32'],
  ])('gaussianNll refuses %s', (_name, head, targets, bounds, message) => {
    expect(() => nll(head, targets, bounds)).toThrow(message);
    expect(() => nll(head, targets, bounds)).toThrow('Error in gaussianNll: ');
  });

  it('gaussianNll of an empty batch is NaN, and its gradient is zero', () => {
    expect(Array.from(nll([2, 0, 4], [2, 0, 2], [2, 2]).dataSync())).toEqual([NaN]);
    const f = (head: tf.Tensor, bounds: tf.Tensor) =>
      nll(
        () => head,
        [2, 0, 2],
        () => bounds,
      );
    const [dHead, dBounds] = tf.grads(f)([tf.zeros([2, 0, 4]), tf.ones([2, 2])]);
    expect(dHead!.shape).toEqual([2, 0, 4]);
    expect(dBounds!.arraySync()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
}

function policyArguments(): void {
  const sample = (head: Input, noise: Input) =>
    squashedGaussian(make(head) as tf.Tensor2D, make(noise) as tf.Tensor2D, BOUNDS);

  it.each<readonly [string, Input, Input, string]>([
    ['head of another width', [3, 3], [3, 2], 'head must be float32 [3, 4] or [1, 3, 4], got float32 [3, 3]'],
    ['head of another batch', [2, 4], [3, 2], 'head must be float32 [3, 4] or [1, 3, 4]'],
    ['head of two members', [2, 3, 4], [3, 2], 'head must be float32 [3, 4] or [1, 3, 4]'],
    ['head of one axis', [4], [1, 2], 'head must be float32 [1, 4] or [1, 1, 4]'],
    ['noise of another width', [3, 4], [3, 3], 'head must be float32 [3, 6]'],
    ['noise of one axis', [3, 4], [6], 'noise must be float32 [B, A]'],
    ['no actions', [3, 0], [3, 0], 'noise must be float32 [B, A] with A at least 1'],
    ['integers as head', int(3, 4), [3, 2], 'got int32'],
    ['integers as noise', [3, 4], int(3, 2), 'got int32'],
  ])('squashedGaussian refuses %s', (_name, head, noise, message) => {
    expect(() => sample(head, noise)).toThrow(message);
    expect(() => sample(head, noise)).toThrow('Error in squashedGaussian: ');
  });

  it('squashedGaussian of an empty batch is empty', () => {
    const { action, logProb } = sample([0, 4], [0, 2]);
    expect([action.shape, logProb.shape]).toEqual([[0, 2], [0]]);
    const f = (head: tf.Tensor) => {
      const { action, logProb } = sample(() => head, [0, 2]);
      return tf.add(tf.sum(action), tf.sum(logProb));
    };
    expect(tf.grad(f)(tf.zeros([0, 4])).shape).toEqual([0, 4]);
  });
}

function optimiserArguments(): void {
  const ones = (shape: readonly number[]) => tf.variable(tf.ones([...shape]));

  it.each<readonly [string, Partial<Record<'gradient' | 'm' | 'v' | 'l2' | 'parameters', Input>>, string]>([
    [
      'gradient of another shape',
      { gradient: [3, 2] },
      'gradient must be float32 [2, 3], got float32 [3, 2]',
    ],
    ['gradient that would broadcast', { gradient: [3] }, 'gradient must be float32 [2, 3]'],
    ['integers as gradient', { gradient: int(2, 3) }, 'gradient must be float32 [2, 3], got int32'],
    ['m of another shape', { m: [1, 3] }, 'm must be float32 [2, 3]'],
    ['v of another shape', { v: [6] }, 'v must be float32 [2, 3]'],
    ['L2 of the rows', { l2: [2] }, 'l2 must be float32 [3], got float32 [2]'],
    ['one L2 for all', { l2: [1] }, 'l2 must be float32 [3]'],
    ['L2 of every parameter', { l2: [2, 3] }, 'l2 must be float32 [3]'],
    ['integers as L2', { l2: int(3) }, 'l2 must be float32 [3], got int32'],
    ['integers as parameters', { parameters: int(2, 3) }, 'parameters must be float32 [2, 3], got int32'],
  ])('adamStep refuses %s, and writes nothing', (_name, wrong, message) => {
    const input = (name: keyof typeof wrong) => make(wrong[name] ?? [2, 3]);
    const [parameters, m, v] = (['parameters', 'm', 'v'] as const).map((name) => tf.variable(input(name)));
    const l2 = wrong.l2 && (make(wrong.l2) as tf.Tensor1D);
    const step = () => adamStep(parameters!, input('gradient'), m!, v!, COEFFICIENTS, l2);
    expect(step).toThrow(`Error in adamStep: ${message}`);
    for (const variable of [parameters, m, v]) {
      expect(new Set(variable!.dataSync())).toEqual(new Set([1]));
      variable!.dispose();
    }
  });

  it('adamStep refuses one variable in two places', () => {
    const [a, b] = [ones([2, 3]), ones([2, 3])];
    for (const [parameters, m, v] of [
      [a, b, b],
      [a, a, b],
      [a, b, a],
    ] as const) {
      expect(() => adamStep(parameters, tf.ones([2, 3]), m, v, COEFFICIENTS)).toThrow('three variables');
    }
    [a, b].forEach((variable) => variable.dispose());
  });

  it.each<readonly [string, Input, string]>([
    ['source of another shape', [3, 2], 'source must be float32 [2, 3], got float32 [3, 2]'],
    ['source that would broadcast', [3], 'source must be float32 [2, 3]'],
    ['integers as source', int(2, 3), 'source must be float32 [2, 3], got int32'],
  ])('polyakStep refuses %s', (_name, source, message) => {
    const target = ones([2, 3]);
    expect(() => polyakStep(target, make(source), 0.5)).toThrow(`Error in polyakStep: ${message}`);
    target.dispose();
  });

  it('adamStep and polyakStep take variables without values', () => {
    const [parameters, m, v] = [ones([0, 3]), ones([0, 3]), ones([0, 3])];
    adamStep(parameters, tf.ones([0, 3]), m, v, COEFFICIENTS, tf.ones([3]));
    polyakStep(parameters, tf.ones([0, 3]), 0.5);
    expect(parameters.shape).toEqual([0, 3]);
    [parameters, m, v].forEach((variable) => variable.dispose());
  });
}

/** What the fused operations make of arguments that do not fit, and of empty ones: the same on every backend. */
export function argumentCases(): void {
  describe('arguments of fused operations', () => {
    mlpArguments();
    nllArguments();
    policyArguments();
    optimiserArguments();
  });
}
