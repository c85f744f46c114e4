/** Arrays of any rank in double precision, and what tfjs's operations must make of them: one value at a time, by its index. */

export interface NdArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** The array whose value at every index is `at(index)`. */
function build(shape: readonly number[], at: (index: readonly number[]) => number): NdArray {
  const index = shape.map(() => 0);
  const values = Float64Array.from({ length: sizeOf(shape) }, () => {
    const value = at(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return value;
  });
  return { shape, values };
}

function read({ shape, values }: NdArray, index: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) flat = flat * shape[axis]! + index[axis]!;
  return values[flat]!;
}

/** f(a, b) with NumPy's broadcasting. */
export function binary(a: NdArray, b: NdArray, f: (a: number, b: number) => number): NdArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = ({ shape, values }: NdArray): NdArray => ({
    shape: [...Array<number>(rank - shape.length).fill(1), ...shape],
    values,
  });
  const [left, right] = [padded(a), padded(b)];
  const shape = left.shape.map((n, axis) => Math.max(n, right.shape[axis]!));
  const within = (array: NdArray, index: readonly number[]) =>
    read(
      array,
      index.map((i, axis) => (array.shape[axis] === 1 ? 0 : i)),
    );
  return build(shape, (index) => f(within(left, index), within(right, index)));
}

/** The axes are taken out of the shape. */
export function reduce(a: NdArray, axes: readonly number[], f: (values: number[]) => number): NdArray {
  const kept = a.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const inner = axes.map((axis) => a.shape[axis]!);
  return build(
    kept.map((axis) => a.shape[axis]!),
    (outer) => {
      const full = a.shape.map(() => 0);
      kept.forEach((axis, i) => (full[axis] = outer[i]!));
      const values: number[] = [];
      build(inner, (index) => {
        axes.forEach((axis, i) => (full[axis] = index[i]!));
        values.push(read(a, full));
        return 0;
      });
      return f(values);
    },
  );
}

export function transpose(a: NdArray, permutation: readonly number[]): NdArray {
  return build(
    permutation.map((axis) => a.shape[axis]!),
    (index) => {
      const from = a.shape.map(() => 0);
      permutation.forEach((axis, i) => (from[axis] = index[i]!));
      return read(a, from);
    },
  );
}

export function slice(a: NdArray, begin: readonly number[], size: readonly number[]): NdArray {
  return build(size, (index) =>
    read(
      a,
      index.map((i, axis) => begin[axis]! + i),
    ),
  );
}

export function concat(arrays: readonly NdArray[], axis: number): NdArray {
  const lengths = arrays.map(({ shape }) => shape[axis]!);
  const shape = arrays[0]!.shape.map((n, i) => (i === axis ? lengths.reduce((a, b) => a + b) : n));
  return build(shape, (index) => {
    let which = 0;
    let i = index[axis]!;
    while (i >= lengths[which]!) i -= lengths[which++]!;
    return read(
      arrays[which]!,
      index.map((n, d) => (d === axis ? i : n)),
    );
  });
}

export function gather(a: NdArray, indices: readonly number[], axis: number): NdArray {
  return build(
    a.shape.map((n, d) => (d === axis ? indices.length : n)),
    (index) =>
      read(
        a,
        index.map((n, d) => (d === axis ? indices[n]! : n)),
      ),
  );
}
