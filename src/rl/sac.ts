/**
 * Soft actor-critic with automatic temperature (Haarnoja et al. 2018, arXiv 1812.05905).
 * B batch, S observation size, A action size.
 */
import {
  ensembleMlp,
  hostLoss,
  polyakStep,
  scoped,
  squashedGaussian,
  tf,
  type MlpShape,
} from '../compute/index.js';
import { badInput, type Rng } from '../core/index.js';
import { Adam } from './adam.js';
import { columns, type DenseWeights } from './dense.js';
import { mlpParameters } from './mlp-parameters.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import type { ObservationSpec } from './observation.js';
import type { ParameterSet } from './parameter-set.js';
import { LOG_STD_MAX, LOG_STD_MIN, type PolicySnapshot } from './policy-snapshot.js';
import type { SacConfig } from './sac-config.js';
import { actorLoss, criticLoss, criticTargets } from './sac-losses.js';
import { Temperature } from './temperature.js';
import type { TransitionBatch } from './transition-batch.js';

/** Standard normals of one update, given from outside so that updates repeat and can be tested. */
export interface SacNoise {
  /** (B x A) for the actions of the critics' targets */
  readonly next: Float32Array;
  /** (B x A) for the actions of the actor's loss */
  readonly current: Float32Array;
}

export interface SacReport {
  /** sum over both critics of half the mean squared error */
  readonly criticLoss: number;
  /** mean of the values that the critics are to learn */
  readonly targetMean: number;
  readonly actorLoss: number;
  /** temperature after the update */
  readonly temperature: number;
  /** mean of -log pi over the batch [nat] */
  readonly entropy: number;
}

const LOG_STD = { logStdMin: LOG_STD_MIN, logStdMax: LOG_STD_MAX };

/** Value and gradient of a loss with respect to a parameter set, in its shape. */
interface Slope {
  readonly value: number;
  readonly gradient: tf.Tensor2D;
}

export class Sac {
  /** one row; its head is mean | raw log std */
  readonly actor: ParameterSet;
  /** Polyak average of the actor */
  readonly averageActor: ParameterSet;
  /** two rows */
  readonly critics: ParameterSet;
  readonly targets: ParameterSet;
  /** of raw observations (S); fit it to data before and while learning */
  readonly normaliser: Normaliser;
  readonly targetEntropy: number;
  private readonly alpha: Temperature;
  private readonly actorShape: MlpShape;
  private readonly criticShape: MlpShape;
  private readonly actorAdam: Adam;
  private readonly criticAdam: Adam;

  constructor(
    readonly observation: ObservationSpec,
    readonly config: SacConfig,
    rng: Rng,
  ) {
    const { size: s, actionSize: a } = observation;
    const { hidden } = config;
    const common = { hidden, activation: 'relu' } as const;
    this.actorShape = { ...common, inputs: s, outputs: 2 * a, layerNorm: false };
    this.criticShape = { ...common, inputs: s + a, outputs: 1, layerNorm: config.criticLayerNorm };
    this.actor = mlpParameters(['actor'], this.actorShape, a, 'glorot-uniform', rng);
    this.critics = mlpParameters(['critic0', 'critic1'], this.criticShape, 1, 'glorot-uniform', rng);
    this.averageActor = this.actor.clone();
    this.targets = this.critics.clone();
    this.normaliser = new Normaliser(s, config.observationClip);
    this.targetEntropy = config.targetEntropy ?? -a;
    this.alpha = new Temperature(config.initialTemperature, { learningRate: config.temperatureLearningRate });
    this.actorAdam = new Adam(this.actor, { learningRate: config.actorLearningRate });
    this.criticAdam = new Adam(this.critics, { learningRate: config.criticLearningRate });
  }

  get temperature(): number {
    return this.alpha.value;
  }

