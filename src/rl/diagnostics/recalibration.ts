/**
 * Recalibration of predicted probabilities by isotonic regression (Kuleshov, Fenner and Ermon 2018, arXiv 1807.00263, algorithm 1).
 * N values, M knots.
 */
import { badInput } from '../../core/index.js';

/** A map of [0, 1] to itself that never falls, linear between knots. */
export interface Recalibration {
  /** predicted probabilities (M), ascending, from 0 to 1 */
  readonly from: Float64Array;
  /** what they turned out to be (M) */
  readonly to: Float64Array;
}

/**
 * The values that never fall and have the least weighted squared distance from these: pool adjacent violators (Ayer et al. 1955;
 * Barlow et al. 1972).
 * @param weights (N) above 0; default: all alike
 */
export function isotonicRegression(values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const blocks: { mean: number; weight: number; size: number }[] = [];
  for (let i = 0; i < values.length; i++) {
    let block = { mean: values[i]!, weight: weights?.[i] ?? 1, size: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.mean >= block.mean; last = blocks.at(-1)) {
      const weight = last.weight + block.weight;
      const mean = (last.mean * last.weight + block.mean * block.weight) / weight;
      block = { mean, weight, size: last.size + block.size };
      blocks.pop();
    }
    blocks.push(block);
  }
  const fitted = new Float64Array(values.length);
  let start = 0;
  for (const { mean, size } of blocks) fitted.fill(mean, start, (start += size));
  return fitted;
}

/**
 * Learns from held-out steps which probability each predicted one really is: isotonic regression of the share of transforms that are
 * not above it. The i-th smallest of N uniform values is i / (N + 1) on average, hence that share and not i / N.
 * @param pit probability integral transforms (N) of one output
 * @throws BAD_INPUT where there are none or one is not a probability
 */
export function fitRecalibration(pit: Float64Array): Recalibration {
  const count = pit.length;
  const wrong = pit.find((p) => !(p >= 0 && p <= 1));
  if (count === 0 || wrong !== undefined) {
    const found = wrong === undefined ? 'none' : `the value ${wrong}`;
    throw badInput(`recalibration needs predicted probabilities in [0, 1] of held-out steps, got ${found}`);
  }
  const sorted = pit.slice().sort();
  const [from, shares, weights]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < count;) {
    let end = i;
    while (end < count && sorted[end] === sorted[i]) end++;
    from.push(sorted[i]!);
    shares.push((i + 1 + end) / 2 / (count + 1)); // of equal ones, the mean of their ranks
    weights.push(end - i);
    i = end;
  }
  const to = isotonicRegression(shares, weights);
  // A probability of 0 or 1 stays so, unless held-out steps say otherwise.
  const first = from[0]! > 0 ? [0] : [];
  const last = from.at(-1)! < 1 ? [1] : [];
  return {
    from: Float64Array.from([...first, ...from, ...last]),
    to: Float64Array.from([...first, ...to, ...last]),
  };
}

/** What predicted probabilities (N) really are. */
export function recalibrate({ from, to }: Recalibration, pit: Float64Array): Float64Array {
  return pit.map((p) => {
    if (Number.isNaN(p)) return NaN;
    let [low, high] = [0, from.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (from[middle]! <= p) low = middle;
      else high = middle;
    }
    if (p >= from[high]!) return to[high]!;
    const share = (p - from[low]!) / (from[high]! - from[low]!);
    return to[low]! + share * (to[high]! - to[low]!);
  });
}
