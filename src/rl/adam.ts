import { takeTensor, type NamedTensors } from './named-tensors.js';

export interface AdamOptions {
  readonly learningRate: number;
  /** default 0.9, 0.999 and 1e-8: Kingma and Ba 2015 (arXiv 1412.6980), algorithm 1 */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adam on one flat parameter array (Kingma and Ba 2015, algorithm 1), in place. */
export class Adam {
  private readonly m: Float32Array;
  private readonly v: Float32Array;
  private count = 0;

  constructor(
    readonly size: number,
    readonly options: AdamOptions,
  ) {
    this.m = new Float32Array(size);
    this.v = new Float32Array(size);
  }

  /** Steps taken. */
  get steps(): number {
    return this.count;
  }

  /** @param gradient of the loss that is to fall, same order as `parameters` */
  step(parameters: Float32Array, gradient: Float32Array): void {
    const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = this.options;
    const { m, v } = this;
    this.count++;
    const rate = learningRate / (1 - beta1 ** this.count);
    const correction = 1 / (1 - beta2 ** this.count);
    for (let i = 0; i < m.length; i++) {
      const g = gradient[i]!;
      const mi = beta1 * m[i]! + (1 - beta1) * g;
      const vi = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = mi;
      v[i] = vi;
      parameters[i] = parameters[i]! - (rate * mi) / (Math.sqrt(vi * correction) + epsilon);
    }
  }

  tensors(): NamedTensors {
    return {
      m: { shape: [this.size], data: this.m.slice() },
      v: { shape: [this.size], data: this.v.slice() },
      count: { shape: [1], data: Float32Array.of(this.count) }, // exact up to 2^24 steps
    };
  }

  load(tensors: NamedTensors): void {
    this.m.set(takeTensor(tensors, 'm', [this.size]));
    this.v.set(takeTensor(tensors, 'v', [this.size]));
    this.count = takeTensor(tensors, 'count', [1])[0]!;
  }
}
