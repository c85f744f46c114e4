import { Rng } from '../../src/core/index.js';
import { norm, type Expected, type Numbers } from './numbers.js';

/** Relative change of an input that shows how it acts; in double precision, far from what a kink or a curve would show. */
const STEP = 1e-8;

const known = new Map<string, readonly Expected[]>();

/**
 * The results of `reference`, computed once for all backends. The scale of each is its norm; where terms nearly cancel, so that the norm
 * says nothing about their size, it is a tenth of the results' sensitivity: how far they move per relative change of the inputs, each
 * by its own sign. Single precision cannot do better than 6e-8 of that, which the rounding of the inputs alone would cost.
 * @param name of the case, by which its inputs are drawn
 */
export function expectedOf(
  numbers: Numbers,
  name: string,
  inputs: readonly Float64Array[],
  reference: (...inputs: Float64Array[]) => readonly Float64Array[],
): readonly Expected[] {
  const key = `${numbers.seed} ${name}`;
  let results = known.get(key);
  if (results === undefined) {
    const values = reference(...inputs);
    const sensitivities = values.map(() => 0);
    inputs.forEach((input, i) => {
      const rng = new Rng(numbers.seed, `signs of input ${i}`);
      const moved = input.map((x) => x * (1 + (rng.normal() < 0 ? -STEP : STEP)));
      const there = reference(...inputs.map((other, j) => (j === i ? moved : other)));
      values.forEach((result, k) => {
        sensitivities[k]! += norm(result.map((value, n) => there[k]![n]! - value)) / STEP;
      });
    });
    results = values.map((result, k) => ({
      values: result,
      scale: Math.max(norm(result), sensitivities[k]! / 10),
    }));
    known.set(key, results);
  }
  return results;
}
