/**
 * Updates in place. The caller has made sure that what is written owns its storage (`NativeBackend.ownsExclusively`); the kernels
 * refuse to write what anyone else can see. P parameters of one member.
 */
import { type tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { addition, badTensor, sameShape, sizeOf } from './kernel.js';

const ADAM = 'AdamStep';
const POLYAK = 'PolyakStep';

interface AdamAttributes {
  readonly rate: number;
  readonly correction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly shrink: number;
}

function checkLike(kernel: string, input: string, got: tf.TensorInfo, like: tf.TensorInfo): void {
  if (got.dtype !== 'float32' || !sameShape(got.shape, like.shape)) {
    throw badTensor(kernel, input, `float32 [${like.shape.join(', ')}]`, got);
  }
}

/** One step of Adam or AdamW on parameters, m and v; l2 (P) is repeated for every row of parameters (E x P). */
function adamKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(ADAM, ({ inputs, attrs }, backend) => {
    const parameters = inputs['parameters']!;
    const gradient = inputs['gradient']!;
    const m = inputs['m']!;
    const v = inputs['v']!;
    const l2 = inputs['l2'];
    checkLike(ADAM, 'parameters', parameters, parameters);
    checkLike(ADAM, 'gradient', gradient, parameters);
    checkLike(ADAM, 'm', m, parameters);
    checkLike(ADAM, 'v', v, parameters);
    if (l2 !== undefined) {
      const columns = parameters.shape[parameters.shape.length - 1] ?? 1;
      if (l2.dtype !== 'float32' || l2.shape.length !== 1 || l2.shape[0] !== columns) {
        throw badTensor(ADAM, 'l2', `float32 [${columns}]`, l2);
      }
    }
    const { rate, correction, beta1, beta2, epsilon, shrink } = attrs as unknown as AdamAttributes;
    const written = backend.writable(parameters.dataId, 'AdamStep: parameters');
    const writtenM = backend.writable(m.dataId, 'AdamStep: m');
    const writtenV = backend.writable(v.dataId, 'AdamStep: v');
    if (sizeOf(parameters.shape) === 0) return [];
    addon.adam(
      written,
      backend.array(gradient.dataId),
      writtenM,
      writtenV,
      l2 === undefined ? null : backend.array(l2.dataId),
      rate,
      correction,
      beta1,
      beta2,
      epsilon,
      shrink,
    );
    return [];
  });
}

/** target += tau (source - target) */
function polyakKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(POLYAK, ({ inputs, attrs }, backend) => {
    const target = inputs['target']!;
    const source = inputs['source']!;
    checkLike(POLYAK, 'target', target, target);
    checkLike(POLYAK, 'source', source, target);
    const written = backend.writable(target.dataId, 'PolyakStep: target');
    if (written.length > 0) {
      addon.polyak(written, backend.array(source.dataId), (attrs as unknown as { tau: number }).tau);
    }
    return [];
  });
}

export function optimizerKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [adamKernel(addon), polyakKernel(addon)];
}