  /** One gradient step of critics, then actor, then temperature, then targets (the order of SAC's algorithm 1). */
  update(batch: TransitionBatch, noise: SacNoise): SacReport {
    const { actionSize: a } = this.observation;
    if (noise.next.length !== batch.count * a || noise.current.length !== batch.count * a) {
      throw badInput(`noise must have ${batch.count} x ${a} values`);
    }
    return scoped(() => {
      const critic = this.criticSlope(batch, noise.next);
      this.criticAdam.step(critic.gradient);
      const actor = this.actorSlope(batch, noise.current);
      this.actorAdam.step(actor.gradient);
      // d/d(log alpha) of mean(-log alpha (log pi + target entropy)), as softlearning writes the loss
      this.alpha.step(actor.entropy - this.targetEntropy);
      polyakStep(this.averageActor.variable, this.actor.variable, this.config.actorTau);
      this.averageActor.changed();
      polyakStep(this.targets.variable, this.critics.variable, this.config.tau);
      this.targets.changed();
      const { temperature } = this;
      const { value: criticLoss, targetMean } = critic;
      return { criticLoss, targetMean, actorLoss: actor.value, temperature, entropy: actor.entropy };
    });
  }

  /** Loss of the critics and its gradient: 1/2 mean (Q_i - y)^2 summed over i. */
  criticGradient(batch: TransitionBatch, noise: Float32Array): { value: number; gradient: Float32Array } {
    return scoped(() => {
      const { value, gradient } = this.criticSlope(batch, noise);
      return { value, gradient: gradient.dataSync<'float32'>().slice() };
    });
  }

  /** Loss of the actor and its gradient: mean (alpha log pi(a|s) - min_i Q_i(s, a)), a reparameterised. */
  actorGradient(
    batch: TransitionBatch,
    noise: Float32Array,
  ): { value: number; gradient: Float32Array; entropy: number } {
    return scoped(() => {
      const { value, gradient, entropy } = this.actorSlope(batch, noise);
      return { value, gradient: gradient.dataSync<'float32'>().slice(), entropy };
    });
  }

  /**
   * Actions for many raw observations (B x S): sampled with `noise` (B x A), or tanh(mean) where noise is null.
   * @param out (B x A) written
   */
  act(batch: number, observations: Float32Array, noise: Float32Array | null, out: Float32Array): void {
    const { actionSize: a } = this.observation;
    scoped(() => {
      const head = ensembleMlp(this.normalised(batch, observations), this.actor.variable, this.actorShape);
      if (noise !== null) {
        const eps = tf.tensor2d(noise.subarray(0, batch * a), [batch, a]);
        out.set(squashedGaussian(head, eps, LOG_STD).action.dataSync<'float32'>());
        return;
      }
      const means = head.dataSync<'float32'>();
      for (let b = 0; b < batch; b++) {
        for (let j = 0; j < a; j++) out[b * a + j] = Math.tanh(means[b * 2 * a + j]!);
      }
    });
  }

  /** Everything that acting needs, copied. @param which the actor as it was last updated, or the average of its weights */
  snapshot(which: 'newest' | 'average'): PolicySnapshot {
    const actor = which === 'newest' ? this.actor : this.averageActor;
    const layer = (name: string, inputs: number, outputs: number): DenseWeights => ({
      inputs,
      outputs,
      kernel: actor.get(`actor/${name}/kernel`),
      bias: actor.get(`actor/${name}/bias`),
    });
    const { size, actionSize } = this.observation;
    const widths = [size, ...this.config.hidden];
    const head = layer('head', widths[widths.length - 1]!, 2 * actionSize);
    const { mean, std, clip } = this.normaliser;
    return {
      observation: this.observation,
      normaliser: { mean: mean.slice(), std: std.slice(), clip },
      hidden: this.config.hidden.map((width, i) => layer(`dense${i}`, widths[i]!, width)),
      mean: columns(head, 0, actionSize),
      logStd: columns(head, actionSize, 2 * actionSize),
    };
  }

  /** Networks, optimiser states, temperature and normaliser; loading them continues exactly. */
  tensors(): NamedTensors {
    return {
      ...this.actor.tensors(),
      ...withPrefix('average', this.averageActor.tensors()),
      ...this.critics.tensors(),
      ...withPrefix('target', this.targets.tensors()),
      ...this.alpha.tensors(),
      ...withPrefix('normaliser', this.normaliser.tensors()),
      ...withPrefix('adam/actor', this.actorAdam.tensors()),
      ...withPrefix('adam/critics', this.criticAdam.tensors()),
    };
  }

