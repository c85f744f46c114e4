/** E members, B rows, I inputs, O outputs, P parameters of one member. */
import { type tf } from '../../tf.js';
import { mlpParameterCount, type MlpShape } from '../../ops/mlp-shape.js';
import { ACTIVATION, type MlpDimensions, type NativeAddon } from '../addon.js';
import { badTensor } from './kernel.js';

/** What the kernels need to know about one shape with one batch. */
export interface MlpPlan {
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

interface Shape {
  readonly parameters: number;
  readonly plans: MlpPlan[];
}

function validate(kernel: string, shape: MlpShape): void {
  for (const width of [shape.inputs, ...shape.hidden, shape.outputs]) {
    if (!Number.isSafeInteger(width) || width < 1) {
      throw new Error(`Error in ${kernel}: layer widths must be positive integers, got ${width}`);
    }
  }
  if (shape.activation !== 'relu' && shape.activation !== 'swish') {
    throw new Error(`Error in ${kernel}: activation must be relu or swish, got ${String(shape.activation)}`);
  }
}

/** Checks x and parameters against a shape and gives the addon's view of them, made once per shape object and batch. */
export class MlpPlans {
  private readonly shapes = new WeakMap<MlpShape, Shape>();

  constructor(private readonly addon: NativeAddon) {}

  /** @throws Error when x is not (B x I) or (E x B x I), or parameters are not (E x P) */
  plan(kernel: string, mlp: MlpShape, x: tf.TensorInfo, parameters: tf.TensorInfo): MlpPlan {
    let shape = this.shapes.get(mlp);
    if (shape === undefined) {
      validate(kernel, mlp);
      this.shapes.set(mlp, (shape = { parameters: mlpParameterCount(mlp), plans: [] }));
    }
    const members = parameters.shape[0]!;
    if (
      parameters.dtype !== 'float32' ||
      parameters.shape.length !== 2 ||
      members === 0 ||
      parameters.shape[1] !== shape.parameters
    ) {
      throw badTensor(kernel, 'parameters', `float32 [members, ${shape.parameters}]`, parameters);
    }
    const rank = x.shape.length;
    const shared = rank === 2;
    if (
      x.dtype !== 'float32' ||
      x.shape[rank - 1] !== mlp.inputs ||
      !(shared || (rank === 3 && x.shape[0] === members))
    ) {
      throw badTensor(kernel, 'x', `float32 [B, ${mlp.inputs}] or [${members}, B, ${mlp.inputs}]`, x);
    }
    const batch = x.shape[rank - 2]!;
    for (const plan of shape.plans) {
      if (plan.batch === batch && plan.members === members && plan.shared === shared) return plan;
    }
    return this.add(shape, mlp, members, batch, shared);
  }

  private add({ plans }: Shape, mlp: MlpShape, members: number, batch: number, shared: boolean): MlpPlan {
    const { inputs, hidden, outputs, activation, layerNorm } = mlp;
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
    const kept = batch === 0 ? 1 : this.addon.mlpKeptSize(dimensions);
    const plan: MlpPlan = { members, batch, shared, dimensions, kept };
    if (plans.length === MAX_PLANS) plans.shift();
    plans.push(plan);
    return plan;
  }
}
