import { scoped, tf } from '../compute/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Float32Array;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** place in the flat array of all rows */
  readonly start: number;
  readonly end: number;
}

/**
 * Parameters of one learner part: named pieces of one variable (R rows x P), which an optimiser changes in place. What goes in and
 * out as arrays is copied.
 */
export class ParameterSet {
  readonly variable: tf.Variable<tf.Rank.R2>;
  /** in the order in which the pieces lie, row by row */
  readonly entries: readonly Entry[];
  private readonly indices = new Map<string, number>();
  private changes = 0;

  /** @param specs all pieces of the first row, then of the next; together they fill `rows` rows of equal length */
  constructor(
    readonly rows: number,
    specs: readonly ParameterSpec[],
  ) {
    let size = 0;
    this.entries = specs.map(({ name, shape, initial }) => {
      const start = size;
      size += initial.length;
      return { name, shape: [...shape], start, end: size };
    });
    if (size % rows !== 0) throw new Error(`${size} parameters do not fill ${rows} equal rows`);
    const values = new Float32Array(size);
    specs.forEach((spec, i) => {
      values.set(spec.initial, this.entries[i]!.start);
      this.indices.set(spec.name, i);
    });
    this.variable = scoped(() => tf.variable(tf.tensor2d(values, [rows, size / rows])));
  }

  /** Another set with the same values, as for target networks. */
  clone(): ParameterSet {
    const values = this.read();
    return new ParameterSet(
      this.rows,
      this.entries.map((e) => ({ name: e.name, shape: e.shape, initial: values.subarray(e.start, e.end) })),
    );
  }

  /** Grows with every change of the values, for those who keep something made from them. */
  get version(): number {
    return this.changes;
  }

  /** To be called by whoever has changed the variable itself. */
  changed(): void {
    this.changes++;
  }

  /** All values, copied. */
  read(): Float32Array {
    return this.variable.dataSync<'float32'>().slice();
  }

  /** @param values all values, copied */
  write(values: Float32Array): void {
    scoped(() => this.variable.assign(tf.tensor2d(values.slice(), this.variable.shape)));
    this.changed();
  }

  /** Values of one row, copied. */
  readRow(row: number): Float32Array {
    const columns = this.variable.shape[1];
    return this.variable.dataSync<'float32'>().slice(row * columns, (row + 1) * columns);
  }

  /** One piece, copied. */
  get(name: string): Float32Array {
    const { start, end } = this.entry(name);
    return this.variable.dataSync<'float32'>().slice(start, end);
  }

  /** Changes values: `change` writes into pieces of a copy, which then becomes the new values. */
  edit(change: (piece: (name: string) => Float32Array) => void): void {
    const values = this.read();
    change((name) => {
      const { start, end } = this.entry(name);
      return values.subarray(start, end);
    });
    this.write(values);
  }

  tensors(): NamedTensors {
    const values = this.read();
    return Object.fromEntries(
      this.entries.map((e) => [e.name, { shape: e.shape, data: values.slice(e.start, e.end) }]),
    );
  }

  load(tensors: NamedTensors): void {
    this.edit((piece) => {
      for (const { name, shape } of this.entries) piece(name).set(takeTensor(tensors, name, shape));
    });
  }

  dispose(): void {
    this.variable.dispose();
  }

  private entry(name: string): Entry {
    const index = this.indices.get(name);
    if (index === undefined) throw new Error(`no parameter '${name}'`);
    return this.entries[index]!;
  }
}
