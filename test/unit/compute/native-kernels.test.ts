import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tf } from '../../../src/compute/tf.js';
import { loadAddon } from '../../../src/compute/native/addon.js';
import { registerNativeBackend, type NativeBackend } from '../../../src/compute/native/backend.js';
import { foldBroadcast } from '../../../src/compute/native/kernels/binary.js';

const loaded = loadAddon();
const skipped = 'missing' in loaded ? ` (skipped: ${loaded.missing})` : '';

/** Numbers that look random and are the same every time. */
const numbers = (count: number, scale = 1) =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.sin(12.9898 * (i + 1)) * ((i % 7) + 0.5));
const tensor = (shape: number[], scale = 1) => tf.tensor(numbers(tf.util.sizeFromShape(shape), scale), shape);
const int = (values: number[], shape = [values.length]) => tf.tensor(values, shape, 'int32');

interface Result {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

function run(f: () => tf.Tensor | tf.Tensor[]): Result[] | string {
  try {
    return tf.tidy(() => {
      const results = f();
      return (Array.isArray(results) ? results : [results]).map((x) => ({
        shape: x.shape,
        dtype: x.dtype,
        values: Array.from(x.dataSync() as ArrayLike<number>),
      }));
    });
  } catch (error) {
    return (error as Error).message;
  }
}

/** The results on both backends, CPU first; an error is its message. */
async function onBoth(
  f: () => tf.Tensor | tf.Tensor[],
): Promise<readonly [Result[] | string, Result[] | string]> {
  await tf.setBackend('cpu');
  const cpu = run(f);
  await tf.setBackend('native');
  return [cpu, run(f)];
}

async function expectSame(f: () => tf.Tensor | tf.Tensor[]): Promise<void> {
  const [cpu, native] = await onBoth(f);
  if (typeof cpu === 'string' || typeof native === 'string') {
    expect(native).toEqual(cpu);
    expect(cpu).toBe('results, not an error');
    return;
  }
  expect(native.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    cpu.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  cpu.forEach(({ values }, i) => {
    const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
    values.forEach((value, j) => {
      const got = native[i]!.values[j]!;
      if (Number.isFinite(value))
        expect(Math.abs(got - value) / scale, `output ${i}, value ${j}`).toBeLessThan(2e-6);
      else expect(got, `output ${i}, value ${j}`).toBe(value);
    });
  });
}

async function expectSameError(f: () => tf.Tensor | tf.Tensor[], part: string): Promise<void> {
  const [cpu, native] = await onBoth(f);
  expect(cpu).toContain(part);
  expect(native).toBe(cpu);
}

describe.skipIf('missing' in loaded)(`native kernels${skipped}`, () => {
  let tensors: number;

  beforeAll(async () => {
    if ('addon' in loaded) registerNativeBackend(loaded.addon);
    await tf.setBackend('native');
  });

  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });

  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensors);
  });

  describe('matMul', () => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 5, 2],
      [17, 33, 9],
      [1, 64, 31],
    ] as const) {
      for (const [transposeA, transposeB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        it(`${m} x ${k} by ${k} x ${n}, transposed ${transposeA} ${transposeB}`, () =>
          expectSame(() => {
            const a = tensor(transposeA ? [k, m] : [m, k]);
            const b = tensor(transposeB ? [n, k] : [k, n], 2);
            const a3 = tensor(transposeA ? [3, k, m] : [3, m, k]);
            const b3 = tensor(transposeB ? [3, n, k] : [3, k, n], 2);
            const a4 = tensor(transposeA ? [2, 3, k, m] : [2, 3, m, k]);
            const b1 = tensor(transposeB ? [1, n, k] : [1, k, n]);
            return [
              [a, b],
              [a3, b3],
              [a3, b1],
              [a, b3],
              [a3, b],
              [a4, b1],
              [a4, tensor(transposeB ? [2, 3, n, k] : [2, 3, k, n])],
            ].map(([left, right]) => tf.matMul(left!, right!, transposeA, transposeB));
          }));
      }
    }

    it('with a bias and every activation', () =>
      expectSame(() => {
        const [a, b] = [tensor([4, 3]) as tf.Tensor2D, tensor([3, 5]) as tf.Tensor2D];
        const biases = [
          undefined,
          tensor([5]),
          tensor([1, 5]),
          tf.scalar(0.5),
          tensor([4, 5]),
          tensor([4, 1]),
        ];
        const activations = ['linear', 'relu', 'sigmoid', 'elu', 'relu6', 'leakyrelu', 'prelu'] as const;
        return biases.flatMap((bias) =>
          activations.map((activation) =>
            tf.fused.matMul({
              a,
              b,
              ...(bias && { bias }),
              activation,
              leakyreluAlpha: 0.3,
              preluActivationWeights: tensor([5]),
            }),
          ),
        );
      }));

    it('with gradients', () =>
      expectSame(() => {
        const inputs = [tensor([4, 3]), tensor([3, 5]), tensor([5])];
        return tf.grads((a, b, bias) => tf.sum(tf.square(tf.fused.matMul({ a: a, b: b, bias: bias }))))(
          inputs,
        );
      }));

    it('with NaN and infinity', () =>
      expectSame(() => {
        const a = tf.tensor2d([NaN, 1, 2, Infinity, 3, 4], [3, 2]);
        const product = { a, b: tf.tensor2d([1, 2, 3, 4], [2, 2]) };
        return [
          tf.matMul(product.a, product.b),
          tf.fused.matMul({ ...product, bias: tf.tensor1d([-1e9, 1]), activation: 'relu' }),
        ];
      }));

    it('on empty and integer matrices', () =>
      expectSame(() => [
        tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])),
        tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])),
        tf.matMul(int([1, 2, 3, 4], [2, 2]), int([5, 6, 7, 8], [2, 2])),
      ]));

    it('refuses shapes that do not fit as tfjs does', () =>
      expectSameError(() => tf.matMul(tensor([2, 3]), tensor([4, 2])), 'inner shapes (3) and (4)'));
  });

  describe('binary', () => {
    const SHAPES: readonly (readonly [number[], number[]])[] = [
      [
        [3, 4],
        [3, 4],
      ],
      [[3, 4], []],
      [[], [3, 4]],
      [
        [3, 4],
        [1, 1],
      ],
      [[3, 4], [4]],
      [
        [3, 4],
        [3, 1],
      ],
      [[4], [3, 4]],
      [
        [3, 1],
        [1, 4],
      ],
      [[2, 3, 4], [4]],
      [
        [2, 3, 4],
        [2, 1, 1],
      ],
      [
        [2, 3, 4],
        [3, 4],
      ],
      [
        [2, 3, 4],
        [2, 3, 1],
      ],
      [
        [2, 3, 4],
        [2, 1, 4],
      ],
      [
        [2, 1, 4],
        [1, 3, 1],
      ],
      [[1], [1, 1, 1]],
      [[3], [1, 1]],
      [[1, 1, 1], [1]],
      [[0, 3], [3]],
      [
        [5, 1, 2],
        [1, 1, 2],
      ],
    ];
    it.each(SHAPES)('%j with %j', (a, b) =>
      expectSame(() => {
        const [x, y] = [tensor(a), tensor(b, 3)];
        return [tf.add(x, y), tf.sub(x, y), tf.mul(x, y), tf.div(x, y), tf.maximum(x, y), tf.minimum(x, y)];
      }),
    );

    it.each(SHAPES)('gradients of %j with %j', (a, b) =>
      expectSame(() => {
        const f = (x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.mul(tf.sub(x, y), tf.div(x, tf.add(y, 9))));
        return tf.grads((x, y) => f(x, y))([tensor(a), tensor(b, 3)]);
      }),
    );

    it('with other types, NaN, infinity and division by zero', () =>
      expectSame(() => {
        const x = tf.tensor1d([NaN, Infinity, -Infinity, 0, -0, 1]);
        const y = tf.tensor1d([1, NaN, Infinity, 0, 0, 0]);
        const [i, j] = [int([5, -7]), int([2, 2])];
        return [
          tf.add(x, y),
          tf.div(x, y),
          tf.maximum(x, y),
          tf.minimum(x, y),
          tf.add(i, j),
          tf.mul(i, tf.scalar(0.5)),
          tf.add(tf.tensor1d([true, false], 'bool'), tf.scalar(1)),
          tf.real(tf.mul(tf.complex([1, 2], [3, 4]), tf.complex([1, 2], [3, 4]))),
        ];
      }));

    it('refuses shapes that do not fit as tfjs does', () =>
      expectSameError(() => tf.add(tensor([2, 3]), tensor([4])), 'could not be broadcast'));

    it('fold a broadcast into two loops where that is possible', () => {
      const loops = { rows: 0, columns: 0, aRowStride: 0, aColumnStride: 0, bRowStride: 0, bColumnStride: 0 };
      expect(foldBroadcast([2, 3, 4], [3, 4], loops)).toBe(true);
      expect(loops).toEqual({
        rows: 2,
        columns: 12,
        aRowStride: 12,
        aColumnStride: 1,
        bRowStride: 0,
        bColumnStride: 1,
      });
      expect(foldBroadcast([3, 1], [1, 4], loops)).toBe(true);
      expect(loops).toEqual({
        rows: 3,
        columns: 4,
        aRowStride: 1,
        aColumnStride: 0,
        bRowStride: 0,
        bColumnStride: 1,
      });
      expect(foldBroadcast([2, 3, 4], [2, 1, 4], loops)).toBe(false);
    });
  });

  it('unary functions, on special values and odd sizes', () =>
    expectSame(() => {
      const special = tf.tensor1d([0, -0, 1, -1, NaN, Infinity, -Infinity, 1e-30, -1e-30, 30, -30, 90, -90]);
      return [special, tensor([17]), tensor([3, 5], 4), tensor([]), tf.zeros([0, 2]), tensor([257])].flatMap(
        (x) => [
          tf.neg(x),
          tf.abs(x),
          tf.square(x),
          tf.sqrt(x),
          tf.rsqrt(x),
          tf.exp(tf.minimum(x, 10)),
          tf.log(x),
          tf.sigmoid(x),
          tf.tanh(x),
          tf.relu(x),
          tf.softplus(x),
          tf.step(x),
          tf.step(x, 0.5),
        ],
      );
    }));

  it('unary functions of other types', () =>
    expectSame(() => [
      tf.neg(int([1, -2])),
      tf.abs(int([1, -2])),
      tf.square(int([3])),
      tf.relu(int([-3, 4])),
    ]));

  describe('reductions', () => {
    const axes: (number | number[] | undefined)[] = [
      undefined,
      0,
      1,
      2,
      -1,
      [0, 1],
      [1, 2],
      [0, 2],
      [2, 0],
      [0, 1, 2],
    ];
    it.each(axes.map((axis) => [axis]))('over axis %j', (axis) =>
      expectSame(() =>
        [tensor([3, 4, 5]), tensor([3, 1, 5]), tensor([1, 4, 1])].flatMap((x) =>
          [false, true].flatMap((keepDims) => [
            tf.sum(x, axis, keepDims),
            tf.mean(x, axis, keepDims),
            tf.max(x, axis, keepDims),
            tf.min(x, axis, keepDims),
          ]),
        ),
      ),
    );

    it('of scalars, of nothing, of other types, and with NaN', () =>
      expectSame(() => [
        tf.sum(tf.scalar(3)),
        tf.mean(tf.scalar(3)),
        tf.sum(tf.zeros([0, 3]), 0),
        tf.mean(tf.zeros([0, 3])),
        tf.max(tf.zeros([0])),
        tf.sum(int([1, 2, 3])),
        tf.mean(int([1, 2, 4])),
        tf.max(int([1, 5, 3])),
        tf.sum(tf.tensor1d([true, true], 'bool')),
        tf.sum(tf.tensor1d([1, NaN, 2])),
        tf.max(tf.tensor1d([1, NaN, 2])),
        tf.min(tf.tensor1d([NaN, 1, 2])),
        tf.max(tf.tensor1d([-Infinity, -Infinity])),
        tf.sum(tensor([2, 3]), []),
      ]));

    it('refuse an axis that is not there as tfjs does', () =>
      expectSameError(() => tf.sum(tensor([2, 3]), 2), 'axis'));
  });

  describe('moves', () => {
    it('concat', () =>
      expectSame(() => [
        tf.concat([tensor([2, 3]), tensor([4, 3], 2)], 0),
        tf.concat([tensor([2, 3]), tensor([2, 1], 2), tensor([2, 4], 3)], 1),
        tf.concat([tensor([2, 3, 2]), tensor([2, 1, 2], 2)], 1),
        tf.concat([tensor([2, 3]), tensor([2, 1], 2)], -1),
        tf.concat([tensor([2, 3]), tf.zeros([0, 3]), tensor([1, 3])], 0),
        tf.concat([int([1, 2]), int([3])]),
        tf.stack([tensor([2, 3]), tensor([2, 3], 2)], 1),
      ]));

    it.each([
      ['lengths', [2, 3], [2, 4], 0, 'Shape of tensors[1]'],
      ['ranks', [2, 3], [6], 0, 'rank of tensors[1]'],
      ['an axis', [2, 3], [2, 3], 2, 'axis'],
    ] as const)('concat refuses %s that do not fit as tfjs does', (_name, a, b, axis, message) =>
      expectSameError(() => tf.concat([tensor([...a]), tensor([...b])], axis), message),
    );

    it('slice', () =>
      expectSame(() => [
        tf.slice(tensor([7]), 2, 3),
        tf.slice(tensor([4, 5]), [1, 0], [2, 5]),
        tf.slice(tensor([4, 5]), [1, 2], [3, 2]),
        tf.slice(tensor([3, 4, 5]), [1, 1, 1], [2, 2, 3]),
        tf.slice(tensor([3, 4, 5]), [1, 1, 0], [1, 2, 5]),
        tf.slice(tensor([3, 4, 5]), [0, 1, 2], [3, 1, 2]),
        tf.slice(tensor([2, 3, 4, 5]), [0, 1, 1, 1], [2, 2, 3, 3]),
        tf.slice(tensor([2, 3, 4, 5]), [1, 2, 3, 0], [1, 1, 1, 5]),
        tf.slice(tensor([3, 4]), [1], [-1]),
        tf.slice(tensor([3, 4]), [1, 1], [0, 2]),
        tf.slice(int([1, 2, 3]), 1, 2),
        tf.slice(tensor([3, 4]), [0, 0], [3, 4]),
      ]));

    it('none shares the storage of its input', () => {
      tf.tidy(() => {
        const x = tf.add(tensor([4, 4]), 0);
        const isShared = () => !(tf.backend() as NativeBackend).ownsExclusively(x.dataId);
        tf.slice(x, [1, 0], [2, 4]);
        tf.slice(x, [1, 2], [3, 2]);
        tf.split(x, 2);
        tf.split(x, 4, 1);
        tf.transpose(x);
        tf.gather(x, [1]);
        tf.sum(x, 0);
        tf.tanh(x);
        tf.add(x, 1);
        tf.concat([x, x]);
        tf.matMul(x, x, true);
        expect(isShared()).toBe(false);
        tf.cos(x); // a CPU kernel: the check itself works
        expect(isShared()).toBe(true);
      });
    });

    it('slice refuses what is outside as tfjs does', () =>
      expectSameError(() => tf.slice(tensor([4, 5]), [3, 0], [2, 5]), 'begin[0] + size[0]'));

    it('split', () =>
      expectSame(() => [
        ...tf.split(tensor([4, 6]), 2),
        ...tf.split(tensor([4, 6]), 3, 1),
        ...tf.split(tensor([4, 6]), [1, 5], 1),
        ...tf.split(tensor([4, 6]), [1, -1], 0),
        ...tf.split(tensor([2, 4, 3]), [1, 3], 1),
        ...tf.split(tensor([4, 6]), [0, 4], 0),
        ...tf.unstack(tensor([3, 2])),
      ]));

    it('split refuses what does not fit as tfjs does', () =>
      expectSameError(() => tf.split(tensor([4, 6]), 3), 'evenly'));

    it('gather', () =>
      expectSame(() => [
        tf.gather(tensor([5, 3]), int([4, 0, 4])),
        tf.gather(tensor([5, 3, 2]), int([1, 2, 3, 0], [2, 2])),
        tf.gather(tensor([5]), int([4, 1])),
        tf.gather(tensor([5, 3]), int([2, 0]), 1),
        tf.gather(tensor([5, 3]), tf.scalar(2, 'int32')),
        tf.gather(tensor([2, 3]), int([0, 1, 2, 1], [2, 2]), 1, 1),
        tf.gather(tensor([5, 3]), tf.tensor1d([], 'int32')),
        tf.gather(int([7, 8, 9]), int([2, 0])),
      ]));

    it.each([5, -1])('gather refuses index %d as tfjs does', (index) =>
      expectSameError(() => tf.gather(tensor([5, 3]), int([0, index])), `the index value ${index}`),
    );

    it('transpose', () =>
      expectSame(() => [
        tf.transpose(tensor([3, 5])),
        tf.transpose(tensor([1, 5])),
        tf.transpose(tensor([2, 3, 5]), [0, 2, 1]),
        tf.transpose(tensor([2, 3, 5]), [1, 2, 0]),
        tf.transpose(tensor([2, 3, 5]), [2, 0, 1]),
        tf.transpose(tensor([2, 3, 5]), [1, 0, 2]),
        tf.transpose(tensor([2, 3, 5])),
        tf.transpose(tensor([2, 3, 5]), [0, 1, 2]),
        tf.transpose(tensor([2, 3, 4, 5]), [0, 3, 1, 2]),
        tf.transpose(tensor([0, 3])),
        tf.transpose(int([1, 2, 3, 4, 5, 6], [2, 3])),
      ]));
  });

  it('reshape, cast and clone share the data of their input, as on the CPU backend', () => {
    tf.tidy(() => {
      const x = tensor([2, 3]);
      expect(tf.reshape(x, [3, 2]).dataId).toBe(x.dataId);
      expect(tf.cast(x, 'float32').dataId).toBe(x.dataId);
      expect(tf.clone(x).dataId).toBe(x.dataId);
    });
  });

  it('take a float32 tensor that shares the storage of an int32 one', () =>
    expectSame(() => {
      const x = tf.cast(int([1, 2, 3, 4], [2, 2]), 'float32');
      return [tf.exp(x), tf.add(x, x), tf.matMul(x, x), tf.sum(x, 1), tf.concat([x, x]), tf.transpose(x)];
    }));

  it.each([
    ['unary', (x: tf.Tensor) => tf.exp(x)],
    ['binary', (x: tf.Tensor) => tf.add(x, tf.scalar(1))],
    ['matMul', (x: tf.Tensor) => tf.matMul(x, tensor([3, 2]))],
    ['sum', (x: tf.Tensor) => tf.sum(x)],
    ['concat', (x: tf.Tensor) => tf.concat([x, x])],
    ['slice', (x: tf.Tensor) => tf.slice(x, [0, 0], [1, 1])],
    ['gather', (x: tf.Tensor) => tf.gather(x, int([0]))],
    ['transpose', (x: tf.Tensor) => tf.transpose(x)],
  ] as const)('%s refuses a disposed tensor as the CPU backend does', async (_name, f) => {
    const [cpu, native] = await onBoth(() => {
      const x = tensor([2, 3]);
      x.dispose();
      return f(x);
    });
    expect(typeof cpu).toBe('string');
    expect(native).toBe(cpu);
  });
});
