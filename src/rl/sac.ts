/**
 * Soft actor-critic with automatic temperature (Haarnoja et al. 2018, arXiv 1812.05905).
 * B batch, S observation size, A action size.
 */
import { scoped, tf } from '../compute/index.js';
import { badInput, type Rng } from '../core/index.js';
import { Adam } from './adam.js';
import { mlpForward, mlpParameters, type MlpForwardOptions, type MlpSpec } from './mlp.js';
import { takeTensor, withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import type { ObservationSpec } from './observation.js';
import { flatGradient, ParameterSet, polyak } from './parameter-set.js';
import type { DenseWeights, PolicySnapshot } from './policy-snapshot.js';
import type { SacConfig } from './sac-config.js';
import { boundedLogStd, squashedGaussianSample } from './squashed-gaussian.js';
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
  readonly actorLoss: number;
  /** temperature after the update */
  readonly temperature: number;
  /** mean of -log pi over the batch [nat] */
  readonly entropy: number;
}

const CRITICS = ['critic0', 'critic1'] as const;

export class Sac {
  readonly actor: ParameterSet;
  readonly critics: ParameterSet;
  readonly targets: ParameterSet;
  /** of raw observations (S); fit it to data before and while learning */
  readonly normaliser: Normaliser;
  readonly targetEntropy: number;
  private readonly logTemperature: Float32Array;
  private readonly actorSpec: MlpSpec<'mean' | 'logStd'>;
  private readonly criticSpec: MlpSpec<'value'>;
  private readonly actorAdam: Adam;
  private readonly criticAdam: Adam;
  private readonly temperatureAdam: Adam;

  constructor(
    readonly observation: ObservationSpec,
    readonly config: SacConfig,
    rng: Rng,
  ) {
    const { size: s, actionSize: a } = observation;
    const { hidden } = config;
    this.actorSpec = { inputs: s, hidden, heads: { mean: a, logStd: a }, activation: 'relu' };
    this.criticSpec = {
      inputs: s + a,
      hidden,
      heads: { value: 1 },
      activation: 'relu',
      layerNorm: config.criticLayerNorm,
    };
    this.actor = new ParameterSet(mlpParameters('actor', this.actorSpec, 'glorot-uniform', rng));
    this.critics = new ParameterSet(
      CRITICS.flatMap((critic) => mlpParameters(critic, this.criticSpec, 'glorot-uniform', rng)),
    );
    this.targets = this.critics.clone();
    this.normaliser = new Normaliser(s, config.observationClip);
    this.targetEntropy = config.targetEntropy ?? -a;
    this.logTemperature = Float32Array.of(Math.log(config.initialTemperature));
    this.actorAdam = new Adam(this.actor.values.length, { learningRate: config.actorLearningRate });
    this.criticAdam = new Adam(this.critics.values.length, { learningRate: config.criticLearningRate });
    this.temperatureAdam = new Adam(1, { learningRate: config.temperatureLearningRate });
  }

  get temperature(): number {
    return Math.exp(this.logTemperature[0]!);
  }

  /** One gradient step of critics, then actor, then temperature, then targets (the order of SAC's algorithm 1). */
  update(batch: TransitionBatch, noise: SacNoise): SacReport {
    const { actionSize: a } = this.observation;
    if (noise.next.length !== batch.count * a || noise.current.length !== batch.count * a) {
      throw badInput(`noise must have ${batch.count} x ${a} values`);
    }
    const critic = this.criticGradient(batch, noise.next);
    this.criticAdam.step(this.critics.values, critic.gradient);
    this.critics.refresh();
    const actor = this.actorGradient(batch, noise.current);
    this.actorAdam.step(this.actor.values, actor.gradient);
    this.actor.refresh();
    // d/d(log alpha) of mean(-log alpha (log pi + target entropy)), as softlearning writes the loss
    const slope = actor.entropy - this.targetEntropy;
    this.temperatureAdam.step(this.logTemperature, Float32Array.of(slope));
    polyak(this.targets, this.critics, this.config.tau);
    const { temperature } = this;
    return { criticLoss: critic.value, actorLoss: actor.value, temperature, entropy: actor.entropy };
  }

  /** 1/2 mean (Q_i - y)^2 summed over i, y = r + gamma (1 - terminated) (min_i Q'_i(s', a') - alpha log pi(a'|s')). */
  criticGradient(batch: TransitionBatch, noise: Float32Array): { value: number; gradient: Float32Array } {
    const { count: b } = batch;
    const { size: s, actionSize: a } = this.observation;
    return scoped(() => {
      const y = this.criticTargets(batch, noise);
      const joined = new Float32Array(b * (s + a));
      this.normaliser.apply(b, batch.observations, joined, s + a);
      for (let i = 0; i < b; i++) {
        for (let j = 0; j < a; j++) joined[i * (s + a) + s + j] = batch.actions[i * a + j]!;
      }
      const x = tf.tensor2d(joined, [b, s + a]);
      return flatGradient(this.critics, () => {
        const { q0, q1 } = this.twin(this.critics, x);
        const squares = tf.add(tf.square(tf.sub(q0, y)), tf.square(tf.sub(q1, y)));
        return tf.mul(tf.mean(squares), 0.5);
      });
    });
  }

