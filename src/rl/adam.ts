import { adamCoefficients, adamStep, scoped, tf, type AdamOptions } from '../compute/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';
import type { ParameterSet } from './parameter-set.js';

/** Adam's state for one parameter set (Kingma and Ba 2015, algorithm 1). */
export class Adam {
  private readonly m: tf.Variable<tf.Rank.R2>;
  private readonly v: tf.Variable<tf.Rank.R2>;
  private readonly l2: tf.Tensor1D | undefined;
  private count = 0;

  /** @param l2 coefficient of each column of the parameters; its gradient is added to the loss's */
  constructor(
    readonly parameters: ParameterSet,
    readonly options: AdamOptions,
    l2?: Float32Array,
  ) {
    const { shape } = parameters.variable;
    [this.m, this.v] = scoped(() => [tf.variable(tf.zeros(shape)), tf.variable(tf.zeros(shape))]);
    this.l2 = l2 && tf.keep(tf.tensor1d(l2.slice()));
  }

  /** Steps taken. */
  get steps(): number {
    return this.count;
  }

  /** @param gradient of the loss that is to fall, in the shape of the parameters, which are changed */
  step(gradient: tf.Tensor): void {
    this.count++;
    const coefficients = adamCoefficients(this.count, this.options);
    adamStep(this.parameters.variable, gradient, this.m, this.v, coefficients, this.l2);
    this.parameters.changed();
  }

  /** Back to the beginning: no steps, no moments. */
  reset(): void {
    scoped(() => [this.m, this.v].forEach((moment) => moment.assign(tf.zeros(moment.shape))));
    this.count = 0;
  }

  tensors(): NamedTensors {
    return {
      m: { shape: this.m.shape, data: this.m.dataSync<'float32'>().slice() },
      v: { shape: this.v.shape, data: this.v.dataSync<'float32'>().slice() },
      count: { shape: [1], data: Float32Array.of(this.count) }, // exact up to 2^24 steps
    };
  }

  load(tensors: NamedTensors): void {
    const { shape } = this.m;
    scoped(() => {
      this.m.assign(tf.tensor2d(takeTensor(tensors, 'm', shape).slice(), shape));
      this.v.assign(tf.tensor2d(takeTensor(tensors, 'v', shape).slice(), shape));
    });
    this.count = takeTensor(tensors, 'count', [1])[0]!;
  }

  dispose(): void {
    tf.dispose([this.m, this.v, ...(this.l2 ? [this.l2] : [])]);
  }
}
