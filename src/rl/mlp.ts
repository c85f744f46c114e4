/** B batch, I inputs, N width. Multi-layer perceptron with one or more linear heads on a shared trunk. */
import { layerNorm, linear, tf, type Activation } from '../compute/index.js';
import type { Rng } from '../core/index.js';
import type { ParameterSet, ParameterSpec } from './parameter-set.js';

export interface MlpSpec<Heads extends string = string> {
  readonly inputs: number;
  /** widths of the hidden layers */
  readonly hidden: readonly number[];
  /** name -> outputs */
  readonly heads: Readonly<Record<Heads, number>>;
  readonly activation: Activation;
  /** between product and activation (as RLPD and DroQ place it); default false */
  readonly layerNorm?: boolean;
}

/**
 * glorot-uniform: U(+-sqrt(6 / (in + out))), biases 0 (Glorot and Bengio 2010; softlearning's SAC).
 * truncated-normal: std 1 / (2 sqrt(in)) cut at two std, biases 0 (PETS and MBPO, `fc.py`).
 */
export type Initialiser = 'glorot-uniform' | 'truncated-normal';

function initialKernel(rows: number, columns: number, initialiser: Initialiser, rng: Rng): Float32Array {
  const out = new Float32Array(rows * columns);
  const bound = Math.sqrt(6 / (rows + columns));
  const std = 1 / (2 * Math.sqrt(rows));
  for (let i = 0; i < out.length; i++) {
    if (initialiser === 'glorot-uniform') {
      out[i] = rng.uniform(-bound, bound);
    } else {
      let z = rng.normal();
      while (Math.abs(z) > 2) z = rng.normal();
      out[i] = std * z;
    }
  }
  return out;
}

/** Parameters `prefix/dense0/kernel` (I x N), `prefix/dense0/bias` (N), ..., `prefix/<head>/kernel`, `prefix/<head>/bias`. */
export function mlpParameters(
  prefix: string,
  spec: MlpSpec,
  initialiser: Initialiser,
  rng: Rng,
): ParameterSpec[] {
  const parameters: ParameterSpec[] = [];
  const dense = (name: string, rows: number, columns: number): void => {
    const initial = initialKernel(rows, columns, initialiser, rng);
    parameters.push({ name: `${prefix}/${name}/kernel`, shape: [rows, columns], initial });
    parameters.push({ name: `${prefix}/${name}/bias`, shape: [columns], initial: new Float32Array(columns) });
  };
  let width = spec.inputs;
  spec.hidden.forEach((next, i) => {
    dense(`dense${i}`, width, next);
    if (spec.layerNorm) {
      const ones = new Float32Array(next).fill(1);
      parameters.push({ name: `${prefix}/norm${i}/scale`, shape: [next], initial: ones });
      parameters.push({ name: `${prefix}/norm${i}/offset`, shape: [next], initial: new Float32Array(next) });
    }
    width = next;
  });
  for (const [head, outputs] of Object.entries<number>(spec.heads)) dense(head, width, outputs);
  return parameters;
}

export interface MlpForwardOptions {
  /** gradient with respect to the input; default false */
  readonly wantDx?: boolean;
  /** gradients with respect to the parameters; default true */
  readonly wantDw?: boolean;
}

/**
 * @param x (B x I)
 * @returns head name -> (B x outputs)
 */
export function mlpForward<Heads extends string>(
  spec: MlpSpec<Heads>,
  parameters: ParameterSet,
  prefix: string,
  x: tf.Tensor2D,
  options: MlpForwardOptions = {},
): Record<Heads, tf.Tensor2D> {
  const { wantDx = false, wantDw = true } = options;
  const vector = (name: string) => parameters.tensor(`${prefix}/${name}`) as tf.Tensor1D;
  const matrix = (name: string) => parameters.tensor(`${prefix}/${name}`) as tf.Tensor2D;
  let h = x;
  spec.hidden.forEach((_, i) => {
    const activation = spec.layerNorm ? 'identity' : spec.activation;
    h = linear(h, matrix(`dense${i}/kernel`), vector(`dense${i}/bias`), {
      activation,
      wantDx: i > 0 || wantDx,
      wantDw,
    });
    if (spec.layerNorm) {
      h = layerNorm(h, vector(`norm${i}/scale`), vector(`norm${i}/offset`));
      h =
        spec.activation === 'relu' ? tf.relu(h) : spec.activation === 'swish' ? tf.mul(h, tf.sigmoid(h)) : h;
    }
  });
  const outputs = Object.keys(spec.heads).map((head) => [
    head,
    linear(h, matrix(`${head}/kernel`), vector(`${head}/bias`), {
      wantDx: spec.hidden.length > 0 || wantDx,
      wantDw,
    }),
  ]);
  return Object.fromEntries(outputs) as Record<Heads, tf.Tensor2D>;
}
