/**
 * Probabilistic ensemble (PETS, Chua et al. 2018; training as in MBPO, Janner et al. 2019, code `bnn.py`).
 * E members, B batch per member, N rows, I inputs, D outputs. Inputs and targets are normalised per dimension; MBPO normalises
 * inputs only, which fails where targets differ in scale ("Fixing That Free Lunch", arXiv 2510.01457).
 */
import { scoped, tf } from '../compute/index.js';
import { badInput, type Rng } from '../core/index.js';
import { Adam } from './adam.js';
import type { EnsembleConfig } from './ensemble-config.js';
import { mlpForward, mlpParameters, type MlpSpec } from './mlp.js';
import { takeTensor, withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { Normaliser } from './normaliser.js';
import { flatGradient, ParameterSet } from './parameter-set.js';

/** Supervised rows. */
export interface ModelDataset {
  readonly count: number;
  /** (N x I) raw */
  readonly inputs: Float32Array;
  /** (N x D) raw */
  readonly targets: Float32Array;
}

export interface ModelEvaluation {
  /** root mean squared error per output (D), in the output's unit, over the elites */
  readonly rmse: Float64Array;
  /** mean negative log-likelihood per output (D) [nat], in normalised units, over the elites */
  readonly nll: Float64Array;
}

interface Statistics {
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

export class Ensemble {
  readonly parameters: ParameterSet;
  readonly inputNormaliser: Normaliser;
  readonly targetNormaliser: Normaliser;
  /** members with the lowest holdout error, best first */
  elites: Int32Array;
  private readonly network: MlpSpec<'mean' | 'logVariance'>;
  private readonly adam: Adam;
  /** L2 coefficient of each parameter */
  private readonly decay: Float32Array;

  constructor(
    readonly inputSize: number,
    readonly outputSize: number,
    readonly config: EnsembleConfig,
    rng: Rng,
  ) {
    const { members, elites, hidden, weightDecay, learningRate } = config;
    if (elites < 1 || elites > members) throw badInput(`${elites} elites of ${members} members`);
    if (weightDecay.length !== hidden.length + 1) {
      throw badInput(
        `weightDecay has ${weightDecay.length} values for ${hidden.length} hidden layers and the heads`,
      );
    }
    this.network = {
      inputs: inputSize,
      hidden,
      heads: { mean: outputSize, logVariance: outputSize },
      activation: 'swish',
    };
    const bound = (name: string, value: number) => ({
      name,
      shape: [outputSize],
      initial: new Float32Array(outputSize).fill(value),
    });
    this.parameters = new ParameterSet([
      ...range(members).flatMap((e) => mlpParameters(`member${e}`, this.network, 'truncated-normal', rng)),
      bound('maxLogVariance', config.initialMaxLogVariance),
      bound('minLogVariance', config.initialMinLogVariance),
    ]);
    this.decay = new Float32Array(this.parameters.values.length);
    for (const { name, start, end } of this.parameters.entries) {
      const layer = /dense(\d+)\/kernel$/.exec(name);
      if (layer !== null) this.decay.fill(weightDecay[Number(layer[1])]!, start, end);
      else if (name.endsWith('/kernel')) this.decay.fill(weightDecay[hidden.length]!, start, end);
    }
    this.adam = new Adam(this.parameters.values.length, { learningRate });
    this.inputNormaliser = new Normaliser(inputSize);
    this.targetNormaliser = new Normaliser(outputSize);
    this.elites = Int32Array.from(range(elites));
  }

  /**
   * Takes the statistics of these rows. A network that has been trained is rescaled so that it predicts in raw units what it
   * predicted before (after PopArt, van Hasselt et al. 2016, arXiv 1602.07714); otherwise a warm start begins far off.
   */
  fitNormalisers(data: ModelDataset): void {
    const before = [this.inputNormaliser, this.targetNormaliser].map((n) => ({
      mean: n.mean.slice(),
      std: n.std.slice(),
    }));
    this.inputNormaliser.fit(data.count, data.inputs);
    this.targetNormaliser.fit(data.count, data.targets);
    if (this.adam.steps === 0) return;
    for (let e = 0; e < this.config.members; e++) {
      this.preserveInputs(`member${e}`, before[0]!);
      this.preserveOutputs(`member${e}`, before[1]!);
    }
    for (const name of ['maxLogVariance', 'minLogVariance']) {
      const bound = this.parameters.slice(name);
      bound.forEach((value, d) => (bound[d] = value + this.logVarianceShift(d, before[1]!)));
    }
    this.parameters.refresh();
  }

  /**
   * Loss of one batch and its gradient: sum over members of mean((mean - y)^2 / variance) + mean(log variance), plus bound
   * terms and weight decay. No constants of the Gaussian, as in MBPO.
   * @param inputs (E x B x I) normalised
   * @param targets (E x B x D) normalised
   */
  gradient(
    batch: number,
    inputs: Float32Array,
    targets: Float32Array,
  ): { value: number; gradient: Float32Array } {
    const { members, boundWeight } = this.config;
    const { parameters, decay } = this;
    const result = scoped(() => {
      const y = tf.tensor2d(targets, [members * batch, this.outputSize]);
      return flatGradient(parameters, () => {
        const { mean, logVariance } = this.forwardAll(batch, inputs);
        const inverse = tf.exp(tf.neg(logVariance));
        const fit = tf.mean(tf.add(tf.mul(tf.square(tf.sub(mean, y)), inverse), logVariance));
        const { max, min } = this.bounds();
        // all members have equally many rows, so the sum of their means is E times the mean over all
        return tf.add(tf.mul(fit, members), tf.mul(tf.sum(tf.sub(max, min)), boundWeight));
      });
    });
    let penalty = 0;
    for (let i = 0; i < decay.length; i++) {
      const weight = parameters.values[i]!;
      penalty += 0.5 * decay[i]! * weight * weight;
      result.gradient[i] = result.gradient[i]! + decay[i]! * weight;
    }
    return { value: result.value + penalty, gradient: result.gradient };
  }

  /** One Adam step; returns the loss before it. */
  trainStep(batch: number, inputs: Float32Array, targets: Float32Array): number {
    const { value, gradient } = this.gradient(batch, inputs, targets);
    this.adam.step(this.parameters.values, gradient);
    this.parameters.refresh();
    return value;
  }

  /**
   * Mean squared error of every member on the same normalised rows (E).
   * @param inputs (N x I) normalised
   * @param targets (N x D) normalised
   */
  memberErrors(count: number, inputs: Float32Array, targets: Float32Array): Float64Array {
    const errors = new Float64Array(this.config.members);
    scoped(() => {
      const x = tf.tensor2d(inputs, [count, this.inputSize]);
      const y = tf.tensor2d(targets, [count, this.outputSize]);
      for (let e = 0; e < errors.length; e++) {
        const { mean } = mlpForward(this.network, this.parameters, `member${e}`, x);
        errors[e] = tf.mean(tf.square(tf.sub(mean, y))).dataSync<'float32'>()[0]!;
      }
    });
    return errors;
  }

  /** All parameters of one member, copied. */
  memberSnapshot(member: number): Float32Array {
    return this.parameters.values.slice(...this.memberRange(member));
  }

  /** Puts a member's parameters back; call `parameters.refresh()` after the last. */
  restoreMember(member: number, snapshot: Float32Array): void {
    this.parameters.values.set(snapshot, this.memberRange(member)[0]);
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
  ) {
    const scaled = new Float32Array(count * this.inputSize);
    this.inputNormaliser.apply(count, inputs, scaled);
    const { mean: shift, std } = this.targetNormaliser;
    scoped(() => {
      const out = this.forward(member, tf.tensor2d(scaled, [count, this.inputSize]));
      const means = out.mean.dataSync<'float32'>();
      const logVariances = this.bounded(out.logVariance).dataSync<'float32'>();
      for (let i = 0; i < means.length; i++) {
        const d = i % this.outputSize;
        mean[i] = means[i]! * std[d]! + shift[d]!;
        variance[i] = Math.exp(logVariances[i]!) * std[d]! * std[d]!;
      }
    });
  }

  /**
   * A sample per row from one randomly chosen elite. Rows are dealt evenly to the elites in random order (mbrl-lib's
   * `random_model`), so that each row costs one network, not E.
   * @param inputs (N x I) raw
   * @param out (N x D) raw, written
   */
  sample(count: number, inputs: Float32Array, rng: Rng, out: Float32Array): void {
    const { inputSize: i, outputSize: d } = this;
    const order = rng.shuffle(Int32Array.from({ length: count }, (_, n) => n));
    const elites = this.elites.length;
    for (let k = 0; k < elites; k++) {
      const rows = order.subarray(Math.floor((k * count) / elites), Math.floor(((k + 1) * count) / elites));
      if (rows.length === 0) continue;
      const x = new Float32Array(rows.length * i);
      rows.forEach((row, r) => x.set(inputs.subarray(row * i, (row + 1) * i), r * i));
      const mean = new Float32Array(rows.length * d);
      const variance = new Float32Array(rows.length * d);
      this.predictMember(this.elites[k]!, rows.length, x, mean, variance);
      for (let r = 0; r < rows.length; r++) {
        for (let j = 0; j < d; j++) {
          out[rows[r]! * d + j] = rng.normal(mean[r * d + j], Math.sqrt(variance[r * d + j]!));
        }
      }
    }
  }

  /** How well the elites predict these raw rows. */
  evaluate(data: ModelDataset): ModelEvaluation {
    const d = this.outputSize;
    const { std } = this.targetNormaliser;
    const rmse = new Float64Array(d);
    const nll = new Float64Array(d);
    const mean = new Float32Array(data.count * d);
    const variance = new Float32Array(data.count * d);
    for (const member of this.elites) {
      this.predictMember(member, data.count, data.inputs, mean, variance);
      for (let i = 0; i < mean.length; i++) {
        const j = i % d;
        const square = (mean[i]! - data.targets[i]!) ** 2;
        rmse[j]! += square;
        const relative = variance[i]! / (std[j]! * std[j]!);
        nll[j]! += 0.5 * (square / variance[i]! + Math.log(2 * Math.PI * relative));
      }
    }
    const total = data.count * this.elites.length;
    return { rmse: rmse.map((sum) => Math.sqrt(sum / total)), nll: nll.map((sum) => sum / total) };
  }

  tensors(): NamedTensors {
    return {
      ...this.parameters.tensors(),
      ...withPrefix('adam', this.adam.tensors()),
      ...withPrefix('inputs', this.inputNormaliser.tensors()),
      ...withPrefix('targets', this.targetNormaliser.tensors()),
      elites: { shape: [this.elites.length], data: Float32Array.from(this.elites) },
    };
  }

  load(tensors: NamedTensors): void {
    this.parameters.load(tensors);
    this.adam.load(withoutPrefix('adam', tensors));
    this.inputNormaliser.load(withoutPrefix('inputs', tensors));
    this.targetNormaliser.load(withoutPrefix('targets', tensors));
    this.elites = Int32Array.from(takeTensor(tensors, 'elites', [this.elites.length]));
  }

  dispose(): void {
    this.parameters.dispose();
  }

  /** z_old = z_new s_new / s_old + (m_new - m_old) / s_old, taken into the first layer. */
  private preserveInputs(member: string, old: Statistics): void {
    const names = this.config.hidden.length > 0 ? ['dense0'] : ['mean', 'logVariance'];
    const { mean, std } = this.inputNormaliser;
    for (const name of names) {
      const kernel = this.parameters.slice(`${member}/${name}/kernel`);
      const bias = this.parameters.slice(`${member}/${name}/bias`);
      for (let i = 0; i < this.inputSize; i++) {
        for (let j = 0; j < bias.length; j++) {
          const k = i * bias.length + j;
          bias[j] = bias[j]! + (kernel[k]! * (mean[i]! - old.mean[i]!)) / old.std[i]!;
          kernel[k] = (kernel[k]! * std[i]!) / old.std[i]!;
        }
      }
    }
  }

  /** y_new = (y_old s_old + m_old - m_new) / s_new, taken into the heads. */
  private preserveOutputs(member: string, old: Statistics): void {
    const { mean, std } = this.targetNormaliser;
    const kernel = this.parameters.slice(`${member}/mean/kernel`);
    const bias = this.parameters.slice(`${member}/mean/bias`);
    const logVarianceBias = this.parameters.slice(`${member}/logVariance/bias`);
    for (let d = 0; d < this.outputSize; d++) {
      const ratio = old.std[d]! / std[d]!;
      for (let k = d; k < kernel.length; k += this.outputSize) kernel[k] = kernel[k]! * ratio;
      bias[d] = bias[d]! * ratio + (old.mean[d]! - mean[d]!) / std[d]!;
      logVarianceBias[d] = logVarianceBias[d]! + this.logVarianceShift(d, old);
    }
  }

  private logVarianceShift(d: number, old: Statistics): number {
    return 2 * Math.log(old.std[d]! / this.targetNormaliser.std[d]!);
  }

  /** Every member on its own rows; results stacked (E B x D). */
  private forwardAll(batch: number, inputs: Float32Array): { mean: tf.Tensor2D; logVariance: tf.Tensor2D } {
    const size = batch * this.inputSize;
    const outputs = range(this.config.members).map((e) =>
      this.forward(e, tf.tensor2d(inputs.subarray(e * size, (e + 1) * size), [batch, this.inputSize])),
    );
    const mean: tf.Tensor2D = tf.concat(
      outputs.map((out) => out.mean),
      0,
    );
    const logVariance: tf.Tensor2D = tf.concat(
      outputs.map((out) => out.logVariance),
      0,
    );
    return { mean, logVariance: this.bounded(logVariance) };
  }

  private forward(member: number, x: tf.Tensor2D): { mean: tf.Tensor2D; logVariance: tf.Tensor2D } {
    return mlpForward(this.network, this.parameters, `member${member}`, x);
  }

  /** Soft bounds of the log variance (PETS, appendix A.1). */
  private bounded(logVariance: tf.Tensor2D): tf.Tensor2D {
    const { max, min } = this.bounds();
    const upper = tf.sub(max, tf.softplus(tf.sub(max, logVariance)));
    return tf.add(min, tf.softplus(tf.sub(upper, min)));
  }

  private bounds(): { max: tf.Tensor1D; min: tf.Tensor1D } {
    return {
      max: this.parameters.tensor('maxLogVariance') as tf.Tensor1D,
      min: this.parameters.tensor('minLogVariance') as tf.Tensor1D,
    };
  }

  private memberRange(member: number): [number, number] {
    const own = this.parameters.entries.filter(({ name }) => name.startsWith(`member${member}/`));
    return [own[0]!.start, own[own.length - 1]!.end];
  }
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
