import { describe, expect, it } from 'vitest';
import { tf } from '../../src/compute/index.js';
import * as nd from './nd-array.js';
import type { NdArray } from './nd-array.js';
import { double, expectNear, norm, type Numbers } from './numbers.js';
import { matMul } from './reference.js';

const VALUE = 1e-5;

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
};

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp: Math.exp,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => (x < 0 ? 0 : x),
  softplus: (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
  step: (x) => (Number.isNaN(x) ? NaN : x > 0 ? 1 : 0),
};
const POSITIVE = ['sqrt', 'rsqrt', 'log'];

const REDUCTION: Readonly<Record<string, (values: number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
};

type Operation = (...args: unknown[]) => tf.Tensor;
const operation = (name: string): Operation => (tf as unknown as Record<string, Operation>)[name]!;

/** Operands of one case: the tensor and its values. */
class Operands {
  constructor(private readonly numbers: Numbers) {}

  draw(
    name: string,
    shape: readonly number[],
    change: (x: number) => number = (x) => x,
  ): { tensor: tf.Tensor; array: NdArray } {
    const size = shape.reduce((product, n) => product * n, 1);
    const values = this.numbers.normals(name, size).map(change);
    return { tensor: this.numbers.tensor(values, shape), array: { shape, values: double(values) } };
  }
}

function expectArray(actual: tf.Tensor, expected: NdArray, relative: number): void {
  expect(actual.shape).toEqual([...expected.shape]);
  expectNear(actual, expected.values, relative);
}

function matMulParity(numbers: Numbers): void {
  const operands = new Operands(numbers);
  const transposes = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
  const sizes = [
    { batchA: 1, batchB: 1, m: 1, n: 1, k: 1 },
    { batchA: 1, batchB: 1, m: 3, n: 17, k: 255 },
    { batchA: 1, batchB: 1, m: 257, n: 3, k: 17 },
    { batchA: 1, batchB: 1, m: 17, n: 257, k: 1 },
    { batchA: 1, batchB: 1, m: 255, n: 255, k: 257 },
    { batchA: 3, batchB: 3, m: 17, n: 3, k: 17 },
    { batchA: 3, batchB: 1, m: 3, n: 17, k: 5 },
    { batchA: 1, batchB: 3, m: 17, n: 1, k: 3 },
  ];
  const cases = sizes.flatMap((size) => transposes.map(([tA, tB]) => ({ ...size, tA, tB })));

  it.each(cases)(
    'matMul: $batchA x $m x $k times $batchB x $k x $n, transposed $tA $tB',
    ({ batchA, batchB, m, n, k, tA, tB }) => {
      const batch = Math.max(batchA, batchB);
      const a = operands.draw('a', [batchA, ...(tA ? [k, m] : [m, k])]);
      const b = operands.draw('b', [batchB, ...(tB ? [n, k] : [k, n])]);
      const expected = matMul(a.array.values, b.array.values, { batch, batchA, batchB, m, n, k }, tA, tB);
      const c = tf.matMul(a.tensor, b.tensor, tA, tB);
      expect(c.shape).toEqual([batch, m, n]);
      expectNear(c, expected, VALUE);
      if (batch > 1) return;
      const [a2, b2] = [tf.squeeze(a.tensor, [0]), tf.squeeze(b.tensor, [0])];
      expectNear(tf.matMul(a2, b2, tA, tB), expected, VALUE);
      // the wasm backend adds the bias in the wrong places when a matrix is transposed
      if (numbers.backend === 'wasm' && (tA || tB)) return;
      const bias = operands.draw('bias', [n]);
      const withBias = expected.map((value, i) => value + bias.array.values[i % n]!);
      // of the two terms, which may cancel
      const scale = norm(expected.map((value, i) => Math.abs(value) + Math.abs(bias.array.values[i % n]!)));
      for (const activation of ['linear', 'relu'] as const) {
        const fused = tf.fused.matMul({
          a: a2,
          b: b2,
          transposeA: tA,
          transposeB: tB,
          bias: bias.tensor,
          activation,
        });
        const active = activation === 'relu' ? withBias.map((x) => Math.max(x, 0)) : withBias;
        expectNear(fused, { values: active, scale }, VALUE);
      }
    },
  );

  it('matMul: NaN spreads over its row', () => {
    const c = tf.matMul(tf.tensor2d([NaN, 1, 1, 1], [2, 2]), tf.ones([2, 3])).dataSync();
    expect(Array.from(c)).toEqual([NaN, NaN, NaN, 2, 2, 2]);
  });

  // the wasm backend's fused relu turns NaN into 0
  it.skipIf(numbers.backend === 'wasm')('matMul: NaN passes a fused relu', () => {
    const product = { a: tf.tensor2d([NaN, 1, 1, -1], [2, 2]), b: tf.ones<tf.Rank.R2>([2, 2]) };
    const y = tf.fused.matMul({ ...product, bias: tf.tensor1d([-1e9, 1]), activation: 'relu' }).dataSync();
    expect(Array.from(y)).toEqual([NaN, NaN, 0, 1]);
  });
}

