import { type tf } from '../../tf.js';
import { UNARY, type NativeAddon } from '../addon.js';
import { override, takes } from './kernel.js';

const KERNELS: Readonly<Record<string, (typeof UNARY)[number]>> = {
  Neg: 'neg',
  Abs: 'abs',
  Square: 'square',
  Sqrt: 'sqrt',
  Rsqrt: 'rsqrt',
  Exp: 'exp',
  Log: 'log',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Relu: 'relu',
  Softplus: 'softplus',
  Step: 'step',
};

/** y = f(x), elementwise. */
export function unaryKernels(addon: NativeAddon): tf.KernelConfig[] {
  return Object.entries(KERNELS).map(([kernelName, operation]) => {
    const code = UNARY.indexOf(operation);
    return override(kernelName, (cpu) => (args, backend) => {
      const x = args.inputs['x']!;
      // `alpha` is Step's value for x <= 0; the native one is 0.
      if (!takes(x) || (args.attrs?.['alpha'] ?? 0) !== 0) return cpu(args);
      const y = backend.output(x.shape);
      addon.unary(code, backend.array(x.dataId), y.array);
      return y;
    });
  });
}
