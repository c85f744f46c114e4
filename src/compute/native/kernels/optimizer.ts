/**
 * Updates in place. The caller has made sure that what is written owns its storage (`NativeBackend.ownsExclusively`); the kernels
 * refuse to write what anyone else can see. P parameters of one member.
 */
import { type AdamCoefficients } from '../../ops/adam.js';
import { type tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { addition } from './kernel.js';

/** One step of Adam or AdamW on parameters, m and v; l2 (P) is repeated for every row of parameters (E x P). */
function adamKernel(addon: NativeAddon): tf.KernelConfig {
  return addition('AdamStep', ({ inputs, attrs }, backend) => {
    const l2 = inputs['l2'];
    const { rate, correction, beta1, beta2, epsilon, shrink } = attrs as unknown as AdamCoefficients;
    addon.adam(
      backend.writable(inputs['parameters']!.dataId, 'AdamStep: parameters'),
      backend.array(inputs['gradient']!.dataId),
      backend.writable(inputs['m']!.dataId, 'AdamStep: m'),
      backend.writable(inputs['v']!.dataId, 'AdamStep: v'),
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
  return addition('PolyakStep', ({ inputs, attrs }, backend) => {
    const { tau } = attrs as unknown as { tau: number };
    const target = backend.writable(inputs['target']!.dataId, 'PolyakStep: target');
    addon.polyak(target, backend.array(inputs['source']!.dataId), tau);
    return [];
  });
}

export function optimizerKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [adamKernel(addon), polyakKernel(addon)];
}
