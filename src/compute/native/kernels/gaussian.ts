/** Loss of a probabilistic ensemble and sample of a squashed policy. E members, B rows, D outputs, A actions. */
import { type tf } from '../../tf.js';
import { type NativeAddon } from '../addon.js';
import { addition, badTensor, sizeOf, type KernelArguments } from './kernel.js';

const NLL = 'GaussianNll';
const NLL_GRADIENT = 'GaussianNllGradient';
const SAMPLE = 'SquashedGaussian';
const SAMPLE_GRADIENT = 'SquashedGaussianGradient';

interface Inputs {
  readonly head: tf.TensorInfo;
  readonly targets: tf.TensorInfo;
  readonly bounds: tf.TensorInfo;
}

/** @throws Error unless head is (E x B x 2D), targets (E x B x D) and bounds (2 x D) */
function checkNll(kernel: string, inputs: KernelArguments['inputs']): Inputs {
  const head = inputs['head']!;
  const targets = inputs['targets']!;
  const bounds = inputs['bounds']!;
  const [members, batch, outputs] = targets.shape;
  if (targets.dtype !== 'float32' || targets.shape.length !== 3 || members === 0 || outputs === 0) {
    throw badTensor(kernel, 'targets', 'float32 [members, B, D]', targets);
  }
  if (
    head.dtype !== 'float32' ||
    head.shape.length !== 3 ||
    head.shape[0] !== members ||
    head.shape[1] !== batch ||
    head.shape[2] !== 2 * outputs!
  ) {
    throw badTensor(kernel, 'head', `float32 [${members}, ${batch}, ${2 * outputs!}]`, head);
  }
  if (
    bounds.dtype !== 'float32' ||
    bounds.shape.length !== 2 ||
    bounds.shape[0] !== 2 ||
    bounds.shape[1] !== outputs
  ) {
    throw badTensor(kernel, 'bounds', `float32 [2, ${outputs}]`, bounds);
  }
  return { head, targets, bounds };
}

/** Negative log-likelihood, a scalar; the mean over an empty batch is NaN. */
function nllKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(NLL, ({ inputs }, backend) => {
    const { head, targets, bounds } = checkNll(NLL, inputs);
    const [members, batch, outputs] = targets.shape as [number, number, number];
    const loss = backend.output([]);
    loss.array[0] =
      batch === 0
        ? NaN
        : addon.gaussianNll(
            backend.array(head.dataId),
            backend.array(targets.dataId),
            backend.array(bounds.dataId),
            members,
            batch,
            outputs,
          );
    return loss;
  });
}

/** [dHead (E x B x 2D), dBounds (2 x D)] from dy, a scalar. */
function nllGradientKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(NLL_GRADIENT, ({ inputs }, backend) => {
    const { head, targets, bounds } = checkNll(NLL_GRADIENT, inputs);
    const dy = inputs['dy']!;
    if (dy.dtype !== 'float32' || sizeOf(dy.shape) !== 1) {
      throw badTensor(NLL_GRADIENT, 'dy', 'a float32 scalar', dy);
    }
    const [members, batch, outputs] = targets.shape as [number, number, number];
    const dHead = backend.output(head.shape);
    const dBounds = backend.output(bounds.shape);
    if (batch === 0) {
      dBounds.array.fill(0);
    } else {
      addon.gaussianNllGradient(
        backend.array(dy.dataId)[0]!,
        backend.array(head.dataId),
        backend.array(targets.dataId),
        backend.array(bounds.dataId),
        dHead.array,
        dBounds.array,
        members,
        batch,
        outputs,
      );
    }
    return [dHead, dBounds];
  });
}

interface LogStdLimits {
  readonly logStdMin: number;
  readonly logStdMax: number;
}

/** @throws Error unless noise is (B x A) and head (B x 2A) or (1 x B x 2A) */
function checkSample(kernel: string, head: tf.TensorInfo, noise: tf.TensorInfo): void {
  const [batch, actions] = noise.shape;
  if (noise.dtype !== 'float32' || noise.shape.length !== 2 || actions === 0) {
    throw badTensor(kernel, 'noise', 'float32 [B, A]', noise);
  }
  const rank = head.shape.length;
  if (
    head.dtype !== 'float32' ||
    !(rank === 2 || (rank === 3 && head.shape[0] === 1)) ||
    head.shape[rank - 2] !== batch ||
    head.shape[rank - 1] !== 2 * actions!
  ) {
    throw badTensor(
      kernel,
      'head',
      `float32 [${batch}, ${2 * actions!}] or [1, ${batch}, ${2 * actions!}]`,
      head,
    );
  }
}

/** [action (B x A), logProb (B)] */
function sampleKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(SAMPLE, ({ inputs, attrs }, backend) => {
    const head = inputs['head']!;
    const noise = inputs['noise']!;
    const { logStdMin, logStdMax } = attrs as unknown as LogStdLimits;
    checkSample(SAMPLE, head, noise);
    const [batch, actions] = noise.shape as [number, number];
    const action = backend.output(noise.shape);
    const logProb = backend.output([batch]);
    if (batch > 0) {
      addon.squashedGaussian(
        backend.array(head.dataId),
        backend.array(noise.dataId),
        action.array,
        logProb.array,
        batch,
        actions,
        logStdMin,
        logStdMax,
      );
    }
    return [action, logProb];
  });
}

/** [dHead], of head's shape */
function sampleGradientKernel(addon: NativeAddon): tf.KernelConfig {
  return addition(SAMPLE_GRADIENT, ({ inputs, attrs }, backend) => {
    const head = inputs['head']!;
    const noise = inputs['noise']!;
    const dAction = inputs['dAction']!;
    const dLogProb = inputs['dLogProb']!;
    const { logStdMin, logStdMax } = attrs as unknown as LogStdLimits;
    checkSample(SAMPLE_GRADIENT, head, noise);
    const [batch, actions] = noise.shape as [number, number];
    if (
      dAction.dtype !== 'float32' ||
      dAction.shape.length !== 2 ||
      dAction.shape[0] !== batch ||
      dAction.shape[1] !== actions
    ) {
      throw badTensor(SAMPLE_GRADIENT, 'dAction', `float32 [${batch}, ${actions}]`, dAction);
    }
    if (dLogProb.dtype !== 'float32' || dLogProb.shape.length !== 1 || dLogProb.shape[0] !== batch) {
      throw badTensor(SAMPLE_GRADIENT, 'dLogProb', `float32 [${batch}]`, dLogProb);
    }
    const dHead = backend.output(head.shape);
    if (batch > 0) {
      addon.squashedGaussianGradient(
        backend.array(dAction.dataId),
        backend.array(dLogProb.dataId),
        backend.array(head.dataId),
        backend.array(noise.dataId),
        dHead.array,
        batch,
        actions,
        logStdMin,
        logStdMax,
      );
    }
    return [dHead];
  });
}

export function gaussianKernels(addon: NativeAddon): tf.KernelConfig[] {
  return [nllKernel(addon), nllGradientKernel(addon), sampleKernel(addon), sampleGradientKernel(addon)];
}
