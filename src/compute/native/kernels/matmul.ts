import { tf } from '../../tf.js';
import { ACTIVATION, type NativeAddon } from '../addon.js';
import { type NativeBackend } from '../backend.js';
import { override, sameShape, sizeOf, takes, type KernelArguments } from './kernel.js';

const IDENTITY = ACTIVATION.indexOf('identity');
const RELU = ACTIVATION.indexOf('relu');

/** The kernels behind the activations that are not fused. */
const ACTIVATION_KERNELS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  elu: 'Elu',
  relu6: 'Relu6',
  prelu: 'Prelu',
  leakyrelu: 'LeakyRelu',
  sigmoid: 'Sigmoid',
};

/**
 * activation(op(a) op(b) + bias), where the batches are equal or one operand serves all.
 * @param bias as long as a row of the product, or undefined
 * @returns undefined for what the CPU kernel has to do or to refuse
 */
function product(
  addon: NativeAddon,
  { inputs, attrs }: KernelArguments,
  backend: NativeBackend,
  bias: tf.TensorInfo | undefined,
  activation: number,
): tf.TensorInfo | undefined {
  const a = inputs['a']!;
  const b = inputs['b']!;
  if (!takes(a) || !takes(b)) return undefined;
  const transposeA = attrs!['transposeA'] === true;
  const transposeB = attrs!['transposeB'] === true;
  const aRank = a.shape.length;
  const bRank = b.shape.length;
  const k = a.shape[transposeA ? aRank - 2 : aRank - 1]!;
  const n = b.shape[transposeB ? bRank - 2 : bRank - 1]!;
  let m = a.shape[transposeA ? aRank - 1 : aRank - 2]!;
  if (k !== b.shape[transposeB ? bRank - 1 : bRank - 2]) return undefined;

  let outer: number[] = [];
  let batch = 1;
  let strideA = m * k;
  let strideB = k * n;
  if (aRank > 2 || bRank > 2) {
    const aOuter = a.shape.slice(0, -2);
    const bOuter = b.shape.slice(0, -2);
    const aBatch = sizeOf(aOuter);
    const bBatch = sizeOf(bOuter);
    if (!sameShape(aOuter, bOuter) && aBatch > 1 && bBatch > 1) return undefined;
    outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter);
    batch = Math.max(aBatch, bBatch);
    if (aBatch === 1) strideA = 0;
    if (bBatch === 1) strideB = 0;
  }
  outer.push(m, n);
  const out = backend.output(outer);
  if (strideB === 0 && !transposeA) {
    m *= batch; // one b for all: one tall product
    batch = 1;
  }
  addon.matmul(
    backend.array(a.dataId),
    backend.array(b.dataId),
    bias === undefined ? null : backend.array(bias.dataId),
    out.array,
    batch,
    m,
    n,
    k,
    strideA,
    strideB,
    transposeA,
    transposeB,
    activation,
  );
  return out;
}

function isRow(bias: tf.TensorInfo, b: tf.TensorInfo, transposeB: boolean): boolean {
  const n = b.shape[b.shape.length - (transposeB ? 2 : 1)];
  return takes(bias) && sizeOf(bias.shape) === n && bias.shape[bias.shape.length - 1] === n;
}

/** Runs another kernel of the native backend on an intermediate result, which is freed. */
function next(
  backend: NativeBackend,
  x: tf.TensorInfo,
  kernelName: string,
  args: Omit<KernelArguments, 'backend'>,
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, 'native');
  const y = kernelFunc({ backend, ...args }) as tf.TensorInfo;
  backend.disposeIntermediateTensorInfo(x);
  return y;
}

/** Matrix products; bias, relu and linear activation are fused. */
export function matmulKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [
    override(
      'BatchMatMul',
      (cpu) => (args, backend) => product(addon, args, backend, undefined, IDENTITY) ?? cpu(args),
    ),
    override('_FusedMatMul', (cpu) => (args, backend) => {
      const { bias, preluActivationWeights } = args.inputs;
      const activation = (args.attrs!['activation'] as string | undefined) ?? 'linear';
      const activationKernel = ACTIVATION_KERNELS[activation];
      if (activation !== 'linear' && activationKernel === undefined) return cpu(args);
      const row = bias !== undefined && isRow(bias, args.inputs['b']!, args.attrs!['transposeB'] === true);
      const added = bias === undefined || row;
      const fused = added && (activation === 'linear' || activation === 'relu');
      const code = fused && activation === 'relu' ? RELU : IDENTITY;
      const z = product(addon, args, backend, row ? bias : undefined, code);
      if (z === undefined) return cpu(args);
      const sum = added ? z : next(backend, z, 'Add', { inputs: { a: z, b: bias } });
      if (fused || activationKernel === undefined) return sum;
      return next(backend, sum, activationKernel, {
        inputs: { x: sum, alpha: preluActivationWeights },
        attrs: { alpha: args.attrs!['leakyreluAlpha']! },
      });
    }),
  ];
}
