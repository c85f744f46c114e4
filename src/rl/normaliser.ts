import { badInput } from '../core/index.js';
import { takeTensor, type NamedTensors } from './named-tensors.js';

/** Below this a dimension counts as constant and its standard deviation as 1 (MBPO `utils/normalizer`, mbrl-lib `Normalizer`). */
const CONSTANT = 1e-12;

/** Mean and variance of a stream of rows, merged in double precision (Chan, Golub and LeVeque 1983). */
export class RunningMoments {
  count = 0;
  readonly mean: Float64Array;
  /** sum of squared deviations from the mean */
  readonly squares: Float64Array;

  constructor(readonly size: number) {
    this.mean = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  /** @param rows (B x size) */
  add(batch: number, rows: Float32Array): void {
    if (batch === 0) return;
    const { size, count } = this;
    const total = count + batch;
    for (let d = 0; d < size; d++) {
      let sum = 0;
      for (let b = 0; b < batch; b++) sum += rows[b * size + d]!;
      const mean = sum / batch;
      let squares = 0;
      for (let b = 0; b < batch; b++) {
        const deviation = rows[b * size + d]! - mean;
        squares += deviation * deviation;
      }
      const shift = mean - this.mean[d]!;
      this.squares[d] = this.squares[d]! + squares + (shift * shift * count * batch) / total;
      this.mean[d] = this.mean[d]! + (shift * batch) / total;
    }
    this.count = total;
  }
}

/**
 * (x - mean) / std per dimension. Statistics are computed in double precision and kept as float32, so that a saved and
 * reloaded normaliser is the same to the bit. Starts as the identity.
 */
export class Normaliser {
  readonly mean: Float32Array;
  readonly std: Float32Array;

  /** @param clip bound on normalised values; default none. 10 is Stable-Baselines3's VecNormalize `clip_obs`. */
  constructor(
    readonly size: number,
    readonly clip = Infinity,
  ) {
    this.mean = new Float32Array(size);
    this.std = new Float32Array(size).fill(1);
  }

  /** Takes the statistics of these rows (B x size) instead of the former ones. */
  fit(batch: number, rows: Float32Array): void {
    const moments = new RunningMoments(this.size);
    moments.add(batch, rows);
    this.use(moments);
  }

  /** Takes running statistics. */
  use(moments: RunningMoments): void {
    if (moments.count === 0) throw badInput('a normaliser cannot be fitted to no rows');
    for (let d = 0; d < this.size; d++) {
      const std = Math.sqrt(moments.squares[d]! / moments.count);
      this.mean[d] = moments.mean[d]!;
      this.std[d] = std < CONSTANT ? 1 : std;
    }
  }

  /**
   * @param x (B x size)
   * @param out rows of `stride` (default size) values, of which the first `size` are written
   */
  apply(batch: number, x: Float32Array, out: Float32Array, stride = this.size): void {
    const { size, mean, std, clip } = this;
    for (let b = 0; b < batch; b++) {
      for (let d = 0; d < size; d++) {
        const z = (x[b * size + d]! - mean[d]!) / std[d]!;
        out[b * stride + d] = z > clip ? clip : z < -clip ? -clip : z;
      }
    }
  }

  tensors(): NamedTensors {
    return {
      mean: { shape: [this.size], data: this.mean.slice() },
      std: { shape: [this.size], data: this.std.slice() },
    };
  }

  load(tensors: NamedTensors): void {
    this.mean.set(takeTensor(tensors, 'mean', [this.size]));
    this.std.set(takeTensor(tensors, 'std', [this.size]));
  }
}