  load(tensors: NamedTensors): void {
    this.actor.load(tensors);
    this.averageActor.load(withoutPrefix('average', tensors));
    this.critics.load(tensors);
    this.targets.load(withoutPrefix('target', tensors));
    this.alpha.load(tensors);
    this.normaliser.load(withoutPrefix('normaliser', tensors));
    this.actorAdam.load(withoutPrefix('adam/actor', tensors));
    this.criticAdam.load(withoutPrefix('adam/critics', tensors));
  }

  dispose(): void {
    const { actor, averageActor, critics, targets, actorAdam, criticAdam } = this;
    for (const part of [actor, averageActor, critics, targets, actorAdam, criticAdam]) part.dispose();
  }

  private criticSlope(batch: TransitionBatch, noise: Float32Array): Slope & { targetMean: number } {
    const { count: b } = batch;
    const { size: s, actionSize: a } = this.observation;
    const y = this.criticTargets(batch, noise);
    const joined = new Float32Array(b * (s + a));
    this.normaliser.apply(b, batch.observations, joined, s + a);
    for (let i = 0; i < b; i++) {
      for (let j = 0; j < a; j++) joined[i * (s + a) + s + j] = batch.actions[i * a + j]!;
    }
    const x = tf.tensor2d(joined, [b, s + a]);
    let value = NaN;
    const gradient = slope(this.critics, () => {
      const q = ensembleMlp(x, this.critics.variable, this.criticShape, { wantDx: false });
      return hostLoss([q], (values) => {
        const { loss, dq } = criticLoss(values, y);
        value = loss;
        return { loss, gradients: [dq] };
      });
    });
    return { value, gradient, targetMean: y.reduce((sum, v) => sum + v, 0) / b };
  }

  private actorSlope(batch: TransitionBatch, noise: Float32Array): Slope & { entropy: number } {
    const { count: b } = batch;
    const observations = this.normalised(b, batch.observations);
    const { temperature } = this;
    let [value, entropy] = [NaN, NaN];
    const gradient = slope(this.actor, () => {
      const { action, logProb } = this.sample(observations, noise);
      const x: tf.Tensor2D = tf.concat([observations, action], 1);
      const q = ensembleMlp(x, this.critics.variable, this.criticShape, { wantDw: false });
      return hostLoss([logProb, q], (logProbs, values) => {
        const result = actorLoss(logProbs, values, temperature);
        ({ loss: value, entropy } = result);
        return { loss: value, gradients: [result.dLogProb, result.dq] };
      });
    });
    return { value, gradient, entropy };
  }

  /** (B) */
  private criticTargets(batch: TransitionBatch, noise: Float32Array): Float64Array {
    const next = this.normalised(batch.count, batch.nextObservations);
    const { action, logProb } = this.sample(next, noise);
    const q = ensembleMlp(tf.concat([next, action], 1), this.targets.variable, this.criticShape);
    return criticTargets(
      batch.rewards,
      batch.terminated,
      q.dataSync<'float32'>(),
      logProb.dataSync<'float32'>(),
      this.config.gamma,
      this.temperature,
    );
  }

  /** @param noise (B x A) */
  private sample(observations: tf.Tensor2D, noise: Float32Array) {
    const head = ensembleMlp(observations, this.actor.variable, this.actorShape, { wantDx: false });
    const eps = tf.tensor2d(noise, [observations.shape[0], this.observation.actionSize]);
    return squashedGaussian(head, eps, LOG_STD);
  }

  private normalised(batch: number, observations: Float32Array): tf.Tensor2D {
    const out = new Float32Array(batch * this.observation.size);
    this.normaliser.apply(batch, observations, out);
    return tf.tensor2d(out, [batch, this.observation.size]);
  }
}

/** Gradient of `loss` with respect to one parameter set. */
function slope(parameters: ParameterSet, loss: () => tf.Scalar): tf.Tensor2D {
  return tf.engine().gradients(loss, [parameters.variable]).grads[0] as tf.Tensor2D;
}
