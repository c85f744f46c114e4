/** What a multi-layer perceptron looks like, and where its parameters lie in one row of numbers. */

export interface MlpShape {
  readonly inputs: number;
  /** widths of the hidden layers, at most 32 of them; none makes a linear map */
  readonly hidden: readonly number[];
  readonly outputs: number;
  /** of the hidden layers; swish is z sigmoid(z) */
  readonly activation: 'relu' | 'swish';
  /** between product and activation (as RLPD and DroQ place it) */
  readonly layerNorm: boolean;
}

/** What the native kernels hold at most (`Mlp::kMaxDepth` in `native/kernels.h`). */
const MOST_HIDDEN = 32;

/** One parameter of a network: its place is [start, end) of the member's row. */
export interface MlpEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Parameters in the order in which they lie in a row: for each hidden layer `dense<i>/kernel` (inputs x width, row-major),
 * `dense<i>/bias` and, with layer normalisation, `norm<i>/scale` and `norm<i>/offset`; then `head/kernel` and `head/bias`.
 */
export function mlpLayout(shape: MlpShape): readonly MlpEntry[] {
  const entries: MlpEntry[] = [];
  let start = 0;
  const add = (name: string, ...dimensions: number[]): void => {
    const end = start + dimensions.reduce((product, n) => product * n, 1);
    entries.push({ name, shape: dimensions, start, end });
    start = end;
  };
  let width = shape.inputs;
  shape.hidden.forEach((next, i) => {
    add(`dense${i}/kernel`, width, next);
    add(`dense${i}/bias`, next);
    if (shape.layerNorm) {
      add(`norm${i}/scale`, next);
      add(`norm${i}/offset`, next);
    }
    width = next;
  });
  add('head/kernel', width, shape.outputs);
  add('head/bias', shape.outputs);
  return entries;
}

const counts = new WeakMap<MlpShape, number>();

/**
 * P, the length of a member's row; computed, and the shape checked, once per shape object.
 * @throws Error for widths that are no positive integers, for more than 32 hidden layers, and for an activation it does not know
 */
export function mlpParameterCount(shape: MlpShape): number {
  const known = counts.get(shape);
  if (known !== undefined) return known;
  check(shape);
  let count = 0;
  let width = shape.inputs;
  for (const next of shape.hidden) {
    count += (width + (shape.layerNorm ? 3 : 1)) * next;
    width = next;
  }
  count += (width + 1) * shape.outputs;
  counts.set(shape, count);
  return count;
}

function check({ inputs, hidden, outputs, activation }: MlpShape): void {
  for (const width of [inputs, ...hidden, outputs]) {
    if (!Number.isSafeInteger(width) || width < 1) {
      throw new Error(`Error in MLP shape: widths must be positive integers, got ${width}`);
    }
  }
  if (hidden.length > MOST_HIDDEN) {
    throw new Error(`Error in MLP shape: at most ${MOST_HIDDEN} hidden layers, got ${hidden.length}`);
  }
  if (activation !== 'relu' && activation !== 'swish') {
    throw new Error(`Error in MLP shape: activation must be relu or swish, got ${String(activation)}`);
  }
}
