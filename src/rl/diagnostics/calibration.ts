/** How well predicted probabilities agree with frequencies, for one output of a model; N held-out steps. */

/** 0.05, 0.10, ..., 0.95 */
export const LEVELS: readonly number[] = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/**
 * Share of the steps that came out below the model's quantile, at each of {@link LEVELS}; the level itself where the model is
 * calibrated (Kuleshov, Fenner and Ermon 2018, arXiv 1807.00263, section 3.5; for world models Malik et al. 2019, arXiv 1906.08312).
 * @param pit probability integral transforms (N), see mixtureCdf
 */
export function calibrationCurve(pit: Float64Array): number[] {
  return LEVELS.map((level) => shareOf(pit, (p) => p <= level));
}

/** Expected calibration error: mean over {@link LEVELS} of |observed - nominal|. */
export function calibrationError(observed: readonly number[]): number {
  return observed.reduce((sum, share, i) => sum + Math.abs(share - LEVELS[i]!), 0) / observed.length;
}

/**
 * Share of the steps within the model's central interval of this probability. The mixture's distribution function grows strictly, so
 * that a value lies between two quantiles exactly if its transform lies between their levels.
 */
export function centralCoverage(pit: Float64Array, probability: number): number {
  const tail = (1 - probability) / 2;
  return shareOf(pit, (p) => p >= tail && p <= 1 - tail);
}

/**
 * The calibration error that a calibrated model shows by chance with N independent steps: at a level p the observed share has the
 * standard deviation sqrt(p (1 - p) / N), and the mean of |x| of a normal x is sqrt(2 / pi) of that. Steps of one episode depend on
 * each other, so that it is more in truth.
 */
export function calibrationErrorByChance(count: number): number {
  const deviations = LEVELS.map((p) => Math.sqrt((2 / Math.PI) * ((p * (1 - p)) / count)));
  return deviations.reduce((sum, deviation) => sum + deviation, 0) / LEVELS.length;
}

/** NaN where there are no values or one is not a number: it lies neither within nor outside. */
function shareOf(pit: Float64Array, within: (p: number) => boolean): number {
  let hits = 0;
  for (const p of pit) {
    if (Number.isNaN(p)) return NaN;
    if (within(p)) hits++;
  }
  return hits / pit.length;
}
