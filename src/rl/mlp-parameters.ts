import { mlpLayout, type MlpShape } from '../compute/index.js';
import type { Rng } from '../core/index.js';
import { ParameterSet } from './parameter-set.js';

/**
 * glorot-uniform: U(+-sqrt(6 / (in + out))), biases 0 (Glorot and Bengio 2010; softlearning's SAC).
 * truncated-normal: std 1 / (2 sqrt(in)) cut at two std, biases 0 (PETS and MBPO, `fc.py`).
 */
export type Initialiser = 'glorot-uniform' | 'truncated-normal';

/**
 * Fresh parameters of equal networks, `<row>/dense0/kernel` and so on, one row of the set for each name in `rows`.
 * @param headWidth columns of the head that form one output, where a head holds several (mean | log std): they start as heads of
 *   their own
 */
export function mlpParameters(
  rows: readonly string[],
  shape: MlpShape,
  headWidth: number,
  initialiser: Initialiser,
  rng: Rng,
): ParameterSet {
  const layout = mlpLayout(shape);
  const specs = rows.flatMap((row) =>
    layout.map((entry) => {
      const initial = new Float32Array(entry.end - entry.start);
      if (entry.name.endsWith('/scale')) initial.fill(1);
      if (entry.name.endsWith('/kernel')) {
        const width = entry.name === 'head/kernel' ? headWidth : entry.shape[1]!;
        fillKernel(initial, entry.shape as [number, number], width, initialiser, rng);
      }
      return { name: `${row}/${entry.name}`, shape: entry.shape, initial };
    }),
  );
  return new ParameterSet(rows.length, specs);
}

/** Draws a kernel (inputs x outputs) in blocks of `width` columns, each as a kernel of its own. */
function fillKernel(
  kernel: Float32Array,
  [inputs, outputs]: readonly [number, number],
  width: number,
  initialiser: Initialiser,
  rng: Rng,
): void {
  const bound = Math.sqrt(6 / (inputs + width));
  const std = 1 / (2 * Math.sqrt(inputs));
  const draw = (): number => {
    if (initialiser === 'glorot-uniform') return rng.uniform(-bound, bound);
    let z = rng.normal();
    while (Math.abs(z) > 2) z = rng.normal();
    return std * z;
  };
  for (let block = 0; block < outputs; block += width) {
    for (let i = 0; i < inputs; i++) {
      for (let j = 0; j < width; j++) kernel[i * outputs + block + j] = draw();
    }
  }
}
