/**
 * Tensor data of the native backend. Kernels that write in place or reuse buffers must own their storage alone, and TensorFlow.js
 * makes aliases freely (contiguous slices of the CPU backend, `dataSync`, `tensor(Float32Array)`), so that each array knows whether
 * anyone else may hold it.
 */
import { tf } from '../tf.js';

type Values = tf.backend_util.BackendValues;

/**
 * What the CPU backend's kernels expect per tensor, and at once the tensor's data id. Reading or setting `values` hands the array
 * out, from then on it is shared; the native kernels read `array`.
 */
export class NativeData {
  /** undefined for complex tensors, and after disposal */
  array: Values | undefined;
  dtype: tf.DataType;
  refCount: number;
  /** whether anyone but this tensor may hold the array */
  shared: boolean;
  /** whether the storage holds it: false once disposed or moved to another backend */
  stored = false;
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };

  constructor(array: Values | undefined, dtype: tf.DataType, refCount: number, shared: boolean) {
    this.array = array;
    this.dtype = dtype;
    this.refCount = refCount;
    this.shared = shared;
  }

  get values(): Values {
    this.shared = true;
    return this.array!;
  }

  set values(values: Values) {
    this.shared = true;
    this.array = values;
  }
}

/**
 * Data by data id. Own data ids are their own data, which saves the WeakMap of the base class (0.15 us per tensor); ids that come
 * from another backend go through it.
 */
export class NativeStorage extends tf.DataStorage<NativeData> {
  private count = 0;

  /** A new tensor's data, which is its data id. */
  add(data: NativeData): NativeData {
    data.stored = true;
    this.count++;
    return data;
  }

  override get(dataId: object): NativeData {
    return dataId instanceof NativeData && dataId.stored ? dataId : super.get(dataId);
  }

  override has(dataId: object): boolean {
    return (dataId instanceof NativeData && dataId.stored) || super.has(dataId);
  }

  override delete(dataId: object): boolean {
    if (!(dataId instanceof NativeData && dataId.stored)) return super.delete(dataId);
    dataId.stored = false;
    this.count--;
    return true;
  }

  override numDataIds(): number {
    return this.count + super.numDataIds();
  }
}

export interface BufferPoolLimits {
  /**
   * buffers kept per length; default 64: a SAC update holds fewer equal tensors at a time, and what lies unused beyond a step's needs
   * is waste
   */
  readonly perLength?: number;
  /**
   * bytes kept in all; default 128 MiB: several times what one step of the largest ensemble (7 members, 4 x 200, batch 256) frees, and
   * little beside the process itself
   */
  readonly bytes?: number;
}

/**
 * Float32Arrays for reuse, by exact length. A new array is zeroed by the system page by page and collected later, which costs more
 * than the work of a small kernel.
 */
export class BufferPool {
  private readonly free = new Map<number, Float32Array[]>();
  private readonly perLength: number;
  private readonly maxBytes: number;
  private held = 0;

  constructor({ perLength = 64, bytes = 128 * 1024 * 1024 }: BufferPoolLimits = {}) {
    this.perLength = perLength;
    this.maxBytes = bytes;
  }

  /** Bytes that lie ready. */
  get bytes(): number {
    return this.held;
  }

  /** An array of that length with undefined contents. */
  take(length: number): Float32Array {
    const array = this.free.get(length)?.pop();
    // An explicit buffer, because V8 keeps small typed arrays on its own heap and moves them out when native code asks.
    if (array === undefined) return new Float32Array(new ArrayBuffer(4 * length));
    this.held -= array.byteLength;
    return array;
  }

  /** Takes back an array from `take` that nobody holds any more. */
  give(array: Float32Array): void {
    const { byteLength, length } = array;
    if (length === 0 || byteLength > this.maxBytes) return;
    // All lengths go together when the pool is full: after a change of shapes it would otherwise stay full of the old ones.
    if (this.held + byteLength > this.maxBytes) this.clear();
    let arrays = this.free.get(length);
    if (arrays === undefined) this.free.set(length, (arrays = []));
    if (arrays.length >= this.perLength) return;
    arrays.push(array);
    this.held += byteLength;
  }

  clear(): void {
    this.free.clear();
    this.held = 0;
  }
}
