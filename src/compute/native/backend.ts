/** The TensorFlow.js backend 'native': storage and kernels of the CPU backend, with the hot kernels in C++. */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { tf } from '../tf.js';
import { type NativeAddon } from './addon.js';
import { nativeKernels } from './kernels/index.js';
import { BufferPool, NativeData, NativeStorage } from './storage.js';

type Values = tf.backend_util.BackendValues;

/** A tensor that a kernel makes, with its array to fill. */
export interface Output extends tf.TensorInfo {
  readonly array: Float32Array;
}

export class NativeBackend extends MathBackendCPU {
  declare data: NativeStorage;
  readonly pool = new BufferPool();

  constructor() {
    super();
    this.data = new NativeStorage(this, tf.engine());
  }

  /** A tensor of an array that came from outside: whoever made it may still hold it. */
  override write(values: Values, _shape: number[], dtype: tf.DataType): object {
    return this.data.add(new NativeData(values, dtype, 1, true));
  }

  override move(
    dataId: object,
    values: Values,
    _shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    this.data.set(dataId, new NativeData(values, dtype, refCount, true));
  }

  /** A new float32 tensor with undefined contents, exclusively owned; the kernel fills `array`. */
  output(shape: number[]): Output {
    let size = 1;
    for (let i = 0; i < shape.length; i++) size *= shape[i]!;
    const array = this.pool.take(size);
    const dataId = this.data.add(new NativeData(array, 'float32', 1, false));
    return { dataId, shape, dtype: 'float32', array };
  }

  /**
   * The values of a float32 tensor for reading while the kernel runs. The CPU backend's Cast lets float32 tensors share the storage
   * of int32 and bool ones: those come back as a converted copy.
   */
  array(dataId: object): Float32Array {
    const { array } = this.data.get(dataId);
    return array instanceof Float32Array ? array : Float32Array.from(array as ArrayLike<number>);
  }

  /** Whether a kernel may write the tensor in place: no other tensor, array or caller sees its storage. */
  ownsExclusively(dataId: object): boolean {
    if (!this.data.has(dataId)) return false;
    const data = this.data.get(dataId);
    return data.refCount === 1 && !data.shared;
  }

  /**
   * The array of a tensor that a kernel writes in place.
   * @param what named in the error, e.g. 'AdamStep: m'
   * @throws Error when the storage is not exclusively owned
   */
  writable(dataId: object, what = 'in-place kernel: the tensor'): Float32Array {
    if (!this.ownsExclusively(dataId)) {
      throw new Error(
        `Error in ${what} shares its storage with another tensor or array; write in place only to a copy of its own`,
      );
    }
    return this.data.get(dataId).array as Float32Array;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.data.get(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.complexTensorInfos !== undefined) {
      this.disposeData(data.complexTensorInfos.real.dataId, true);
      this.disposeData(data.complexTensorInfos.imag.dataId, true);
    }
    this.data.delete(dataId);
    if (!data.shared && data.refCount === 0) this.pool.give(data.array as Float32Array);
    data.array = undefined; // a read after disposal fails instead of seeing what the next owner writes
    return true;
  }

  override memory(): { unreliable: boolean; reasons: string[]; numBytesPooled: number } {
    const numBytesPooled = this.pool.bytes;
    return {
      unreliable: true,
      reasons: [
        `${numBytesPooled} bytes that no tensor uses are kept for reuse, and arrays that were handed out live until they are collected`,
      ],
      numBytesPooled,
    };
  }

  override dispose(): void {
    this.pool.clear();
  }
}

/** Registers backend 'native' and its kernels; does nothing when it is registered already. */
export function registerNativeBackend(addon: NativeAddon): void {
  if (tf.engine().findBackendFactory('native') !== null) return;
  tf.copyRegisteredKernels('cpu', 'native');
  for (const kernel of nativeKernels(addon)) {
    if (tf.getKernel(kernel.kernelName, 'native') !== undefined) {
      tf.unregisterKernel(kernel.kernelName, 'native');
    }
    tf.registerKernel(kernel);
  }
  // Priority 0, below every stock backend: it is used where it was chosen, never because it is there.
  tf.registerBackend('native', () => new NativeBackend(), 0);
}
