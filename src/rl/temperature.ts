import { adamCoefficients, type AdamOptions } from '../compute/index.js';
import { takeTensor, withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';

/** SAC's temperature alpha, kept as its logarithm and moved by Adam. One number: it lives on the host. */
export class Temperature {
  /** log alpha */
  private readonly logarithm: Float32Array;
  private readonly m = new Float32Array(1);
  private readonly v = new Float32Array(1);
  private count = 0;

  constructor(
    initial: number,
    private readonly options: AdamOptions,
  ) {
    this.logarithm = Float32Array.of(Math.log(initial));
  }

  get value(): number {
    return Math.exp(this.logarithm[0]!);
  }

  /** @param slope of the loss with respect to log alpha */
  step(slope: number): void {
    this.count++;
    const { rate, correction, beta1, beta2, epsilon } = adamCoefficients(this.count, this.options);
    const m = this.m[0]! + (1 - beta1) * (slope - this.m[0]!);
    const v = this.v[0]! + (1 - beta2) * (slope * slope - this.v[0]!);
    this.m[0] = m;
    this.v[0] = v;
    this.logarithm[0] = this.logarithm[0]! - (rate * m) / (Math.sqrt(v * correction) + epsilon);
  }

  tensors(): NamedTensors {
    return {
      logTemperature: { shape: [1], data: this.logarithm.slice() },
      ...withPrefix('adam/temperature', {
        m: { shape: [1], data: this.m.slice() },
        v: { shape: [1], data: this.v.slice() },
        count: { shape: [1], data: Float32Array.of(this.count) }, // exact up to 2^24 steps
      }),
    };
  }

  load(tensors: NamedTensors): void {
    this.logarithm.set(takeTensor(tensors, 'logTemperature', [1]));
    const adam = withoutPrefix('adam/temperature', tensors);
    this.m.set(takeTensor(adam, 'm', [1]));
    this.v.set(takeTensor(adam, 'v', [1]));
    this.count = takeTensor(adam, 'count', [1])[0]!;
  }
}
