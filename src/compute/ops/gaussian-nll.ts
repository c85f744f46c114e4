/** Negative log-likelihood of an ensemble of Gaussians with learned bounds. E members, B batch, D outputs. */
import { tf } from '../tf.js';
import { badTensor, requireTensor } from './checks.js';
import { differentiable, runFused } from './dispatch.js';

const NAME = 'gaussianNll';

/**
 * Sum over the members of mean((mean - y)^2 / variance + log variance), without the constants of the Gaussian (as MBPO, Janner
 * et al. 2019, `bnn.py`). The raw log variance is softly bounded (PETS, Chua et al. 2018, appendix A.1):
 * min + softplus(max - softplus(max - raw) - min).
 * @param head (E x B x 2D): mean | raw log variance
 * @param targets (E x B x D), no gradient
 * @param bounds (2 x D) of the log variance: max; min
 * @returns NaN for an empty batch, whose mean does not exist
 */
export function gaussianNll(head: tf.Tensor3D, targets: tf.Tensor3D, bounds: tf.Tensor2D): tf.Scalar {
  checkInputs(head, targets, bounds);
  const forward = () =>
    runFused('GaussianNll', { head, targets, bounds }, {}, () => composedForward(head, targets, bounds));
  if (!tf.engine().isTapeOn()) return forward()[0] as tf.Scalar;
  const [loss] = differentiable(
    NAME,
    { head, targets, bounds },
    (save) => {
      save([head, targets, bounds]);
      return forward();
    },
    ([dy], saved) => {
      const [h, y, b] = saved as [tf.Tensor3D, tf.Tensor3D, tf.Tensor2D];
      const inputs = { dy: dy!, head: h, targets: y, bounds: b };
      const gradients = runFused('GaussianNllGradient', inputs, {}, () =>
        composedGradient(dy as tf.Scalar, h, y, b),
      );
      return { head: gradients[0], targets: undefined, bounds: gradients[1] };
    },
  );
  return loss as tf.Scalar;
}

function checkInputs(head: tf.Tensor3D, targets: tf.Tensor3D, bounds: tf.Tensor2D): void {
  const [members, batch, d] = targets.shape;
  if (targets.dtype !== 'float32' || targets.rank !== 3 || members === 0 || d === 0) {
    throw badTensor(NAME, 'targets', 'float32 [E, B, D] with E and D at least 1', targets);
  }
  requireTensor(NAME, 'head', head, [members, batch, 2 * d]);
  requireTensor(NAME, 'bounds', bounds, [2, d]);
}

interface Terms {
  /** E B */
  readonly rows: number;
  readonly d: number;
  /** (E B x D) */
  readonly error: tf.Tensor2D;
  readonly logVariance: tf.Tensor2D;
  /** arguments of the outer and the inner softplus */
  readonly aboveMin: tf.Tensor2D;
  readonly belowMax: tf.Tensor2D;
}

function terms(head: tf.Tensor3D, targets: tf.Tensor3D, bounds: tf.Tensor2D): Terms {
  const [members, batch, width] = head.shape;
  const [rows, d] = [members * batch, width / 2];
  const flat = tf.reshape(head, [rows, width]);
  const raw = tf.slice(flat, [0, d], [rows, d]);
  const max = tf.slice(bounds, [0, 0], [1, d]);
  const min = tf.slice(bounds, [1, 0], [1, d]);
  const error: tf.Tensor2D = tf.sub(tf.slice(flat, [0, 0], [rows, d]), tf.reshape(targets, [rows, d]));
  const belowMax: tf.Tensor2D = tf.sub(max, raw);
  const aboveMin: tf.Tensor2D = tf.sub(tf.sub(max, min), tf.softplus(belowMax));
  return { rows, d, error, logVariance: tf.add(tf.softplus(aboveMin), min), aboveMin, belowMax };
}

function composedForward(head: tf.Tensor3D, targets: tf.Tensor3D, bounds: tf.Tensor2D): tf.Tensor[] {
  if (head.shape[1] === 0) return [tf.scalar(NaN)];
  const { d, error, logVariance } = terms(head, targets, bounds);
  const each = tf.add(tf.mul(tf.square(error), tf.exp(tf.neg(logVariance))), logVariance);
  // all members have equally many rows, so the sum of their means is this
  return [tf.mul(tf.sum(each), 1 / (head.shape[1] * d))];
}

function composedGradient(
  dy: tf.Scalar,
  head: tf.Tensor3D,
  targets: tf.Tensor3D,
  bounds: tf.Tensor2D,
): tf.Tensor[] {
  if (head.shape[1] === 0) return [tf.zerosLike(head), tf.zerosLike(bounds)];
  const { d, error, logVariance, aboveMin, belowMax } = terms(head, targets, bounds);
  const scale = tf.mul(dy, 1 / (head.shape[1] * d));
  const weighted = tf.mul(tf.mul(error, tf.exp(tf.neg(logVariance))), scale);
  const dMean = tf.mul(weighted, 2);
  const dLogVariance = tf.sub(scale, tf.mul(weighted, error));
  const dUpper: tf.Tensor2D = tf.mul(dLogVariance, tf.sigmoid(aboveMin));
  const dRaw: tf.Tensor2D = tf.mul(dUpper, tf.sigmoid(belowMax));
  const dHead = tf.reshape(tf.concat([dMean, dRaw], 1), head.shape);
  const dMax = tf.sum(tf.sub(dUpper, dRaw), 0, true);
  const dMin = tf.sum(tf.sub(dLogVariance, dUpper), 0, true);
  return [dHead, tf.concat([dMax, dMin], 0)];
}
