import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { tf } from '../../../src/compute/tf.js';
import type { NativeBackend } from '../../../src/compute/native/backend.js';
import { registerNativeBackend } from '../../../src/compute/native/backend.js';
import { describeNative } from '../../kernels/backends.js';

describeNative('native backend', (addon) => {
  const native = () => tf.backend() as NativeBackend;
  /** A tensor that a native kernel made. */
  const made = (values: number[], shape = [values.length]) =>
    tf.tidy(() => tf.add(tf.tensor(values, shape), 0));
  /** Makes and frees native tensors of that size, so that a buffer that was recycled wrongly is overwritten. */
  const churn = (size: number) => {
    tf.tidy(() => {
      for (let i = 0; i < 4; i++) tf.add(tf.fill([size], -99), 0);
    });
  };
  /** Overwrites a tensor in place, as AdamStep and PolyakStep do, where that is allowed. */
  const overwrite = (x: tf.Tensor) =>
    tf.engine().runKernel('PolyakStep', { target: x, source: tf.fill(x.shape, -7) }, { tau: 1 });

  it('extends the very CPU backend that tfjs uses', () => {
    expect(tf.findBackend('cpu').constructor).toBe(MathBackendCPU);
    expect(tf.backend()).toBeInstanceOf(MathBackendCPU);
  });

  it('can be registered again without harm, and has every kernel of the CPU backend', () => {
    const kernels = tf.getKernelsForBackend('native');
    registerNativeBackend(addon);
    expect(tf.getKernelsForBackend('native')).toEqual(kernels);
    const names = new Set(kernels.map((kernel) => kernel.kernelName));
    for (const { kernelName } of tf.getKernelsForBackend('cpu')) expect(names).toContain(kernelName);
    expect(new Set(names).size).toBe(kernels.length);
  });

  describe('ownership', () => {
    it('is exclusive for what a native kernel made, until it is cloned, reshaped, cast or read', () => {
      const x = made([1, 2, 3, 4]);
      expect(native().ownsExclusively(x.dataId)).toBe(true);
      const aliases = [
        () => x.clone(),
        () => tf.tidy(() => x.reshape([2, 2])),
        () => x.cast('float32'),
        () => tf.tidy(() => x.expandDims(0)),
      ];
      for (const make of aliases) {
        const alias = make();
        expect(alias.dataId).toBe(x.dataId);
        expect(native().refCount(x.dataId)).toBe(2);
        expect(native().ownsExclusively(x.dataId)).toBe(false);
        alias.dispose();
        expect(native().refCount(x.dataId)).toBe(1);
        expect(native().ownsExclusively(x.dataId)).toBe(true);
      }
      x.dataSync();
      expect(native().ownsExclusively(x.dataId)).toBe(false);
    });

    it('is not exclusive for arrays from outside, nor after an asynchronous read', async () => {
      expect(native().ownsExclusively(tf.tensor1d(new Float32Array(3)).dataId)).toBe(false);
      expect(native().ownsExclusively(tf.tensor1d([1, 2, 3]).dataId)).toBe(false);
      const x = made([1, 2]);
      await x.data();
      expect(native().ownsExclusively(x.dataId)).toBe(false);
    });

    it('is lost to a CPU kernel that read the array', () => {
      const x = made([1, 2]);
      tf.cos(x);
      expect(native().ownsExclusively(x.dataId)).toBe(false);
    });

    it('goes over to a variable when the tensor that made it is gone', () => {
      const x = made([1, 2]);
      const variable = tf.variable(x);
      expect(native().ownsExclusively(variable.dataId)).toBe(false);
      x.dispose();
      expect(native().ownsExclusively(variable.dataId)).toBe(true);
      variable.dispose();
    });

    it('is false for a disposed tensor and for one on another backend', async () => {
      const x = made([1, 2]);
      const { dataId } = x;
      x.dispose();
      expect(native().ownsExclusively(dataId)).toBe(false);
      const y = made([1, 2]);
      const backend = native();
      await tf.setBackend('cpu');
      y.square();
      expect(backend.ownsExclusively(y.dataId)).toBe(false);
      await tf.setBackend('native');
    });
  });

  describe('an alias keeps its values', () => {
    /** Name, how to make it, its values, and whether it shares the storage (the others are copies). */
    const ALIASES: readonly (readonly [
      string,
      (x: tf.Tensor) => Float32Array | tf.Tensor,
      number[],
      'shares' | 'copies',
    ])[] = [
      ['clone', (x) => x.clone(), [1, 2, 3, 4], 'shares'],
      ['reshape', (x) => x.reshape([2, 2]), [1, 2, 3, 4], 'shares'],
      ['cast', (x) => x.cast('float32'), [1, 2, 3, 4], 'shares'],
      ['contiguous slice', (x) => x.slice([1], [2]), [2, 3], 'copies'],
      ['split', (x) => tf.split(x, 2)[1]!, [3, 4], 'copies'],
      ['unstack', (x) => tf.unstack(x.reshape([2, 2]))[1]!, [3, 4], 'shares'],
      ['strided slice', (x) => tf.stridedSlice(x, [1], [3], [1]), [2, 3], 'shares'],
      ['concat of one', (x) => tf.concat([x]), [1, 2, 3, 4], 'shares'],
      ['dataSync', (x) => x.dataSync<'float32'>(), [1, 2, 3, 4], 'shares'],
      ['bufferSync', (x) => x.bufferSync().values, [1, 2, 3, 4], 'shares'],
      ['complex', (x) => tf.real(tf.complex(x, x)), [1, 2, 3, 4], 'shares'],
    ];
    const valuesOf = (alias: Float32Array | tf.Tensor) =>
      Array.from(alias instanceof Float32Array ? alias : alias.dataSync());

    it.each(ALIASES)('%s: after the original was disposed and its size used again', (_name, take, values) => {
      const x = made([1, 2, 3, 4]);
      const alias = take(x);
      x.dispose();
      churn(4);
      churn(2);
      expect(valuesOf(alias)).toEqual(values);
    });

    it.each(ALIASES)('%s: when the original is to be written in place', (_name, take, values, kind) => {
      const x = made([1, 2, 3, 4]);
      const alias = tf.tidy(() => take(x));
      if (kind === 'shares') {
        expect(() => overwrite(x)).toThrow('shares its storage');
        expect(Array.from(x.dataSync())).toEqual([1, 2, 3, 4]);
      } else {
        overwrite(x);
        expect(Array.from(x.dataSync())).toEqual([-7, -7, -7, -7]);
      }
      expect(valuesOf(alias)).toEqual(values);
    });

    it('a Float32Array that became a tensor is never written, nor recycled', () => {
      const array = Float32Array.of(1, 2, 3, 4);
      const x = tf.tensor1d(array);
      expect(() => overwrite(x)).toThrow('shares its storage');
      x.dispose();
      churn(4);
      expect(Array.from(array)).toEqual([1, 2, 3, 4]);
    });

    it('tensors saved for a gradient keep the variable from being written meanwhile', () => {
      const variable = tf.variable(made([2, 3]));
      const { grads } = tf.variableGrads(() => {
        const loss = tf.sum(tf.square(variable));
        expect(() => overwrite(variable)).toThrow('shares its storage');
        return loss as tf.Scalar;
      }, [variable]);
      expect(Array.from(grads[variable.name]!.dataSync())).toEqual([4, 6]);
      variable.dispose();
    });
  });

  it('recycles the buffer of an exclusive tensor that was disposed, and no other', () => {
    const backend = native();
    backend.pool.clear();
    const x = made([1, 2, 3]);
    const read = made([1, 2, 3]);
    const array = backend.array(x.dataId);
    read.dataSync();
    read.dispose();
    const pooled = backend.pool.bytes;
    x.dispose();
    expect(backend.pool.bytes).toBe(pooled + 12);
    expect(backend.array(made([4, 5, 6]).dataId)).toBe(array);
  });

  it('reads nothing from data that was disposed', () => {
    const backend = native();
    const x = made([1]);
    const data = backend.data.get(x.dataId);
    x.dispose();
    expect(data.values).toBeUndefined();
  });

  it('keeps the bookkeeping of data ids', () => {
    const count = native().numDataIds();
    const x = made([1, 2]);
    const y = x.clone();
    expect(native().numDataIds()).toBe(count + 1);
    x.dispose();
    expect(native().numDataIds()).toBe(count + 1);
    y.dispose();
    expect(native().numDataIds()).toBe(count);
    const z = tf.complex([1, 2], [3, 4]);
    z.dispose();
    expect(native().refCount(y.dataId)).toBe(0);
  });

  it('moves tensors to another backend and back', async () => {
    const x = made([1, 2, 3]);
    const alias = x.clone();
    await tf.setBackend('cpu');
    expect(Array.from(x.square().dataSync())).toEqual([1, 4, 9]);
    await tf.setBackend('native');
    expect(Array.from(x.add(1).dataSync())).toEqual([2, 3, 4]);
    expect(native().refCount(x.dataId)).toBe(2);
    alias.dispose();
    expect(native().refCount(x.dataId)).toBe(1);
    expect(native().ownsExclusively(x.dataId)).toBe(false); // the other backend may have handed the array out
    x.dispose();
    expect(native().refCount(x.dataId)).toBe(0);
  });

  it('holds tensors of every type and of no size', () => {
    expect(tf.tensor(['a', 'ü']).dataSync()).toEqual(['a', 'ü']);
    expect(Array.from(tf.tensor1d([1, -2], 'int32').dataSync())).toEqual([1, -2]);
    expect(Array.from(tf.tensor1d([true, false], 'bool').dataSync())).toEqual([1, 0]);
    expect(Array.from(tf.complex([1, 2], [3, 4]).dataSync())).toEqual([1, 3, 2, 4]);
    expect(tf.zeros([0, 3]).dataSync()).toHaveLength(0);
    expect(tf.add(tf.zeros([0, 3]), 1).shape).toEqual([0, 3]);
    expect(Array.from(tf.tensor1d([1, 2], 'int32').cast('float32').mul(0.5).dataSync())).toEqual([0.5, 1]);
    expect(Array.from(tf.tensor1d([true, false], 'bool').cast('float32').exp().dataSync())).toEqual([
      Math.fround(Math.E),
      1,
    ]);
  });

  it('says in tf.memory() what it keeps for reuse', () => {
    native().pool.clear();
    made([1, 2, 3]).dispose();
    const info = tf.memory() as tf.MemoryInfo & { numBytesPooled: number; reasons: string[] };
    expect(info.numBytesPooled).toBeGreaterThanOrEqual(12);
    expect(info.reasons[0]).toContain(`${info.numBytesPooled} bytes`);
  });
});
