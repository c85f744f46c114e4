/** The numbers that a set of timings or errors is judged by, in the unit of the values. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

function ascending(values: ArrayLike<number>): ArrayLike<number> {
  for (let i = 1; i < values.length; i++) {
    if (!(values[i - 1]! <= values[i]!)) return Float64Array.from(values).sort();
  }
  return values;
}

function interpolate(sorted: ArrayLike<number>, p: number): number {
  const n = sorted.length;
  // typed-array sort puts NaN last: one look finds it
  if (n === 0 || Number.isNaN(sorted[n - 1]!)) return NaN;
  const rank = ((n - 1) * Math.min(100, Math.max(0, p))) / 100;
  const low = Math.floor(rank);
  const lowValue = sorted[low]!;
  const fraction = rank - low;
  return fraction === 0 ? lowValue : lowValue + fraction * (sorted[low + 1]! - lowValue);
}

/**
 * The p-th percentile, p in [0, 100] (values outside are taken as the nearer end), by linear interpolation between the two
 * closest ranks: rank (n - 1) p / 100. This is Hyndman and Fan (1996) type 7, the default of NumPy.
 * Values may be sorted or not and are not changed. NaN when there are none or when any is NaN.
 */
export function percentile(values: ArrayLike<number>, p: number): number {
  return interpolate(ascending(values), p);
}

/** Count, median, 99th percentile, maximum and mean; all but the count are NaN when there are no values or any is NaN. */
export function summary(values: ArrayLike<number>): Summary {
  const sorted = ascending(values);
  let sum = 0;
  for (let i = 0; i < sorted.length; i++) sum += sorted[i]!;
  return {
    count: sorted.length,
    p50: interpolate(sorted, 50),
    p99: interpolate(sorted, 99),
    max: interpolate(sorted, 100),
    mean: sorted.length === 0 ? NaN : sum / sorted.length,
  };
}

/** NaN where there are no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
