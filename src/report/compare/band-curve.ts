import { spreadOf } from './spread.js';

/** One seed's curve: `y[i]` holds from `x[i]` until `x[i + 1]`; x ascends. */
export interface SeedCurve {
  readonly seed: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Median and quartiles over seeds on the union of their grids; each value holds until the next x. */
export interface BandCurve {
  readonly x: readonly number[];
  readonly median: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** how many seeds run at each x */
  readonly running: readonly number[];
  readonly seeds: readonly SeedCurve[];
}

/**
 * The band of a group of seeds. At an x a seed counts with its newest value at or before it, from its first x to its last one.
 * Where fewer than half of the seeds run there is no point; a point of NaN marks each such gap between others.
 */
export function bandCurve(seeds: readonly SeedCurve[]): BandCurve {
  const grid = [...new Set(seeds.flatMap((seed) => seed.x))].sort((a, b) => a - b);
  const points = grid.map((x) => {
    const values = seeds.map((seed) => valueAt(seed, x)).filter((value) => value !== undefined);
    const enough = 2 * values.length >= seeds.length;
    return { x, running: values.length, ...spreadOf(enough ? values : [NaN]), enough };
  });
  const first = points.findIndex(({ enough }) => enough);
  const last = points.findLastIndex(({ enough }) => enough);
  const shown = points.slice(first, last + 1);
  return {
    x: shown.map((point) => point.x),
    median: shown.map((point) => point.median),
    low: shown.map((point) => point.low),
    high: shown.map((point) => point.high),
    running: shown.map((point) => point.running),
    seeds,
  };
}

/** undefined before the first and after the last x of the seed. */
function valueAt({ x, y }: SeedCurve, at: number): number | undefined {
  if (x.length === 0 || at < x[0]! || at > x.at(-1)!) return undefined;
  return y[x.findLastIndex((value) => value <= at)];
}
