/** Counts of values in bins of equal width. */
export interface Histogram {
  /** (bins + 1) in the unit of the values; a bin holds its lower edge, the last one both */
  readonly edges: readonly number[];
  /** (bins) */
  readonly counts: readonly number[];
}

/**
 * Histogram over the range of the finite values. When all are equal, or too close to be told apart by so many bins, the range is widened
 * around them.
 * @returns undefined when there is no finite value
 */
export function histogram(values: ArrayLike<number>, bins: number): Histogram | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return undefined;
  if (low + (high - low) / bins === low) {
    const margin = Math.max(Math.abs(low) * 0.05, 1e-6);
    low -= margin;
    high += margin;
  }
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    const bin = Math.min(bins - 1, Math.floor((values[i]! - low) / width));
    counts[bin]! += 1;
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width));
  return { edges, counts };
}