  /** mean (alpha log pi(a|s) - min_i Q_i(s, a)), a reparameterised. */
  actorGradient(
    batch: TransitionBatch,
    noise: Float32Array,
  ): { value: number; gradient: Float32Array; entropy: number } {
    const { count: b } = batch;
    const { actionSize: a } = this.observation;
    let entropy = 0;
    const { value, gradient } = scoped(() => {
      const observations = this.normalised(b, batch.observations);
      const eps = tf.tensor2d(noise, [b, a]);
      return flatGradient(this.actor, () => {
        const { action, logProb } = this.sample(observations, eps, true);
        const x: tf.Tensor2D = tf.concat([observations, action], 1);
        const { q0, q1 } = this.twin(this.critics, x, { wantDx: true, wantDw: false });
        const meanLogProb: tf.Scalar = tf.mean(logProb);
        entropy = -meanLogProb.dataSync<'float32'>()[0]!;
        return tf.sub(tf.mul(meanLogProb, this.temperature), tf.mean(tf.minimum(q0, q1)));
      });
    });
    return { value, gradient, entropy };
  }

  /**
   * Actions for many raw observations (B x S): sampled with `noise` (B x A), or tanh(mean) where noise is null.
   * @param out (B x A) written
   */
  act(batch: number, observations: Float32Array, noise: Float32Array | null, out: Float32Array): void {
    const { actionSize: a } = this.observation;
    scoped(() => {
      const x = this.normalised(batch, observations);
      if (noise === null) {
        out.set(tf.tanh(mlpForward(this.actorSpec, this.actor, 'actor', x).mean).dataSync<'float32'>());
      } else {
        const eps = tf.tensor2d(noise.subarray(0, batch * a), [batch, a]);
        out.set(this.sample(x, eps, false).action.dataSync<'float32'>());
      }
    });
  }

  /** Everything that acting needs, copied. */
  snapshot(): PolicySnapshot {
    const layer = (name: string, inputs: number, outputs: number): DenseWeights => ({
      inputs,
      outputs,
      kernel: this.actor.slice(`actor/${name}/kernel`).slice(),
      bias: this.actor.slice(`actor/${name}/bias`).slice(),
    });
    const { size, actionSize } = this.observation;
    const widths = [size, ...this.config.hidden];
    const last = widths[widths.length - 1]!;
    const { mean, std, clip } = this.normaliser;
    return {
      observation: this.observation,
      normaliser: { mean: mean.slice(), std: std.slice(), clip },
      hidden: this.config.hidden.map((width, i) => layer(`dense${i}`, widths[i]!, width)),
      mean: layer('mean', last, actionSize),
      logStd: layer('logStd', last, actionSize),
    };
  }

  /** Networks, optimiser states, temperature and normaliser; loading them continues exactly. */
  tensors(): NamedTensors {
    return {
      ...this.actor.tensors(),
      ...this.critics.tensors(),
      ...withPrefix('target', this.targets.tensors()),
      logTemperature: { shape: [1], data: this.logTemperature.slice() },
      ...withPrefix('normaliser', this.normaliser.tensors()),
      ...withPrefix('adam/actor', this.actorAdam.tensors()),
      ...withPrefix('adam/critics', this.criticAdam.tensors()),
      ...withPrefix('adam/temperature', this.temperatureAdam.tensors()),
    };
  }

  load(tensors: NamedTensors): void {
    this.actor.load(tensors);
    this.critics.load(tensors);
    this.targets.load(withoutPrefix('target', tensors));
    this.logTemperature.set(takeTensor(tensors, 'logTemperature', [1]));
    this.normaliser.load(withoutPrefix('normaliser', tensors));
    this.actorAdam.load(withoutPrefix('adam/actor', tensors));
    this.criticAdam.load(withoutPrefix('adam/critics', tensors));
    this.temperatureAdam.load(withoutPrefix('adam/temperature', tensors));
  }

  dispose(): void {
    this.actor.dispose();
    this.critics.dispose();
    this.targets.dispose();
  }

  /** (B x 1) */
  private criticTargets(batch: TransitionBatch, noise: Float32Array): tf.Tensor2D {
    const { count: b } = batch;
    const next = this.normalised(b, batch.nextObservations);
    const { action, logProb } = this.sample(
      next,
      tf.tensor2d(noise, [b, this.observation.actionSize]),
      false,
    );
    const x: tf.Tensor2D = tf.concat([next, action], 1);
    const { q0, q1 } = this.twin(this.targets, x);
    const soft = tf.sub(tf.minimum(q0, q1), tf.mul(tf.reshape(logProb, [b, 1]), this.temperature));
    const discount = batch.terminated.map((ended) => this.config.gamma * (1 - ended));
    return tf.add(tf.tensor2d(batch.rewards, [b, 1]), tf.mul(tf.tensor2d(discount, [b, 1]), soft));
  }

  private sample(observations: tf.Tensor2D, noise: tf.Tensor2D, wantDw: boolean) {
    const { mean, logStd } = mlpForward(this.actorSpec, this.actor, 'actor', observations, { wantDw });
    return squashedGaussianSample(mean, boundedLogStd(logStd), noise);
  }

  /** both (B x 1) */
  private twin(
    parameters: ParameterSet,
    x: tf.Tensor2D,
    options: MlpForwardOptions = {},
  ): { q0: tf.Tensor2D; q1: tf.Tensor2D } {
    const q0 = mlpForward(this.criticSpec, parameters, CRITICS[0], x, options).value;
    const q1 = mlpForward(this.criticSpec, parameters, CRITICS[1], x, options).value;
    return { q0, q1 };
  }

  private normalised(batch: number, observations: Float32Array): tf.Tensor2D {
    const out = new Float32Array(batch * this.observation.size);
    this.normaliser.apply(batch, observations, out);
    return tf.tensor2d(out, [batch, this.observation.size]);
  }
}
