/**
 * Keeps what a network predicts in raw units when its normalisers change (after PopArt, van Hasselt et al. 2016, arXiv 1602.07714).
 * I inputs, D outputs.
 */

/** Of a normaliser: z = (x - mean) / std. */
export interface Statistics {
  /** (I) or (D) */
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/**
 * z_old = z_new s_new / s_old + (m_new - m_old) / s_old, taken into the first layer.
 * @param kernel (I x width) changed
 * @param bias (width) changed
 */
export function renormaliseInputs(
  kernel: Float32Array,
  bias: Float32Array,
  old: Statistics,
  { mean, std }: Statistics,
): void {
  for (let i = 0; i < mean.length; i++) {
    for (let j = 0; j < bias.length; j++) {
      const k = i * bias.length + j;
      bias[j] = bias[j]! + (kernel[k]! * (mean[i]! - old.mean[i]!)) / old.std[i]!;
      kernel[k] = (kernel[k]! * std[i]!) / old.std[i]!;
    }
  }
}

/**
 * y_new = (y_old s_old + m_old - m_new) / s_new, taken into a head of means (D) and log variances (D).
 * @param kernel (width x 2D) changed
 * @param bias (2D) changed
 */
export function renormaliseHead(
  kernel: Float32Array,
  bias: Float32Array,
  old: Statistics,
  now: Statistics,
): void {
  const outputs = now.mean.length;
  for (let d = 0; d < outputs; d++) {
    const ratio = old.std[d]! / now.std[d]!;
    for (let k = d; k < kernel.length; k += bias.length) kernel[k] = kernel[k]! * ratio;
    bias[d] = bias[d]! * ratio + (old.mean[d]! - now.mean[d]!) / now.std[d]!;
    bias[outputs + d] = bias[outputs + d]! + 2 * Math.log(ratio);
  }
}

/** The same for bounds of the log variance (D), changed. */
export function renormaliseLogVariance(bound: Float32Array, old: Statistics, now: Statistics): void {
  bound.forEach((value, d) => (bound[d] = value + 2 * Math.log(old.std[d]! / now.std[d]!)));
}
