/** Reparameterised sample of a squashed Gaussian policy. B batch, A actions; a = tanh(u), u = mean + std noise. */
import { tf } from '../tf.js';
import { badTensor } from './checks.js';
import { differentiable, runFused } from './dispatch.js';

const NAME = 'squashedGaussian';
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

interface LogStdBounds {
  readonly logStdMin: number;
  readonly logStdMax: number;
}

interface SquashedSample {
  /** (B x A) in (-1, 1) */
  readonly action: tf.Tensor2D;
  /** (B) */
  readonly logProb: tf.Tensor1D;
}

/**
 * Actions and their log-probabilities log N(u) - sum log(1 - tanh(u)^2), the latter as 2 (log 2 - u - softplus(-2u)), which does
 * not overflow (SAC, Haarnoja et al. 2018, appendix C, eq. 21; stable form from TensorFlow Probability's Tanh bijector).
 * The log standard deviation is min + (max - min) (tanh(raw) + 1) / 2 (CleanRL `sac_continuous_action.py`, after pytorch_sac).
 * @param head (B x 2A) or (1 x B x 2A): mean | raw log std
 * @param noise (B x A) standard normals, no gradient
 */
export function squashedGaussian(
  head: tf.Tensor2D | tf.Tensor3D,
  noise: tf.Tensor2D,
  bounds: LogStdBounds,
): SquashedSample {
  checkInputs(head, noise);
  const forward = () =>
    runFused('SquashedGaussian', { head, noise }, bounds, () => composedForward(head, noise, bounds));
  const outputs = tf.engine().isTapeOn()
    ? differentiable(
        NAME,
        { head, noise },
        (save) => {
          save([head, noise]);
          return forward();
        },
        ([dAction, dLogProb], [h, n]) => {
          const inputs = { dAction: dAction!, dLogProb: dLogProb!, head: h!, noise: n! };
          const [dHead] = runFused('SquashedGaussianGradient', inputs, bounds, () =>
            composedGradient(dAction as tf.Tensor2D, dLogProb as tf.Tensor1D, h!, n as tf.Tensor2D, bounds),
          );
          return { head: dHead, noise: undefined };
        },
      )
    : forward();
  return { action: outputs[0] as tf.Tensor2D, logProb: outputs[1] as tf.Tensor1D };
}

function checkInputs(head: tf.Tensor, noise: tf.Tensor2D): void {
  const [batch, actions] = noise.shape;
  if (noise.dtype !== 'float32' || noise.rank !== 2 || actions === 0) {
    throw badTensor(NAME, 'noise', 'float32 [B, A] with A at least 1', noise);
  }
  const { rank, shape } = head;
  const fits = rank === 2 || (rank === 3 && shape[0] === 1);
  const [rows, columns] = [shape[rank - 2], shape[rank - 1]];
  if (head.dtype !== 'float32' || !fits || rows !== batch || columns !== 2 * actions) {
    const expected = `[${batch}, ${2 * actions}]`;
    throw badTensor(NAME, 'head', `float32 ${expected} or [1, ${batch}, ${2 * actions}]`, head);
  }
}

interface Terms {
  /** all (B x A) */
  readonly u: tf.Tensor2D;
  /** tanh of the raw log std */
  readonly bend: tf.Tensor2D;
  readonly logStd: tf.Tensor2D;
  /** std noise */
  readonly spread: tf.Tensor2D;
  /** (max - min) / 2 of the log std */
  readonly half: number;
}

function terms(head: tf.Tensor, noise: tf.Tensor2D, { logStdMin, logStdMax }: LogStdBounds): Terms {
  const [batch, actions] = noise.shape;
  const flat: tf.Tensor2D = tf.reshape(head, [batch, 2 * actions]);
  const bend: tf.Tensor2D = tf.tanh(tf.slice(flat, [0, actions], [batch, actions]));
  const half = 0.5 * (logStdMax - logStdMin);
  const logStd: tf.Tensor2D = tf.add(tf.mul(bend, half), logStdMin + half);
  const spread: tf.Tensor2D = tf.mul(tf.exp(logStd), noise);
  const u: tf.Tensor2D = tf.add(tf.slice(flat, [0, 0], [batch, actions]), spread);
  return { u, bend, logStd, spread, half };
}

function composedForward(head: tf.Tensor, noise: tf.Tensor2D, bounds: LogStdBounds): tf.Tensor[] {
  const { u, logStd } = terms(head, noise, bounds);
  // (u - mean) / std is the noise itself, whatever mean and std are
  const gaussian = tf.add(tf.add(tf.mul(tf.square(noise), 0.5), logStd), HALF_LOG_TWO_PI);
  const correction = tf.mul(tf.sub(tf.sub(Math.LN2, u), tf.softplus(tf.mul(u, -2))), 2);
  return [tf.tanh(u), tf.sum(tf.neg(tf.add(gaussian, correction)), 1)];
}

function composedGradient(
  dAction: tf.Tensor2D,
  dLogProb: tf.Tensor1D,
  head: tf.Tensor,
  noise: tf.Tensor2D,
  bounds: LogStdBounds,
): tf.Tensor[] {
  const { u, bend, spread, half } = terms(head, noise, bounds);
  const action = tf.tanh(u);
  const dl = tf.reshape(dLogProb, [-1, 1]);
  // d logProb / du = 2 - 4 sigmoid(-2u) = 2 tanh(u); d logProb / d logStd directly = -1
  const du: tf.Tensor2D = tf.add(
    tf.mul(dAction, tf.sub(1, tf.square(action))),
    tf.mul(tf.mul(action, 2), dl),
  );
  const dLogStd = tf.sub(tf.mul(du, spread), dl);
  const dRaw: tf.Tensor2D = tf.mul(tf.mul(dLogStd, half), tf.sub(1, tf.square(bend)));
  return [tf.reshape(tf.concat([du, dRaw], 1), head.shape)];
}
