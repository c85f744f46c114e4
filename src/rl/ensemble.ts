/**
 * Probabilistic ensemble (PETS, Chua et al. 2018; training as in MBPO, Janner et al. 2019, code `bnn.py`).
 * E members, B batch per member, N rows, I inputs, D outputs. Inputs and targets are normalised per dimension; MBPO normalises
 * inputs only, which fails where targets differ in scale ("Fixing That Free Lunch", arXiv 2510.01457).
 */
import { ensembleMlp, gaussianNll, mlpLayout, scoped, tf, type MlpShape } from '../compute/index.js';
import { badInput, percentile, type Rng } from '../core/index.js';
import { Adam } from './adam.js';
import type { EnsembleConfig } from './ensemble-config.js';
import { pairwiseDivergence, type MemberPredictions } from './member-predictions.js';
import { mlpParameters } from './mlp-parameters.js';
import { takeTensor, withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import { ParameterSet } from './parameter-set.js';
import {
  renormaliseHead,
  renormaliseInputs,
  renormaliseLogVariance,
  type Statistics,
} from './renormalise.js';

/** Supervised rows. */
export interface ModelDataset {
  readonly count: number;
  /** (N x I) raw */
  readonly inputs: Float32Array;
  /** (N x D) raw */
  readonly targets: Float32Array;
  /** so many of the first rows may be held out; default: all */
  readonly holdable?: number;
}

export interface ModelEvaluation {
  /** root mean squared error per output (D), in the output's unit, over the elites */
  readonly rmse: Float64Array;
  /** mean negative log-likelihood per output (D) [nat], in normalised units, over the elites */
  readonly nll: Float64Array;
}

/** Loss of a batch and its gradients, in the shapes of the parameters and of the bounds. */
interface Slope {
  readonly value: tf.Scalar;
  readonly members: tf.Tensor;
  readonly bounds: tf.Tensor;
}

const BOUNDS = ['maxLogVariance', 'minLogVariance'] as const;
/** median of the square of a standard normal variable */
const MEDIAN_CHI_SQUARE = 0.454936;
/**
 * Share of held-out steps whose divergence stays below the limit: as many as can be told apart from all with some hundred rows, and
 * rare enough that a robot which moves as the recorded ones did is seldom slowed.
 */
const DISAGREEMENT_QUANTILE = 0.99;
/** held-out rows that the limit is taken from: ten above the quantile, in milliseconds */
const MOST_JUDGED_ROWS = 1000;
/** keeps densities finite where held-out errors are zero, as of outputs that never change */
const MIN_VARIANCE_SCALE = 1e-6;

export class Ensemble {
  /** one row for each member; heads are mean | raw log variance */
  readonly parameters: ParameterSet;
  /** of the log variance (2 x D): max; min */
  readonly bounds: ParameterSet;
  readonly inputNormaliser: Normaliser;
  readonly targetNormaliser: Normaliser;
  /** members with the lowest holdout error, best first */
  elites: Int32Array;
  /** (D) what the networks' variances are multiplied by; the variance itself where the model is not probabilistic */
  readonly varianceScale: Float32Array;
  /** see {@link fitDisagreementLimit}; NaN before the first fit */
  disagreementLimit = NaN;
  private readonly shape: MlpShape;
  private readonly adam: Adam;
  private readonly boundsAdam: Adam;
  /** (2 x D): gradient of the bounds' term of the loss, boundWeight * sum(max - min) */
  private readonly boundSlopes: tf.Tensor2D;
  private gathered: { readonly key: string; readonly rows: tf.Tensor2D } | undefined;

  constructor(
    readonly inputSize: number,
    readonly outputSize: number,
    readonly config: EnsembleConfig,
    rng: Rng,
  ) {
    const { members, elites, hidden, weightDecay, learningRate, boundWeight } = config;
    if (elites < 1 || elites > members) throw badInput(`${elites} elites of ${members} members`);
    if (weightDecay.length !== hidden.length + 1) {
      throw badInput(
        `weightDecay has ${weightDecay.length} values for ${hidden.length} hidden layers and the heads`,
      );
    }
    this.shape = {
      inputs: inputSize,
      hidden,
      outputs: 2 * outputSize,
      activation: 'swish',
      layerNorm: false,
    };
    this.parameters = this.freshParameters(rng);
    const constant = (value: number) => new Float32Array(outputSize).fill(value);
    const bound = (name: string, value: number) => ({ name, shape: [outputSize], initial: constant(value) });
    this.bounds = new ParameterSet(2, [
      bound('maxLogVariance', config.initialMaxLogVariance),
      bound('minLogVariance', config.initialMinLogVariance),
    ]);
    this.adam = new Adam(this.parameters, { learningRate }, kernelDecay(this.shape, weightDecay));
    this.boundsAdam = new Adam(this.bounds, { learningRate });
    const slopes = [...constant(boundWeight), ...constant(-boundWeight)];
    this.boundSlopes = tf.keep(tf.tensor2d(slopes, [2, outputSize]));
    this.inputNormaliser = new Normaliser(inputSize);
    this.targetNormaliser = new Normaliser(outputSize);
    this.elites = Int32Array.from(range(elites));
    this.varianceScale = constant(1);
  }

  /**
   * Takes the statistics of these rows. Networks that have been trained go on predicting in raw units what they predicted before;
   * otherwise a warm start begins far off.
   */
  fitNormalisers(data: ModelDataset): void {
    const { inputNormaliser: inputs, targetNormaliser: targets, config } = this;
    const before = { inputs: statistics(inputs), targets: statistics(targets) };
    inputs.fit(data.count, data.inputs);
    if (config.normaliseTargets) targets.fit(data.count, data.targets);
    if (this.adam.steps === 0) return;
    const first = config.hidden.length > 0 ? 'dense0' : 'head';
    this.parameters.edit((piece) => {
      for (const member of this.rows) {
        const own = (name: string) => piece(`${member}/${name}`);
        renormaliseInputs(own(`${first}/kernel`), own(`${first}/bias`), before.inputs, inputs);
        renormaliseHead(own('head/kernel'), own('head/bias'), before.targets, targets);
      }
    });
    this.bounds.edit((piece) => {
      for (const name of BOUNDS) renormaliseLogVariance(piece(name), before.targets, targets);
    });
  }

  /** Shrinks and perturbs parameters that have been trained, and begins their optimisers anew: see {@link EnsembleConfig.shrink}. */
  shrink(rng: Rng): void {
    const { shrink, initialMaxLogVariance, initialMinLogVariance } = this.config;
    if (shrink === 1 || this.adam.steps === 0) return;
    const fresh = this.freshParameters(rng);
    const noise = fresh.read();
    fresh.dispose();
    this.parameters.write(this.parameters.read().map((x, i) => shrink * x + (1 - shrink) * noise[i]!));
    this.bounds.edit((piece) => {
      piece('maxLogVariance').fill(initialMaxLogVariance);
      piece('minLogVariance').fill(initialMinLogVariance);
    });
    this.adam.reset();
    this.boundsAdam.reset();
  }

  /**
   * Loss of one batch and its gradients: sum over members of mean((mean - y)^2 / variance) + mean(log variance), plus the bounds'
   * term. No constants of the Gaussian, as in MBPO. Weight decay is not in it: it is part of the optimiser's step.
   * @param inputs (E x B x I) normalised
   * @param targets (E x B x D) normalised
   */
  gradient(
    batch: number,
    inputs: Float32Array,
    targets: Float32Array,
  ): { value: number; members: Float32Array; bounds: Float32Array } {
    return scoped(() => {
      const { value, members, bounds } = this.slope(batch, inputs, targets);
      const copy = (tensor: tf.Tensor) => tensor.dataSync<'float32'>().slice();
      return { value: copy(value)[0]!, members: copy(members), bounds: copy(bounds) };
    });
  }

  /** One Adam step, with L2 decay of the kernels; returns the loss before it, without that decay. */
  trainStep(batch: number, inputs: Float32Array, targets: Float32Array): number {
    return scoped(() => {
      const { value, members, bounds } = this.slope(batch, inputs, targets);
      this.adam.step(members);
      this.boundsAdam.step(bounds);
      return value.dataSync<'float32'>()[0]!;
    });
  }

  /**
   * Mean squared error of every member on the same normalised rows (E).
   * @param inputs (N x I) normalised
   * @param targets (N x D) normalised
   */
  memberErrors(count: number, inputs: Float32Array, targets: Float32Array): Float64Array {
    const d = this.outputSize;
    const errors = new Float64Array(this.config.members);
    scoped(() => {
      const x = tf.tensor2d(inputs, [count, this.inputSize]);
      const head = ensembleMlp(x, this.parameters.variable, this.shape).dataSync<'float32'>();
      for (let e = 0; e < errors.length; e++) {
        let sum = 0;
        for (let i = 0; i < count; i++) {
          const row = (e * count + i) * 2 * d;
          for (let j = 0; j < d; j++) sum += (head[row + j]! - targets[i * d + j]!) ** 2;
        }
        errors[e] = sum / (count * d);
      }
    });
    return errors;
  }

  /** All parameters of one member, copied. */
  memberSnapshot(member: number): Float32Array {
    return this.parameters.readRow(member);
  }

  /** Puts the parameters of all members back (E snapshots). */
  restoreMembers(snapshots: readonly Float32Array[]): void {
    const values = this.parameters.read();
    snapshots.forEach((snapshot, e) => values.set(snapshot, e * snapshot.length));
    this.parameters.write(values);
  }

  /**
   * Gaussian of one member for raw inputs, in raw units.
   * @param inputs (N x I)
   * @param mean (N x D) written
   * @param variance (N x D) written
   */
  predictMember(
    member: number,
    count: number,
    inputs: Float32Array,
    mean: Float32Array,
    variance: Float32Array,
  ): void {
    scoped(() => {
      const row = tf.slice(this.parameters.variable, [member, 0], [1, -1]);
      this.predict(row, count, this.scaled(count, inputs), false, mean, variance);
    });
    const { mean: shift, std } = this.targetNormaliser;
    for (let i = 0; i < mean.length; i++) {
      const j = i % this.outputSize;
      mean[i] = mean[i]! * std[j]! + shift[j]!;
      variance[i] = variance[i]! * std[j]! * std[j]!;
    }
  }

  /** Gaussians of all elites for the same raw inputs (N x I). */
  predictElites(count: number, inputs: Float32Array): MemberPredictions {
    const members = this.elites.length;
    const mean = new Float32Array(members * count * this.outputSize);
    const variance = new Float32Array(mean.length);
    this.predict(this.eliteRows(), count, this.scaled(count, inputs), false, mean, variance);
    return { members, count, mean, variance };
  }

  /**
   * A sample per row from one randomly chosen elite. Rows are dealt evenly to the elites in random order (mbrl-lib's
   * `random_model`), so that each row costs one network, not E.
   * @param inputs (N x I) raw
   * @param out (N x D) raw, written
   */
  sample(count: number, inputs: Float32Array, rng: Rng, out: Float32Array): void {
    if (count === 0) return;
    const { inputSize: i, outputSize: d } = this;
    const order = rng.shuffle(Int32Array.from({ length: count }, (_, n) => n));
    const elites = this.elites.length;
    const start = (k: number) => Math.floor((k * count) / elites);
    const share = Math.ceil(count / elites); // the rows that an elite has fewer stay zero
    const scaled = this.scaled(count, inputs);
    const x = new Float32Array(elites * share * i);
    for (let k = 0; k < elites; k++) {
      order.subarray(start(k), start(k + 1)).forEach((row, r) => {
        x.set(scaled.subarray(row * i, (row + 1) * i), (k * share + r) * i);
      });
    }
    const mean = new Float32Array(elites * share * d);
    const variance = new Float32Array(elites * share * d);
    this.predict(this.eliteRows(), share, x, true, mean, variance); // each its own rows
    for (let k = 0; k < elites; k++) {
      order.subarray(start(k), start(k + 1)).forEach((row, r) => {
        for (let j = 0; j < d; j++) {
          const from = (k * share + r) * d + j;
          out[row * d + j] = this.draw(j, mean[from]!, variance[from]!, rng);
        }
      });
    }
  }

  /**
   * A value of output `j` in raw units from a Gaussian in units of the target's standard deviation; its mean where the model is
   * not probabilistic.
   */
  draw(j: number, mean: number, variance: number, rng: Rng): number {
    const z = this.config.probabilistic ? rng.normal(mean, Math.sqrt(variance)) : mean;
    return z * this.targetNormaliser.std[j]! + this.targetNormaliser.mean[j]!;
  }

  /**
   * Scales each output's variance so that half of the elites' errors on these raw rows, which they were not trained on, lie within
   * the central half of their Gaussians; rare large errors, as at an end stop, do not make all others look noisy.
   */
  fitVarianceScale(data: ModelDataset): void {
    const { outputSize: d, varianceScale, config } = this;
    varianceScale.fill(1);
    if (config.probabilistic && !config.calibrated) return;
    const { mean, variance } = this.predictElites(data.count, data.inputs);
    const targets = this.normalisedTargets(data);
    const squares = range(d).map(() => new Float64Array(mean.length / d));
    for (let i = 0; i < mean.length; i++) {
      squares[i % d]![Math.floor(i / d)] = (mean[i]! - targets[i % targets.length]!) ** 2 / variance[i]!;
    }
    squares.forEach((values, j) => {
      varianceScale[j] = Math.max(percentile(values, 50) / MEDIAN_CHI_SQUARE, MIN_VARIANCE_SCALE);
    });
  }

  /**
   * Measures what disagreement of the elites is usual: the quantile 0.99 of their {@link pairwiseDivergence} [nat] on these raw rows,
   * which they were not trained on. What exceeds it is unlike what was recorded.
   */
  fitDisagreementLimit({ count, inputs }: ModelDataset): void {
    const judged = Math.min(count, MOST_JUDGED_ROWS);
    const predictions = this.predictElites(judged, inputs.subarray(0, judged * this.inputSize));
    this.disagreementLimit = Math.fround(
      percentile(pairwiseDivergence(predictions), 100 * DISAGREEMENT_QUANTILE),
    );
  }

  /** How well the elites predict these raw rows. */
  evaluate(data: ModelDataset): ModelEvaluation {
    const d = this.outputSize;
    const { std } = this.targetNormaliser;
    const rmse = new Float64Array(d);
    const nll = new Float64Array(d);
    const { members, mean, variance } = this.predictElites(data.count, data.inputs);
    const targets = this.normalisedTargets(data);
    for (let i = 0; i < mean.length; i++) {
      const j = i % d;
      const square = (mean[i]! - targets[i % targets.length]!) ** 2;
      rmse[j]! += square;
      nll[j]! += 0.5 * (square / variance[i]! + Math.log(2 * Math.PI * variance[i]!));
    }
    const total = data.count * members;
    return {
      rmse: rmse.map((sum, j) => Math.sqrt(sum / total) * std[j]!),
      nll: nll.map((sum) => sum / total),
    };
  }

  tensors(): NamedTensors {
    return {
      ...this.parameters.tensors(),
      ...this.bounds.tensors(),
      ...withPrefix('adam/members', this.adam.tensors()),
      ...withPrefix('adam/bounds', this.boundsAdam.tensors()),
      ...withPrefix('inputs', this.inputNormaliser.tensors()),
      ...withPrefix('targets', this.targetNormaliser.tensors()),
      elites: { shape: [this.elites.length], data: Float32Array.from(this.elites) },
      varianceScale: { shape: [this.outputSize], data: this.varianceScale.slice() },
      disagreementLimit: { shape: [1], data: Float32Array.of(this.disagreementLimit) },
    };
  }

  load(tensors: NamedTensors): void {
    this.parameters.load(tensors);
    this.bounds.load(tensors);
    this.adam.load(withoutPrefix('adam/members', tensors));
    this.boundsAdam.load(withoutPrefix('adam/bounds', tensors));
    this.inputNormaliser.load(withoutPrefix('inputs', tensors));
    this.targetNormaliser.load(withoutPrefix('targets', tensors));
    this.elites = Int32Array.from(takeTensor(tensors, 'elites', [this.elites.length]));
    this.varianceScale.set(takeTensor(tensors, 'varianceScale', [this.outputSize]));
    const measured = tensors['disagreementLimit']; // not in checkpoints of before there was one
    this.disagreementLimit = measured?.data[0] ?? NaN;
  }

  dispose(): void {
    for (const part of [this.parameters, this.bounds, this.adam, this.boundsAdam, this.boundSlopes]) {
      part.dispose();
    }
    this.gathered?.rows.dispose();
  }

  /** names of the members' rows among the parameters */
  private get rows(): string[] {
    return range(this.config.members).map((e) => `member${e}`);
  }

  private freshParameters(rng: Rng): ParameterSet {
    return mlpParameters(this.rows, this.shape, this.outputSize, 'truncated-normal', rng);
  }

  private slope(batch: number, inputs: Float32Array, targets: Float32Array): Slope {
    const { members } = this.config;
    const x = tf.tensor3d(inputs, [members, batch, this.inputSize]);
    const y = tf.tensor3d(targets, [members, batch, this.outputSize]);
    if (!this.config.probabilistic) return this.squaredErrorSlope(x, y);
    const variables = [this.parameters.variable, this.bounds.variable];
    const { value, grads } = tf.engine().gradients(() => {
      const head = ensembleMlp(x, this.parameters.variable, this.shape, { wantDx: false });
      const spread = tf.sum(tf.mul(this.bounds.variable, this.boundSlopes));
      return tf.add<tf.Scalar>(gaussianNll(head, y, this.bounds.variable), spread);
    }, variables);
    return { value, members: grads[0]!, bounds: grads[1]! };
  }

  /** Sum over the members of mean((mean - y)^2); the bounds of the variance have no part in it. */
  private squaredErrorSlope(x: tf.Tensor3D, y: tf.Tensor3D): Slope {
    const { value, grads } = tf.engine().gradients(() => {
      const head = ensembleMlp(x, this.parameters.variable, this.shape, { wantDx: false });
      const error = tf.sub(tf.slice(head, [0, 0, 0], y.shape), y);
      return tf.mul<tf.Scalar>(tf.sum(tf.square(error)), 1 / (y.shape[1] * y.shape[2]));
    }, [this.parameters.variable]);
    return { value, members: grads[0]!, bounds: tf.zerosLike(this.bounds.variable) };
  }

  /**
   * Gaussians of K members in units of the target's standard deviation.
   * @param members their parameters (K x P)
   * @param x normalised: (N x I) for all, or with `own` (K x N x I)
   * @param mean (K x N x D) written
   * @param variance (K x N x D) written
   */
  private predict(
    members: tf.Tensor2D,
    count: number,
    x: Float32Array,
    own: boolean,
    mean: Float32Array,
    variance: Float32Array,
  ): void {
    const { inputSize, outputSize: d } = this;
    scoped(() => {
      const input = own
        ? tf.tensor3d(x, [members.shape[0], count, inputSize])
        : tf.tensor2d(x, [count, inputSize]);
      const head = ensembleMlp(input, members, this.shape);
      const means = head.dataSync<'float32'>();
      for (let i = 0; i < mean.length; i++) mean[i] = means[2 * i - (i % d)]!;
      const logVariances = this.config.probabilistic
        ? this.logVariance(head).dataSync<'float32'>()
        : undefined;
      for (let i = 0; i < mean.length; i++) {
        variance[i] = Math.exp(logVariances?.[i] ?? 0) * this.varianceScale[i % d]!;
      }
    });
  }

  /** Parameters of the elites (K x P), kept until they change: a rollout asks for them at every step. */
  private eliteRows(): tf.Tensor2D {
    const key = `${this.parameters.version} ${this.elites.join()}`;
    if (this.gathered?.key !== key) {
      this.gathered?.rows.dispose();
      const rows = scoped(() => tf.keep(tf.gather(this.parameters.variable, Array.from(this.elites))));
      this.gathered = { key, rows };
    }
    return this.gathered.rows;
  }

  /** Softly bounded (PETS, appendix A.1), (K N x D). */
  private logVariance(head: tf.Tensor3D): tf.Tensor {
    const d = this.outputSize;
    const raw = tf.slice(tf.reshape(head, [-1, 2 * d]), [0, d], [-1, d]);
    const max = tf.slice(this.bounds.variable, [0, 0], [1, d]);
    const min = tf.slice(this.bounds.variable, [1, 0], [1, d]);
    const upper = tf.sub(max, tf.softplus(tf.sub(max, raw)));
    return tf.add(min, tf.softplus(tf.sub(upper, min)));
  }

  private normalisedTargets({ count, targets }: ModelDataset): Float32Array {
    const out = new Float32Array(targets.length);
    this.targetNormaliser.apply(count, targets, out);
    return out;
  }

  private scaled(count: number, inputs: Float32Array): Float32Array {
    const out = new Float32Array(count * this.inputSize);
    this.inputNormaliser.apply(count, inputs, out);
    return out;
  }
}

/** L2 coefficient of each column of the parameters: the layer's for kernels, none for biases. */
function kernelDecay(shape: MlpShape, weightDecay: readonly number[]): Float32Array {
  const layout = mlpLayout(shape);
  const decay = new Float32Array(layout[layout.length - 1]!.end);
  layout
    .filter(({ name }) => name.endsWith('/kernel'))
    .forEach(({ start, end }, layer) => decay.fill(weightDecay[layer]!, start, end));
  return decay;
}

function statistics({ mean, std }: Normaliser): Statistics {
  return { mean: mean.slice(), std: std.slice() };
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
