/** Kernels that only move values. None returns an alias of its input, as the CPU backend's slices do. */
import { tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { type NativeBackend } from '../backend.js';
import { override, sizeOf, takes } from './kernel.js';

function outerSize(shape: readonly number[], axis: number): number {
  let size = 1;
  for (let i = 0; i < axis; i++) size *= shape[i]!;
  return size;
}

/** Whether two shapes are equal but for one axis. */
function joins(a: readonly number[], b: readonly number[], axis: number): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (i !== axis && a[i] !== b[i]) return false;
  return true;
}

function concatKernel(addon: NativeAddon): tf.KernelConfig {
  return override('Concat', (cpu) => (args, backend) => {
    const inputs = args.inputs as unknown as readonly tf.TensorInfo[];
    if (!inputs.every(takes)) return cpu(args);
    const axis = args.attrs!['axis'] as number;
    const shape = inputs[0]!.shape.slice();
    const $axis = axis < 0 ? axis + shape.length : axis;
    if (shape[$axis] === undefined) return cpu(args);
    for (let i = 1; i < inputs.length; i++) {
      const next = inputs[i]!.shape;
      if (!joins(shape, next, $axis)) return cpu(args); // tfjs's own error
      shape[$axis] += next[$axis]!;
    }
    const out = backend.output(shape);
    const rows = outerSize(shape, $axis);
    const stride = out.array.length / rows;
    let start = 0;
    for (const x of inputs) {
      const columns = sizeOf(x.shape) / rows;
      addon.copyRows(backend.array(x.dataId), 0, columns, out.array, start, stride, rows, columns);
      start += columns;
    }
    return out;
  });
}

function slice(
  addon: NativeAddon,
  backend: NativeBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: number[],
): tf.TensorInfo | undefined {
  // Fold the axes, from the last: a full axis joins its left neighbour, and what remains is at most three nested loops.
  const lengths: number[] = []; // innermost first
  const begins: number[] = [];
  const sizes: number[] = [];
  let full = true;
  let inner = 1;
  for (let i = x.shape.length - 1; i >= 0; i--) {
    if (full && lengths.length > 0) {
      const j = lengths.length - 1;
      lengths[j]! *= x.shape[i]!;
      begins[j] = begins[j]! + begin[i]! * inner;
      sizes[j]! *= size[i]!;
    } else {
      lengths.push(x.shape[i]!);
      begins.push(begin[i]!);
      sizes.push(size[i]!);
      inner = 1;
    }
    full = size[i] === x.shape[i];
    inner *= x.shape[i]!;
  }
  // Outer axes of which one entry is taken only move the start.
  let start = 0;
  let stride = 1;
  for (let j = 0; j < lengths.length; j++) {
    start += begins[j]! * stride;
    stride *= lengths[j]!;
  }
  while (sizes.length > 1 && sizes[sizes.length - 1] === 1) sizes.pop();
  if (sizes.length > 3) return undefined;
  const out = backend.output(size);
  const from = backend.array(x.dataId);
  const columns = sizes[0]!;
  const rows = sizes[1] ?? 1;
  const plane = lengths[0]! * (lengths[1] ?? 1);
  for (let i = 0; i < (sizes[2] ?? 1); i++) {
    addon.copyRows(
      from,
      start + i * plane,
      lengths[0]!,
      out.array,
      i * rows * columns,
      columns,
      rows,
      columns,
    );
  }
  return out;
}

function sliceKernel(addon: NativeAddon): tf.KernelConfig {
  return override('Slice', (cpu) => (args, backend) => {
    const x = args.inputs['x']!;
    if (!takes(x)) return cpu(args);
    const { begin, size } = args.attrs as { begin: number | number[]; size: number | number[] };
    const [$begin, $size] = tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
    tf.slice_util.assertParamsValid(x, $begin, $size);
    if (sizeOf($size) === 0) return cpu(args);
    return slice(addon, backend, x, $begin, $size) ?? cpu(args);
  });
}

function splitKernel(addon: NativeAddon): tf.KernelConfig {
  return override('SplitV', (cpu) => (args, backend) => {
    const x = args.inputs['x']!;
    if (!takes(x)) return cpu(args);
    const { numOrSizeSplits, axis } = args.attrs as { numOrSizeSplits: number | number[]; axis: number };
    const $axis = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize(x, numOrSizeSplits, $axis);
    const rows = outerSize(x.shape, $axis);
    const stride = sizeOf(x.shape) / rows;
    const inner = stride / x.shape[$axis]!;
    const from = backend.array(x.dataId);
    let start = 0;
    return sizes.map((length) => {
      const shape = x.shape.slice();
      shape[$axis] = length;
      const part = backend.output(shape);
      const columns = length * inner;
      if (columns > 0) addon.copyRows(from, start, stride, part.array, 0, columns, rows, columns);
      start += columns;
      return part;
    });
  });
}

function gatherKernel(addon: NativeAddon): tf.KernelConfig {
  return override('GatherV2', (cpu) => (args, backend) => {
    const x = args.inputs['x']!;
    const indices = args.inputs['indices']!;
    const { axis, batchDims } = args.attrs as { axis: number; batchDims?: number };
    const first = x.shape.length > 0 && tf.util.parseAxisParam(axis, x.shape)[0] === 0;
    if (!first || !takes(x) || (batchDims ?? 0) !== 0 || sizeOf(indices.shape) === 0) return cpu(args);
    const rows = backend.data.get(indices.dataId).array;
    if (!(rows instanceof Int32Array)) return cpu(args);
    const out = backend.output([...indices.shape, ...x.shape.slice(1)]);
    try {
      addon.gatherRows(backend.array(x.dataId), rows, out.array, sizeOf(x.shape) / x.shape[0]!);
    } catch {
      backend.disposeIntermediateTensorInfo(out);
      return cpu(args); // an index is out of range: tfjs's own error
    }
    return out;
  });
}

function transposeKernel(addon: NativeAddon): tf.KernelConfig {
  return override('Transpose', (cpu) => (args, backend) => {
    const x = args.inputs['x']!;
    const perm = args.attrs!['perm'] as number[];
    if (!takes(x)) return cpu(args);
    // Leading axes that stay are the batch; the others must be the rows and the columns swapped, each of one axis or more.
    const rank = x.shape.length;
    let leading = 0;
    while (leading < rank && perm[leading] === leading) leading++;
    const moved = rank - leading;
    const shift = moved > 0 ? perm[leading]! - leading : 0;
    const shape = new Array<number>(rank);
    for (let i = 0; i < rank; i++) {
      if (i >= leading && perm[i] !== leading + ((i - leading + shift) % moved)) return cpu(args);
      shape[i] = x.shape[perm[i]!]!;
    }
    const y = backend.output(shape);
    const batch = outerSize(x.shape, leading);
    const rows = outerSize(x.shape, leading + shift) / batch;
    addon.transpose(backend.array(x.dataId), y.array, batch, rows, y.array.length / batch / rows);
    return y;
  });
}

export function copyKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [
    concatKernel(addon),
    sliceKernel(addon),
    splitKernel(addon),
    gatherKernel(addon),
    transposeKernel(addon),
  ];
}
