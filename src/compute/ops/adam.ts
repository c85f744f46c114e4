/** Adam on a whole parameter tensor, in place. R rows (members), P columns. */
import { tf } from '../tf.js';
import { requireTensor } from './checks.js';
import { runFused } from './dispatch.js';
import { ownStorage } from './own-storage.js';

const NAME = 'adamStep';

/** Coefficients of one step, from its number; see {@link adamCoefficients}. */
export interface AdamCoefficients {
  /** learning rate / (1 - beta1^t) */
  readonly rate: number;
  /** 1 / (1 - beta2^t) */
  readonly correction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** share of every parameter that is taken off: learning rate * decay in AdamW, 0 in Adam */
  readonly shrink: number;
}

export interface AdamOptions {
  readonly learningRate: number;
  /** default 0.9, 0.999 and 1e-8: Kingma and Ba 2015 (arXiv 1412.6980), algorithm 1 */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** decoupled weight decay of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101); default 0 */
  readonly decay?: number;
}

/** Coefficients of step `t`, counted from 1. */
export function adamCoefficients(t: number, options: AdamOptions): AdamCoefficients {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0 } = options;
  return {
    rate: learningRate / (1 - beta1 ** t),
    correction: 1 / (1 - beta2 ** t),
    beta1,
    beta2,
    epsilon,
    shrink: learningRate * decay,
  };
}

/**
 * With g = gradient + l2 * parameter: m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v);
 * parameter -= rate m / (sqrt(v correction) + epsilon) + shrink parameter (Kingma and Ba 2015, algorithm 1).
 * @param parameters (R x P) written, as are m and v of the same shape
 * @param gradient (R x P)
 * @param l2 coefficient of each column (P), the same for all rows; the gradient of 1/2 sum l2 parameter^2
 */
export function adamStep(
  parameters: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  coefficients: AdamCoefficients,
  l2?: tf.Tensor1D,
): void {
  checkInputs(parameters, gradient, m, v, l2);
  if (parameters.size === 0) return;
  for (const variable of [parameters, m, v]) ownStorage(variable);
  runFused('AdamStep', { parameters, gradient, m, v, ...(l2 && { l2 }) }, coefficients, () => {
    composedStep(parameters, gradient, m, v, coefficients, l2);
    return [];
  });
}

function checkInputs(
  parameters: tf.Tensor,
  gradient: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  l2: tf.Tensor | undefined,
): void {
  const { shape } = parameters;
  requireTensor(NAME, 'parameters', parameters, shape);
  requireTensor(NAME, 'gradient', gradient, shape);
  requireTensor(NAME, 'm', m, shape);
  requireTensor(NAME, 'v', v, shape);
  if (m === v || m === parameters || v === parameters) {
    throw new Error(`Error in ${NAME}: parameters, m and v must be three variables`);
  }
  if (l2 !== undefined) requireTensor(NAME, 'l2', l2, shape.slice(-1));
}

/** On wasm this takes half as long as a loop over the arrays, which have to be copied out of its memory and back. */
function composedStep(
  parameters: tf.Variable,
  gradient: tf.Tensor,
  m: tf.Variable,
  v: tf.Variable,
  { rate, correction, beta1, beta2, epsilon, shrink }: AdamCoefficients,
  l2?: tf.Tensor1D,
): void {
  const g = l2 ? tf.add(gradient, tf.mul(l2, parameters)) : gradient;
  m.assign(tf.add(m, tf.mul(tf.sub(g, m), 1 - beta1)));
  v.assign(tf.add(v, tf.mul(tf.sub(tf.square(g), v), 1 - beta2)));
  const step = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(tf.mul(v, correction)), epsilon));
  parameters.assign(tf.sub(tf.mul(parameters, 1 - shrink), step));
}
