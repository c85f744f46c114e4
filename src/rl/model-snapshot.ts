/**
 * The elites of a world model's ensemble as plain arrays, and their forward pass in plain TypeScript. This file must not import tfjs,
 * even indirectly: the process beside the robot loads it. K elites, I inputs [observation | action | domain, where the model tells domains apart], D
 * outputs, F frame size.
 */
import { badInput } from '../core/index.js';
import { columns, dense, type DenseWeights } from './dense.js';
import { ROBOT, modelInputSize } from './domain.js';
import type { MemberPredictions } from './member-predictions.js';
import { takeTensor, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import type { ObservationSpec } from './observation.js';

/** The part of a world model that is not tensors, for JSON. */
export interface ModelSnapshotMeta {
  readonly observation: ObservationSpec;
  /** see WorldConfig */
  readonly domainInput: boolean;
  readonly hiddenWidths: readonly number[];
  /** D: the frame, and the reward where it is learned */
  readonly outputs: number;
  /** K */
  readonly elites: number;
  readonly probabilistic: boolean;
  /** of fields that are no angles, whose change is always predicted: see WorldConfig */
  readonly target: 'delta' | 'next';
}

export interface MemberWeights {
  /** index among all members */
  readonly member: number;
  /** swish layers */
  readonly hidden: readonly DenseWeights[];
  readonly mean: DenseWeights;
  readonly logVariance: DenseWeights;
}

/** Everything that is needed to predict. */
export interface ModelSnapshot {
  readonly meta: ModelSnapshotMeta;
  /** best first (K) */
  readonly members: readonly MemberWeights[];
  readonly inputs: Normaliser;
  readonly targets: Normaliser;
  /** bounds of the log variance (D) */
  readonly maxLogVariance: Float32Array;
  readonly minLogVariance: Float32Array;
  /** (D) */
  readonly varianceScale: Float32Array;
  /** the elites' divergence on the next step that few recorded steps exceed [nat]: see `Ensemble.disagreementLimit` */
  readonly disagreementLimit: number;
}

/**
 * @param tensors of `WorldModel.tensors`
 * @throws BAD_INPUT where a tensor is missing or of another size, or the limit of the disagreement is not a number
 */
export function modelSnapshotFromTensors(tensors: NamedTensors, meta: ModelSnapshotMeta): ModelSnapshot {
  const { observation, domainInput, outputs, elites } = meta;
  const size = modelInputSize(observation, domainInput);
  const perOutput = (name: string): Float32Array => takeTensor(tensors, name, [outputs]);
  const [disagreementLimit] = takeTensor(tensors, 'disagreementLimit', [1]);
  if (!(disagreementLimit! >= 0)) {
    throw badInput(
      `the world model's limit of disagreement is ${disagreementLimit}, expected 0 or more; train on until its next fit, ` +
        'or write prediction: {enabled: false} in robot.yaml',
      { disagreementLimit },
    );
  }
  return {
    meta,
    members: Array.from(takeTensor(tensors, 'elites', [elites]), (member) =>
      memberWeights(withoutPrefix(`member${member}`, tensors), member, size, meta),
    ),
    inputs: normaliser(withoutPrefix('inputs', tensors), size),
    targets: normaliser(withoutPrefix('targets', tensors), outputs),
    maxLogVariance: perOutput('maxLogVariance'),
    minLogVariance: perOutput('minLogVariance'),
    varianceScale: perOutput('varianceScale'),
    disagreementLimit: disagreementLimit!,
  };
}

function normaliser(tensors: NamedTensors, size: number): Normaliser {
  const made = new Normaliser(size);
  made.load(tensors);
  return made;
}

function memberWeights(
  tensors: NamedTensors,
  member: number,
  size: number,
  { hiddenWidths, outputs }: ModelSnapshotMeta,
): MemberWeights {
  const layer = (name: string, inputs: number, width: number): DenseWeights => ({
    inputs,
    outputs: width,
    kernel: takeTensor(tensors, `${name}/kernel`, [inputs, width]),
    bias: takeTensor(tensors, `${name}/bias`, [width]),
  });
  const widths = [size, ...hiddenWidths];
  const head = layer('head', widths[widths.length - 1]!, 2 * outputs);
  return {
    member,
    hidden: hiddenWidths.map((width, i) => layer(`dense${i}`, widths[i]!, width)),
    mean: columns(head, 0, outputs),
    logVariance: columns(head, outputs, 2 * outputs),
  };
}

/** Predictions of one step, elite by elite. No allocation per step. */
export class PlainModel {
  /** of the steps predicted last with their variances, one row for each elite: in units of the target's standard deviation */
  readonly predictions: MemberPredictions;
  /** raw, the domain at its end set for good */
  private readonly input: Float32Array;
  private readonly layers: readonly Float32Array[];
  private readonly mean: Float32Array;

  constructor(readonly snapshot: ModelSnapshot) {
    const { meta, inputs } = snapshot;
    this.input = new Float32Array(inputs.size).fill(ROBOT);
    const { hiddenWidths, outputs, elites } = meta;
    this.layers = [inputs.size, ...hiddenWidths].map((width) => new Float32Array(width));
    this.mean = new Float32Array(outputs);
    const every = (): Float32Array => new Float32Array(elites * outputs);
    this.predictions = { members: elites, count: 1, mean: every(), variance: every() };
  }

  /**
   * The frame that elite `k` expects next, without noise.
   * @param input [observation | action] raw
   * @param frame the newest one in the observation (F)
   * @param next (F) written
   * @param judged keep mean and variance in {@link predictions}
   */
  expect(k: number, input: Float32Array, frame: Float32Array, next: Float32Array, judged = false): void {
    const { members, inputs, targets, meta } = this.snapshot;
    const { hidden, mean } = members[k]!;
    this.input.set(input);
    inputs.apply(1, this.input, this.layers[0]!);
    for (let i = 0; i < hidden.length; i++) dense(hidden[i]!, this.layers[i]!, this.layers[i + 1]!, 'swish');
    dense(mean, this.layers[hidden.length]!, this.mean, 'none');
    if (judged) this.keep(k);
    const { encoding } = meta.observation;
    for (let j = 0; j < next.length; j++) {
      const raw = this.mean[j]! * targets.std[j]! + targets.mean[j]!;
      next[j] = meta.target === 'delta' || encoding[j] === 'sincos' ? frame[j]! + raw : raw;
    }
  }

  /** Mean and variance of elite `k`, whose last layer has just been computed; the log variance is softly bounded (PETS, A.1). */
  private keep(k: number): void {
    const { snapshot, predictions, layers } = this;
    const { members, meta, maxLogVariance: max, minLogVariance: min, varianceScale } = snapshot;
    const variance = predictions.variance.subarray(k * meta.outputs, (k + 1) * meta.outputs);
    predictions.mean.set(this.mean, k * meta.outputs);
    if (!meta.probabilistic) {
      variance.set(varianceScale);
      return;
    }
    dense(members[k]!.logVariance, layers[layers.length - 1]!, variance, 'none');
    for (let j = 0; j < variance.length; j++) {
      const upper = max[j]! - softplus(max[j]! - variance[j]!);
      variance[j] = Math.exp(min[j]! + softplus(upper - min[j]!)) * varianceScale[j]!;
    }
  }
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