function elementwiseParity(numbers: Numbers): void {
  const operands = new Operands(numbers);
  const shapes: readonly (readonly [string, readonly number[], readonly number[]])[] = [
    ['same shape', [3, 257], [3, 257]],
    ['scalar', [17, 3], []],
    ['scalar first', [], [255]],
    ['row', [17, 255], [255]],
    ['column', [17, 3], [17, 1]],
    ['row and column', [1, 17], [3, 1]],
    ['the middle of a batch', [3, 5, 17], [3, 1, 17]],
    ['a matrix for all of a batch', [3, 5, 17], [5, 17]],
    ['columns of a batch', [3, 5, 17], [3, 5, 1]],
    ['one value of more axes', [17], [1, 1]],
    ['single values of other ranks', [1], [1, 1, 1]],
    ['general', [3, 1, 17, 1], [5, 1, 3]],
  ];
  for (const [name, f] of Object.entries(BINARY)) {
    it.each(shapes)(`${name}: %s`, (_, shapeA, shapeB) => {
      const a = operands.draw('a', shapeA);
      const b = operands.draw('b', shapeB, (x) => (name === 'div' ? Math.sign(x) * (Math.abs(x) + 0.1) : x));
      const expected = nd.binary(a.array, b.array, f);
      expectArray(operation(name)(a.tensor, b.tensor), expected, VALUE);
    });

    // the wasm backend's maximum and minimum are the first operand where the second is NaN
    it.skipIf(['maximum', 'minimum'].includes(name) && numbers.backend === 'wasm')(
      `${name}: special values`,
      () => {
        const special = [NaN, Infinity, -Infinity, 0, 1, -1];
        const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
        const [a, b] = [0, 1].map((i) =>
          numbers.tensor(
            Float32Array.from(pairs, (pair) => pair[i]!),
            [36],
          ),
        );
        const expected = pairs.map((pair) => f(...pair) + 0); // -0 is as good as 0
        expect(Array.from(operation(name)(a, b).dataSync(), (y) => y + 0)).toEqual(expected);
      },
    );
  }

  for (const [name, f] of Object.entries(UNARY)) {
    it.each([[[1]], [[3, 17]], [[255]], [[257, 3]]])(`${name}: %j`, (shape) => {
      const x = operands.draw('x', shape, (x) => (POSITIVE.includes(name) ? Math.abs(x) + 0.01 : 3 * x));
      expectArray(operation(name)(x.tensor), { shape, values: x.array.values.map(f) }, VALUE);
    });

    it(`${name}: special values`, () => {
      const special = [NaN, Infinity, -Infinity, 0, 1, -1, 1e-30, -1e-30, 30, -30, 100, -100].map(
        Math.fround,
      );
      const y = operation(name)(numbers.tensor(Float32Array.from(special), [special.length])).dataSync();
      special.forEach((x, i) => {
        const expected = Math.fround(f(x));
        if (!Number.isFinite(expected)) expect(y[i]).toBe(expected);
        else expect(Math.abs(y[i]! - expected)).toBeLessThanOrEqual(VALUE * Math.abs(expected) + 1e-30);
      });
    });
  }
}

function reductionParity(numbers: Numbers): void {
  const operands = new Operands(numbers);
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[1], [0]],
    [[257], [0]],
    [[17, 3], [0]],
    [[17, 255], [1]],
    [
      [3, 17],
      [0, 1],
    ],
    [[3, 5, 17], [0]],
    [[3, 5, 17], [1]],
    [[3, 5, 17], [2]],
    [[3, 1, 17], [1]],
    [
      [3, 1, 17],
      [0, 2],
    ],
    [
      [3, 5, 17],
      [0, 2],
    ],
    [
      [3, 5, 17],
      [1, 2],
    ],
    [
      [3, 5, 17],
      [0, 1, 2],
    ],
  ];
  for (const [name, f] of Object.entries(REDUCTION)) {
    it.each(cases)(`${name}: %j over %j`, (shape, axes) => {
      const x = operands.draw('x', shape, (x) => x + 0.5);
      const expected = nd.reduce(x.array, axes, f);
      const scale = norm(x.array.values);
      const y = operation(name)(x.tensor, axes);
      expect(y.shape).toEqual([...expected.shape]);
      expectNear(y, { ...expected, scale }, VALUE);
      const kept = operation(name)(x.tensor, axes, true);
      expect(kept.shape).toEqual(shape.map((n, axis) => (axes.includes(axis) ? 1 : n)));
      expectNear(kept, { ...expected, scale }, VALUE);
    });

    it(`${name}: infinities stay what they are`, () => {
      const x = numbers.tensor(Float32Array.of(-Infinity, -Infinity, Infinity, Infinity), [2, 2]);
      expect(Array.from(operation(name)(x, 1).dataSync())).toEqual([-Infinity, Infinity]);
    });

    it(`${name}: NaN stays NaN`, () => {
      for (const at of [0, 2]) {
        const row = Float32Array.of(1, 2, 3);
        row[at] = NaN;
        const y = operation(name)(numbers.tensor(Float32Array.of(...row, 1, 1, 1), [2, 3]), 1);
        expect(Array.from(y.dataSync(), Number.isNaN)).toEqual([true, false]);
      }
    });
  }
}

