/** E members, B rows, I inputs, O outputs, P parameters of one member. */
import { type tf } from '../../tf.js';
import { type MlpShape } from '../../ops/mlp-shape.js';
import { ACTIVATION, type MlpDimensions, type NativeAddon } from '../addon.js';

/** What the kernels need to know about one shape with one batch. */
interface MlpPlan {
  readonly members: number;
  readonly batch: number;
  /** whether x is (B x I), the same for all members */
  readonly shared: boolean;
  readonly dimensions: MlpDimensions;
  /** length of `kept` */
  readonly kept: number;
}

/** Plans kept per shape; a training loop has a handful of batch sizes. */
const MAX_PLANS = 16;

/** The addon's view of a shape with x (B x I) or (E x B x I) and parameters (E x P), made once per shape object, E and B. */
export class MlpPlans {
  private readonly shapes = new WeakMap<MlpShape, MlpPlan[]>();

  constructor(private readonly addon: NativeAddon) {}

  plan(shape: MlpShape, x: tf.TensorInfo, parameters: tf.TensorInfo): MlpPlan {
    const members = parameters.shape[0]!;
    const shared = x.shape.length === 2;
    const batch = x.shape[shared ? 0 : 1]!;
    let plans = this.shapes.get(shape);
    if (plans === undefined) this.shapes.set(shape, (plans = []));
    for (const plan of plans) {
      if (plan.batch === batch && plan.members === members && plan.shared === shared) return plan;
    }
    const { inputs, hidden, outputs, activation, layerNorm } = shape;
    const dimensions = Int32Array.of(
      members,
      batch,
      inputs,
      outputs,
      shared ? 1 : 0,
      ACTIVATION.indexOf(activation),
      layerNorm ? 1 : 0,
      ...hidden,
    );
    const plan: MlpPlan = { members, batch, shared, dimensions, kept: this.addon.mlpKeptSize(dimensions) };
    if (plans.length === MAX_PLANS) plans.shift();
    plans.push(plan);
    return plan;
  }
}
