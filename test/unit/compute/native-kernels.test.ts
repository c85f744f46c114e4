/**
 * What the native kernels leave to tfjs: types, empty tensors, rare forms and errors are as on the CPU backend. Values and shapes of
 * what they compute themselves: `test/kernels`.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tf } from '../../../src/compute/tf.js';
import { registerNativeBackend, type NativeBackend } from '../../../src/compute/native/backend.js';
import { foldBroadcast } from '../../../src/compute/native/kernels/binary.js';
import { describeAddon } from '../../kernels/backends.js';

/** Numbers that look random and are the same every time. */
const numbers = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1)) * ((i % 7) + 0.5));
const tensor = (...shape: number[]) => tf.tensor(numbers(tf.util.sizeFromShape(shape)), shape);
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

describeAddon('native kernels', (addon) => {
  let tensors: number;

  beforeAll(async () => {
    registerNativeBackend(addon);
    await tf.setBackend('native');
  });

  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });

  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each<readonly [string, () => tf.Tensor | tf.Tensor[]]>([
    ['matMul', () => tf.matMul(int([1, 2, 3, 4], [2, 2]), int([5, 6, 7, 8], [2, 2]))],
    [
      'binary',
      () => [
        tf.add(int([5, -7]), int([2, 2])),
        tf.mul(int([5, -7]), tf.scalar(0.5)),
        tf.add(tf.tensor1d([true, false], 'bool'), tf.scalar(1)),
        tf.real(tf.mul(tf.complex([1, 2], [3, 4]), tf.complex([1, 2], [3, 4]))),
      ],
    ],
    ['unary', () => [tf.neg(int([1, -2])), tf.abs(int([1, -2])), tf.square(int([3])), tf.relu(int([-3, 4]))]],
    [
      'reductions',
      () => [
        tf.sum(int([1, 2, 3])),
        tf.mean(int([1, 2, 4])),
        tf.max(int([1, 5, 3])),
        tf.sum(tf.tensor1d([true, true], 'bool')),
      ],
    ],
    [
      'moves',
      () => [
        tf.concat([int([1, 2]), int([3])]),
        tf.slice(int([1, 2, 3]), 1, 2),
        tf.gather(int([7, 8, 9]), int([2, 0])),
        tf.transpose(int([1, 2, 3, 4, 5, 6], [2, 3])),
      ],
    ],
    [
      'float32 tensors that share the storage of int32 ones',
      () => {
        const x = tf.cast(int([1, 2, 3, 4], [2, 2]), 'float32');
        return [tf.exp(x), tf.add(x, x), tf.matMul(x, x), tf.sum(x, 1), tf.concat([x, x]), tf.transpose(x)];
      },
    ],
  ])('take other types as the CPU backend does: %s', (_name, f) => expectSame(f));

  it.each<readonly [string, () => tf.Tensor | tf.Tensor[]]>([
    [
      'matMul',
      () => [tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])), tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2]))],
    ],
    ['binary', () => [tf.add(tf.zeros([0, 3]), tensor(3)), tf.mul(tf.zeros([0]), 2)]],
    ['unary', () => [tf.exp(tensor(0)), tf.relu(tf.zeros([0, 2]))]],
    ['reductions', () => [tf.sum(tf.zeros([0, 3]), 0), tf.mean(tf.zeros([0, 3])), tf.max(tf.zeros([0]))]],
    [
      'moves',
      () => [
        tf.concat([tensor(2, 3), tf.zeros([0, 3]), tensor(1, 3)], 0),
        tf.slice(tensor(3, 4), [1, 1], [0, 2]),
        ...tf.split(tensor(4, 6), [0, 4], 0),
        tf.gather(tensor(5, 3), tf.tensor1d([], 'int32')),
        tf.transpose(tensor(0, 3)),
      ],
    ],
  ])('take tensors without values as the CPU backend does: %s', (_name, f) => expectSame(f));

  it.each<readonly [string, () => tf.Tensor | tf.Tensor[]]>([
    [
      'products of other ranks',
      () =>
        [false, true].flatMap((transposed) => {
          const b = (...batch: number[]) => tensor(...batch, ...(transposed ? [4, 3] : [3, 4]));
          return [
            tf.matMul(tensor(5, 3), b(2), false, transposed),
            tf.matMul(tensor(2, 5, 3), b(), false, transposed),
            tf.matMul(tensor(2, 3, 5, 3), b(1), false, transposed),
            tf.matMul(tensor(2, 3, 5, 3), b(2, 3), false, transposed),
            tf.matMul(tensor(2, 1, 5, 3), b(2, 3), false, transposed),
          ];
        }),
    ],
    [
      'products with every bias and activation',
      () => {
        const [a, b] = [tensor(4, 3) as tf.Tensor2D, tensor(3, 5) as tf.Tensor2D];
        const biases = [undefined, tensor(5), tensor(1, 5), tf.scalar(0.5), tensor(4, 5), tensor(4, 1)];
        const activations = ['linear', 'relu', 'sigmoid', 'elu', 'relu6', 'leakyrelu', 'prelu'] as const;
        return biases.flatMap((bias) =>
          activations.map((activation) =>
            tf.fused.matMul({
              a,
              b,
              ...(bias && { bias }),
              activation,
              leakyreluAlpha: 0.3,
              preluActivationWeights: tensor(5),
            }),
          ),
        );
      },
    ],
    ['step with a slope', () => tf.step(tensor(17), 0.5)],
    [
      'reductions of scalars, over no axis, and over axes counted from the end or out of order',
      () => [
        tf.sum(tf.scalar(3)),
        tf.mean(tf.scalar(3)),
        tf.sum(tensor(2, 3), []),
        tf.max(tensor(2, 3, 4)),
        tf.mean(tensor(2, 3, 4), -1, true),
        tf.min(tensor(2, 3, 4), [2, 0]),
        tf.sum(tensor(2, 3, 4), [1, 0], true),
      ],
    ],
    [
      'moves along axes counted from the end, and of sizes to be found out',
      () => [
        tf.concat([tensor(2, 3), tensor(2, 1)], -1),
        tf.slice(tensor(3, 4), [1], [-1]),
        ...tf.split(tensor(4, 6), 3, -1),
        ...tf.split(tensor(4, 6), [1, -1], 0),
        tf.stack([tensor(2, 3), tensor(2, 3)], 1),
        ...tf.unstack(tensor(3, 2)),
        tf.slice(tensor(2, 3, 4, 5), [0, 1, 1, 1], [2, 2, 3, 3]),
      ],
    ],
    [
      'gather by a scalar, by a matrix and in batches',
      () => [
        tf.gather(tensor(5, 3), tf.scalar(2, 'int32')),
        tf.gather(tensor(5, 3, 2), int([1, 2, 3, 0], [2, 2])),
        tf.gather(tensor(2, 3), int([0, 1, 2, 1], [2, 2]), 1, 1),
      ],
    ],
  ])('take rare forms as the CPU backend does: %s', (_name, f) => expectSame(f));

  it.each<readonly [string, () => tf.Tensor | tf.Tensor[], string]>([
    ['matMul of other lengths', () => tf.matMul(tensor(2, 3), tensor(4, 2)), 'inner shapes (3) and (4)'],
    ['add of shapes that do not broadcast', () => tf.add(tensor(2, 3), tensor(4)), 'could not be broadcast'],
    ['sum over an axis that is not there', () => tf.sum(tensor(2, 3), 2), 'axis'],
    ['concat of other lengths', () => tf.concat([tensor(2, 3), tensor(2, 4)], 0), 'Shape of tensors[1]'],
    ['concat of other ranks', () => tf.concat([tensor(2, 3), tensor(6)], 0), 'rank of tensors[1]'],
    ['concat along no axis', () => tf.concat([tensor(2, 3), tensor(2, 3)], 2), 'axis'],
    ['slice outside', () => tf.slice(tensor(4, 5), [3, 0], [2, 5]), 'begin[0] + size[0]'],
    ['split that leaves a rest', () => tf.split(tensor(4, 6), 3), 'evenly'],
    ['gather above', () => tf.gather(tensor(5, 3), int([0, 5])), 'the index value 5'],
    ['gather below', () => tf.gather(tensor(5, 3), int([0, -1])), 'the index value -1'],
  ])('refuse as the CPU backend does: %s', async (_name, f, part) => {
    const [cpu, native] = await onBoth(f);
    expect(cpu).toContain(part);
    expect(native).toBe(cpu);
  });

  it.each<readonly [string, (x: tf.Tensor) => tf.Tensor]>([
    ['unary', (x) => tf.exp(x)],
    ['binary', (x) => tf.add(x, tf.scalar(1))],
    ['matMul', (x) => tf.matMul(x, tensor(3, 2))],
    ['sum', (x) => tf.sum(x)],
    ['concat', (x) => tf.concat([x, x])],
    ['slice', (x) => tf.slice(x, [0, 0], [1, 1])],
    ['gather', (x) => tf.gather(x, int([0]))],
    ['transpose', (x) => tf.transpose(x)],
  ])('refuse a disposed tensor as the CPU backend does: %s', async (_name, f) => {
    const [cpu, native] = await onBoth(() => {
      const x = tensor(2, 3);
      x.dispose();
      return f(x);
    });
    expect(typeof cpu).toBe('string');
    expect(native).toBe(cpu);
  });

  it('do not share the storage of their input', () => {
    tf.tidy(() => {
      const x = tf.add(tensor(4, 4), 0);
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

  it('reshape, cast and clone share the data of their input, as on the CPU backend', () => {
    tf.tidy(() => {
      const x = tensor(2, 3);
      expect(tf.reshape(x, [3, 2]).dataId).toBe(x.dataId);
      expect(tf.cast(x, 'float32').dataId).toBe(x.dataId);
      expect(tf.clone(x).dataId).toBe(x.dataId);
    });
  });

  describe('foldBroadcast', () => {
    const folded = (a: number[], b: number[]) => {
      const loops = { rows: 0, columns: 0, aRowStride: 0, aColumnStride: 0, bRowStride: 0, bColumnStride: 0 };
      return foldBroadcast(a, b, loops) ? Object.values(loops) : undefined;
    };

    it('makes two loops of a broadcast where that is possible', () => {
      expect(folded([2, 3, 4], [3, 4])).toEqual([2, 12, 12, 1, 0, 1]);
      expect(folded([3, 1], [1, 4])).toEqual([3, 4, 1, 0, 0, 1]);
      expect(folded([2, 3, 4], [2, 1, 4])).toBeUndefined();
    });
  });
});