function layoutParity(numbers: Numbers): void {
  const operands = new Operands(numbers);

  it.each([
    [[17], [3], 0],
    [[17, 3], [17, 255], 1],
    [[3, 17], [1, 17], 0],
    [[3, 5, 1], [3, 5, 17], 2],
    [[3, 1, 17], [3, 5, 17], 1],
  ])('concat: %j and %j along %i', (shapeA, shapeB, axis) => {
    const [a, b] = [operands.draw('a', shapeA), operands.draw('b', shapeB)];
    const expected = nd.concat([a.array, b.array, a.array], axis);
    expectArray(tf.concat([a.tensor, b.tensor, a.tensor], axis), expected, 0);
  });

  it.each([
    [[257], [3], [17]],
    [
      [17, 5],
      [3, 0],
      [1, 5],
    ],
    [
      [17, 255],
      [0, 1],
      [17, 3],
    ],
    [
      [3, 5, 17],
      [1, 0, 3],
      [2, 5, 1],
    ],
    [
      [3, 5, 17],
      [1, 1, 1],
      [2, 2, 3],
    ],
    [
      [3, 5, 17],
      [0, 1, 2],
      [3, 1, 2],
    ],
    [
      [2, 3, 5, 17],
      [1, 2, 3, 0],
      [1, 1, 1, 17],
    ],
    [
      [2, 3, 5, 17],
      [0, 1, 1, 1],
      [2, 2, 3, 5],
    ],
  ])('slice: %j from %j, %j values', (shape, begin, size) => {
    const x = operands.draw('x', shape);
    expectArray(tf.slice(x.tensor, begin, size), nd.slice(x.array, begin, size), 0);
  });

  it.each([
    [[17, 6], [1, 2, 3], 1],
    [[6, 17], [3, 3], 0],
    [[3, 5, 17], [1, 16], 2],
  ])('split: %j into %j along %i', (shape, sizes, axis) => {
    const x = operands.draw('x', shape);
    const parts = tf.split(x.tensor, sizes, axis);
    expect(parts).toHaveLength(sizes.length);
    let start = 0;
    parts.forEach((part, i) => {
      const begin = shape.map((_, d) => (d === axis ? start : 0));
      const size = shape.map((n, d) => (d === axis ? sizes[i]! : n));
      expectArray(part, nd.slice(x.array, begin, size), 0);
      start += sizes[i]!;
    });
  });

  it.each([
    [[257], [256, 0, 3, 3], 0],
    [[17, 255], [16, 0, 5], 0],
    [[17, 5], [4, 4, 0], 1],
    [[3, 5, 17], [1], 1],
  ])('gather: %j at %j along %i', (shape, indices, axis) => {
    const x = operands.draw('x', shape);
    const y = tf.gather(x.tensor, tf.tensor1d(indices, 'int32'), axis);
    expectArray(y, nd.gather(x.array, indices, axis), 0);
  });

  it.each([
    [
      [17, 255],
      [1, 0],
    ],
    [
      [1, 257],
      [1, 0],
    ],
    [
      [3, 5, 17],
      [0, 2, 1],
    ],
    [
      [3, 5, 17],
      [2, 1, 0],
    ],
    [
      [3, 5, 17],
      [1, 2, 0],
    ],
    [
      [3, 5, 17],
      [2, 0, 1],
    ],
    [
      [3, 5, 17],
      [0, 1, 2],
    ],
    [
      [3, 5, 17],
      [1, 0, 2],
    ],
    [
      [2, 3, 1, 17],
      [3, 1, 0, 2],
    ],
  ])('transpose: %j by %j', (shape, permutation) => {
    const x = operands.draw('x', shape);
    expectArray(tf.transpose(x.tensor, permutation), nd.transpose(x.array, permutation), 0);
  });

  it('clone: has the values, and keeps them when the original is gone', () => {
    const x = operands.draw('x', [3, 17]);
    const copy = x.tensor.clone();
    x.tensor.dispose();
    expectArray(copy, x.array, 0);
  });
}

/** tfjs's own operations, in so far as a backend of ours overrides them, against loops in double precision. */
export function tfjsCases(numbers: Numbers): void {
  describe('tfjs operations', () => {
    matMulParity(numbers);
    elementwiseParity(numbers);
    reductionParity(numbers);
    layoutParity(numbers);
  });
}
