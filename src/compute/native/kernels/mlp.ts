/** A whole ensemble of MLPs as one operation each way. E members, B rows, I inputs, O outputs, P parameters of one member. */
import { type tf } from '../../tf.js';
import { type MlpShape } from '../../ops/mlp-shape.js';
import { type NativeAddon } from '../addon.js';
import { addition } from './kernel.js';
import { MlpPlans } from './mlp-plan.js';

/** y (E x B x O), and what the gradient needs where `keep` is set, from x (B x I) or (E x B x I) and parameters (E x P). */
function forwardKernel(addon: NativeAddon, plans: MlpPlans): tf.KernelConfig {
  return addition('EnsembleMlp', ({ inputs, attrs }, backend) => {
    const x = inputs['x']!;
    const parameters = inputs['parameters']!;
    const { shape, keep } = attrs as unknown as { shape: MlpShape; keep: boolean };
    const { members, batch, dimensions, kept } = plans.plan(shape, x, parameters);
    const y = backend.output([members, batch, shape.outputs]);
    const keeper = keep ? backend.output([kept]) : undefined;
    addon.mlpForward(
      backend.array(x.dataId),
      backend.array(parameters.dataId),
      y.array,
      keeper === undefined ? null : keeper.array,
      dimensions,
    );
    return keeper === undefined ? [y] : [y, keeper];
  });
}

/** [dx, dParameters], of these the wanted ones, from dy (E x B x O). */
function gradientKernel(addon: NativeAddon, plans: MlpPlans): tf.KernelConfig {
  return addition('EnsembleMlpGradient', ({ inputs, attrs }, backend) => {
    const x = inputs['x']!;
    const parameters = inputs['parameters']!;
    const { shape, wantDx, wantDw } = attrs as unknown as {
      shape: MlpShape;
      wantDx: boolean;
      wantDw: boolean;
    };
    const outputs: tf.TensorInfo[] = [];
    const dx = wantDx ? backend.output(x.shape) : undefined;
    const dParameters = wantDw ? backend.output(parameters.shape) : undefined;
    if (dx !== undefined) outputs.push(dx);
    if (dParameters !== undefined) outputs.push(dParameters);
    addon.mlpGradient(
      backend.array(inputs['dy']!.dataId),
      backend.array(x.dataId),
      backend.array(parameters.dataId),
      backend.array(inputs['kept']!.dataId),
      dx === undefined ? null : dx.array,
      dParameters === undefined ? null : dParameters.array,
      plans.plan(shape, x, parameters).dimensions,
    );
    return outputs;
  });
}

export function mlpKernels(addon: NativeAddon): tf.KernelConfig[] {
  const plans = new MlpPlans(addon);
  return [forwardKernel(addon, plans), gradientKernel(addon, plans)];
}
