import { tf } from '../../tf.js';
import { BINARY, type NativeAddon } from '../addon.js';
import { override, sameShape, sizeOf, takes } from './kernel.js';

const KERNELS: Readonly<Record<string, (typeof BINARY)[number]>> = {
  Add: 'add',
  Sub: 'sub',
  Multiply: 'mul',
  RealDiv: 'div',
  Maximum: 'maximum',
  Minimum: 'minimum',
};

/** A broadcast as two nested loops. */
interface Loops {
  rows: number;
  columns: number;
  aRowStride: number;
  aColumnStride: number;
  bRowStride: number;
  bColumnStride: number;
}

/**
 * Folds the axes of a broadcast into rows and columns: neighbouring axes that an operand spans, or is repeated over, alike become one.
 * @returns whether two axes are enough; `loops` is filled then
 */
export function foldBroadcast(a: readonly number[], b: readonly number[], loops: Loops): boolean {
  const rank = Math.max(a.length, b.length);
  let aSize = 1; // values of a in the axes so far, from the last one on
  let bSize = 1;
  let groups = 0;
  let last = -1; // spanned by a (1) + spanned by b (2), of the axis before
  loops.rows = loops.columns = 1;
  loops.aRowStride = loops.aColumnStride = loops.bRowStride = loops.bColumnStride = 0;
  for (let i = 1; i <= rank; i++) {
    const aLength = i <= a.length ? a[a.length - i]! : 1;
    const bLength = i <= b.length ? b[b.length - i]! : 1;
    if (aLength === 1 && bLength === 1) continue;
    const spanned = (aLength > 1 ? 1 : 0) + (bLength > 1 ? 2 : 0);
    if (spanned !== last) {
      if (++groups > 2) return false;
      const aStride = aLength > 1 ? aSize : 0;
      const bStride = bLength > 1 ? bSize : 0;
      if (groups === 1) {
        loops.aColumnStride = aStride;
        loops.bColumnStride = bStride;
      } else {
        loops.aRowStride = aStride;
        loops.bRowStride = bStride;
      }
      last = spanned;
    }
    if (groups === 1) loops.columns *= Math.max(aLength, bLength);
    else loops.rows *= Math.max(aLength, bLength);
    aSize *= aLength;
    bSize *= bLength;
  }
  return true;
}

/** @throws tfjs's own error where the shapes do not fit */
function broadcastShape(a: number[], b: number[]): number[] {
  if (b.length <= a.length && sizeOf(b) === 1) return a; // most often a number
  return tf.broadcast_util.assertAndGetBroadcastShape(a, b);
}

/** Elementwise operations of two tensors, broadcast where two nested loops can express it. */
export function binaryKernels(addon: NativeAddon): tf.KernelConfig[] {
  const loops: Loops = {
    rows: 1,
    columns: 1,
    aRowStride: 0,
    aColumnStride: 0,
    bRowStride: 0,
    bColumnStride: 0,
  };
  return Object.entries(KERNELS).map(([kernelName, operation]) => {
    const code = BINARY.indexOf(operation);
    return override(kernelName, (cpu) => (args, backend) => {
      const a = args.inputs['a']!;
      const b = args.inputs['b']!;
      if (!takes(a) || !takes(b)) return cpu(args);
      if (sameShape(a.shape, b.shape)) {
        const out = backend.output(a.shape);
        const size = sizeOf(a.shape);
        addon.binary(
          code,
          backend.array(a.dataId),
          backend.array(b.dataId),
          out.array,
          1,
          size,
          size,
          1,
          size,
          1,
        );
        return out;
      }
      if (!foldBroadcast(a.shape, b.shape, loops)) return cpu(args);
      const out = backend.output(broadcastShape(a.shape, b.shape));
      addon.binary(
        code,
        backend.array(a.dataId),
        backend.array(b.dataId),
        out.array,
        loops.rows,
        loops.columns,
        loops.aRowStride,
        loops.aColumnStride,
        loops.bRowStride,
        loops.bColumnStride,
      );
      return out;
    });
  });
}
