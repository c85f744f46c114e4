import { tf } from '../../tf.js';
import { REDUCTION, type NativeAddon } from '../addon.js';
import { override, takes } from './kernel.js';

/** Kernel name, operation, and the name of the attribute that holds the axes. */
const KERNELS: readonly (readonly [string, (typeof REDUCTION)[number], string])[] = [
  ['Sum', 'sum', 'axis'],
  ['Mean', 'mean', 'axis'],
  ['Max', 'max', 'reductionIndices'],
  ['Min', 'min', 'axis'],
];

/** Reductions over axes that are neighbours in memory (those of length 1 do not count). */
export function reductionKernels(addon: NativeAddon): tf.KernelConfig[] {
  return KERNELS.map(([kernelName, operation, attribute]) => {
    const code = REDUCTION.indexOf(operation);
    return override(kernelName, (cpu) => (args, backend) => {
      const x = args.inputs['x']!;
      if (!takes(x)) return cpu(args);
      const attrs = args.attrs!;
      const axes = tf.util.parseAxisParam(attrs[attribute] as number | number[], x.shape);
      const shape: number[] = [];
      let outer = 1;
      let reduced = 1;
      let inner = 1;
      for (let axis = 0; axis < x.shape.length; axis++) {
        const length = x.shape[axis]!;
        if (!axes.includes(axis)) {
          shape.push(length);
          if (reduced > 1) inner *= length;
          else outer *= length;
        } else {
          if (inner > 1 && length > 1) return cpu(args);
          if (attrs['keepDims'] === true) shape.push(1);
          reduced *= length;
        }
      }
      const y = backend.output(shape);
      addon.reduce(code, backend.array(x.dataId), y.array, outer, reduced, inner);
      return y;
    });
  });
}
