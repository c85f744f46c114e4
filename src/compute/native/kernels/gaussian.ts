/** Loss of a probabilistic ensemble and sample of a squashed policy. E members, B rows, D outputs, A actions. */
import { type tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { addition } from './kernel.js';

/** Negative log-likelihood, a scalar, of head (E x B x 2D), targets (E x B x D) and bounds (2 x D). */
function nllKernel(addon: NativeAddon): tf.KernelConfig {
  return addition('GaussianNll', ({ inputs }, backend) => {
    const targets = inputs['targets']!;
    const [members, batch, outputs] = targets.shape as [number, number, number];
    const loss = backend.output([]);
    loss.array[0] = addon.gaussianNll(
      backend.array(inputs['head']!.dataId),
      backend.array(targets.dataId),
      backend.array(inputs['bounds']!.dataId),
      members,
      batch,
      outputs,
    );
    return loss;
  });
}

/** [dHead (E x B x 2D), dBounds (2 x D)] from dy, a scalar. */
function nllGradientKernel(addon: NativeAddon): tf.KernelConfig {
  return addition('GaussianNllGradient', ({ inputs }, backend) => {
    const head = inputs['head']!;
    const targets = inputs['targets']!;
    const bounds = inputs['bounds']!;
    const [members, batch, outputs] = targets.shape as [number, number, number];
    const dHead = backend.output(head.shape);
    const dBounds = backend.output(bounds.shape);
    addon.gaussianNllGradient(
      backend.array(inputs['dy']!.dataId)[0]!,
      backend.array(head.dataId),
      backend.array(targets.dataId),
      backend.array(bounds.dataId),
      dHead.array,
      dBounds.array,
      members,
      batch,
      outputs,
    );
    return [dHead, dBounds];
  });
}

interface LogStdLimits {
  readonly logStdMin: number;
  readonly logStdMax: number;
}

/** [action (B x A), logProb (B)] from head (B x 2A) or (1 x B x 2A) and noise (B x A) */
function sampleKernel(addon: NativeAddon): tf.KernelConfig {
  return addition('SquashedGaussian', ({ inputs, attrs }, backend) => {
    const noise = inputs['noise']!;
    const { logStdMin, logStdMax } = attrs as unknown as LogStdLimits;
    const [batch, actions] = noise.shape as [number, number];
    const action = backend.output(noise.shape);
    const logProb = backend.output([batch]);
    addon.squashedGaussian(
      backend.array(inputs['head']!.dataId),
      backend.array(noise.dataId),
      action.array,
      logProb.array,
      batch,
      actions,
      logStdMin,
      logStdMax,
    );
    return [action, logProb];
  });
}

/** [dHead], of head's shape, from dAction (B x A) and dLogProb (B) */
function sampleGradientKernel(addon: NativeAddon): tf.KernelConfig {
  return addition('SquashedGaussianGradient', ({ inputs, attrs }, backend) => {
    const head = inputs['head']!;
    const noise = inputs['noise']!;
    const { logStdMin, logStdMax } = attrs as unknown as LogStdLimits;
    const [batch, actions] = noise.shape as [number, number];
    const dHead = backend.output(head.shape);
    addon.squashedGaussianGradient(
      backend.array(inputs['dAction']!.dataId),
      backend.array(inputs['dLogProb']!.dataId),
      backend.array(head.dataId),
      backend.array(noise.dataId),
      dHead.array,
      batch,
      actions,
      logStdMin,
      logStdMax,
    );
    return [dHead];
  });
}

export function gaussianKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [nllKernel(addon), nllGradientKernel(addon), sampleKernel(addon), sampleGradientKernel(addon)];
}
