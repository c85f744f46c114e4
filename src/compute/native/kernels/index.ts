/** The one list of the native backend's own kernels; every other one is the CPU backend's. */
import { type tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { binaryKernels } from './binary.js';
import { copyKernels } from './copy.js';
import { gaussianKernels } from './gaussian.js';
import { matmulKernels } from './matmul.js';
import { mlpKernels } from './mlp.js';
import { optimizerKernels } from './optimizer.js';
import { reductionKernels } from './reduction.js';
import { unaryKernels } from './unary.js';

export function nativeKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [
    ...matmulKernels(addon), // BatchMatMul, _FusedMatMul
    ...binaryKernels(addon), // Add, Sub, Multiply, RealDiv, Maximum, Minimum
    ...unaryKernels(addon), // Neg, Abs, Square, Sqrt, Rsqrt, Exp, Log, Sigmoid, Tanh, Relu, Softplus, Step
    ...reductionKernels(addon), // Sum, Mean, Max, Min
    ...copyKernels(addon), // Concat, Slice, SplitV, GatherV2, Transpose
    ...mlpKernels(addon), // EnsembleMlp, EnsembleMlpGradient
    ...gaussianKernels(addon), // GaussianNll, SquashedGaussian and their gradients
    ...optimizerKernels(addon), // AdamStep, PolyakStep
  ];
}
