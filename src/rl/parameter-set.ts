/**
 * Parameters of one learner part. The master copy is one flat Float32Array; tensors are made from it after every change.
 * Optimiser and Polyak averaging run on the flat array in plain TypeScript: on the wasm backend that is 60 us for 25 000
 * parameters, where tf.train.adam needs 10 kernels per variable, and it saves, restores and repeats bit for bit.
 */
import { scoped, tf } from '../compute/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Float32Array;
}

interface Entry {
  readonly name: string;
  readonly shape: number[];
  readonly start: number;
  readonly end: number;
}

export class ParameterSet {
  /** all parameters, in the order of the specs; call `refresh` after writing */
  readonly values: Float32Array;
  readonly entries: readonly Entry[];
  private readonly indices = new Map<string, number>();
  private current: tf.Tensor[] = [];

  constructor(specs: readonly ParameterSpec[]) {
    let size = 0;
    this.entries = specs.map(({ name, shape, initial }) => {
      const start = size;
      size += initial.length;
      return { name, shape: [...shape], start, end: size };
    });
    this.values = new Float32Array(size);
    specs.forEach((spec, i) => {
      this.values.set(spec.initial, this.entries[i]!.start);
      this.indices.set(spec.name, i);
    });
    this.refresh();
  }

  /** Another set with the same values, as for target networks. */
  clone(): ParameterSet {
    return new ParameterSet(
      this.entries.map((e) => ({ name: e.name, shape: e.shape, initial: this.values.slice(e.start, e.end) })),
    );
  }

  get tensorList(): readonly tf.Tensor[] {
    return this.current;
  }

  /** The tensor of a parameter, owned by this set and replaced by `refresh`. */
  tensor(name: string): tf.Tensor {
    return this.current[this.indexOf(name)]!;
  }

  /** Part of the flat array that holds a parameter. */
  slice(name: string): Float32Array {
    const { start, end } = this.entries[this.indexOf(name)]!;
    return this.values.subarray(start, end);
  }

  /** Makes the tensors anew from `values`. */
  refresh(): void {
    this.dispose();
    // A copy: the cpu backend would alias the master array, and an in-place update would change tensors in use.
    this.current = this.entries.map((e) => tf.keep(tf.tensor(this.values.slice(e.start, e.end), e.shape)));
  }

  tensors(): NamedTensors {
    return Object.fromEntries(
      this.entries.map((e) => [e.name, { shape: e.shape, data: this.values.slice(e.start, e.end) }]),
    );
  }

  load(tensors: NamedTensors): void {
    for (const e of this.entries) this.values.set(takeTensor(tensors, e.name, e.shape), e.start);
    this.refresh();
  }

  dispose(): void {
    tf.dispose(this.current);
    this.current = [];
  }

  private indexOf(name: string): number {
    const index = this.indices.get(name);
    if (index === undefined) throw new Error(`no parameter '${name}'`);
    return index;
  }
}

/**
 * Value of `loss` and its gradient with respect to all of `parameters`, flat and in their order.
 * Parameters that the loss does not use are an error, as in tf.grads.
 */
export function flatGradient(
  parameters: ParameterSet,
  loss: () => tf.Scalar,
): { readonly value: number; readonly gradient: Float32Array } {
  return scoped(() => {
    const { value, grads } = tf.engine().gradients(loss, [...parameters.tensorList]);
    const gradient = tf.concat(grads.map((g) => tf.reshape(g, [-1]))).dataSync<'float32'>();
    return { value: value.dataSync<'float32'>()[0]!, gradient };
  });
}

/** target += tau * (source - target), in place; Polyak averaging of target networks. */
export function polyak(target: ParameterSet, source: ParameterSet, tau: number): void {
  const t = target.values;
  const s = source.values;
  for (let i = 0; i < t.length; i++) t[i] = t[i]! + tau * (s[i]! - t[i]!);
  target.refresh();
}
