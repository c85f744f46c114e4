import { percentile } from '../../core/index.js';

/** Median and quartiles; see {@link percentile}. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * Median and quartiles. Infinity stands for "not yet": a quantile that lies between a number and "not yet", or between two of
 * them, is "not yet". NaN when any value is NaN or there is none.
 */
export function spreadOf(values: readonly number[]): Spread {
  return { low: quantile(values, 25), median: quantile(values, 50), high: quantile(values, 75) };
}

function quantile(values: readonly number[], p: number): number {
  const value = percentile(values, p);
  // the difference of two infinities
  return Number.isNaN(value) && values.includes(Infinity) && !values.some(Number.isNaN) ? Infinity : value;
}
