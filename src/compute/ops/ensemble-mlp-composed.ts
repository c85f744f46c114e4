/**
 * Forward and backward pass of an ensemble of MLPs in plain tfjs operations, without autodiff, for the backends that have no
 * kernel for it. E members, B batch, I inputs, O outputs, P parameters of a member; groups as in `member-products.ts`.
 */
import { tf } from '../tf.js';
import {
  affine,
  columnSums,
  groupRows,
  joinRows,
  packParameters,
  timesTransposed,
  transposedTimes,
  unpackParameters,
} from './member-products.js';
import { mlpLayout, mlpParameterCount, type MlpShape } from './mlp-shape.js';

/** Added to the variance; PyTorch's default. */
const EPSILON = 1e-5;

/** What the backward pass of one layer needs. The head has only kernel and input. */
interface KeptLayer {
  readonly input: tf.Tensor3D;
  readonly kernel: tf.Tensor3D;
  readonly output?: tf.Tensor3D;
  /** sigmoid(z), swish only */
  readonly sigmoid?: tf.Tensor3D;
  /** layer normalisation only: (z - mean) / std, 1 / std and the scale */
  readonly norm?: {
    readonly normalised: tf.Tensor3D;
    readonly inverse: tf.Tensor3D;
    readonly scale: tf.Tensor;
  };
}

/**
 * @param x (B x I) shared by all members, or (E x B x I)
 * @returns y (E x B x O), and with `keep` all that {@link composedMlpGradient} needs
 */
export function composedMlpForward(
  x: tf.Tensor,
  parameters: tf.Tensor2D,
  shape: MlpShape,
  keep: boolean,
): tf.Tensor[] {
  // no products of nothing: backends differ in what comes of them
  if (x.shape[x.rank - 2] === 0) return [tf.zeros([parameters.shape[0], 0, shape.outputs])];
  const rows = groupRows(x, parameters.shape[0]);
  const groups = unpackParameters(parameters, mlpLayout(shape)).map((parts, g) =>
    groupForward(rows[g]!, parts, shape),
  );
  const y = joinRows(
    groups.map((group) => group.y),
    false,
  );
  return keep ? [y, ...groups.flatMap(({ layers }) => layers.flatMap(flatten))] : [y];
}

function groupForward(
  x: tf.Tensor3D,
  parts: tf.Tensor[],
  shape: MlpShape,
): { y: tf.Tensor3D; layers: KeptLayer[] } {
  const layers: KeptLayer[] = [];
  let next = 0;
  const take = () => parts[next++]!;
  let h = x;
  for (let i = 0; i < shape.hidden.length; i++) {
    const [input, kernel] = [h, take() as tf.Tensor3D];
    let z = affine(input, kernel, take());
    let norm: KeptLayer['norm'];
    if (shape.layerNorm) {
      const centred = tf.sub(z, tf.mean(z, 2, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 2, true), EPSILON));
      const normalised: tf.Tensor3D = tf.mul(centred, inverse);
      const scale = take();
      norm = { normalised, inverse: inverse as tf.Tensor3D, scale };
      z = tf.add(tf.mul(normalised, scale), take());
    }
    if (shape.activation === 'relu') {
      h = tf.relu(z);
      layers.push({ input, kernel, output: h, ...(norm && { norm }) });
    } else {
      const sigmoid = tf.sigmoid(z);
      h = tf.mul(z, sigmoid);
      layers.push({ input, kernel, output: h, sigmoid, ...(norm && { norm }) });
    }
  }
  const kernel = take() as tf.Tensor3D;
  layers.push({ input: h, kernel });
  return { y: affine(h, kernel, take()), layers };
}

/**
 * @param dy (E x B x O)
 * @param kept of the forward pass
 * @returns the gradients that are wanted, of x (in its shape) and then of the parameters (E x P)
 */
export function composedMlpGradient(
  dy: tf.Tensor3D,
  x: tf.Tensor,
  kept: readonly tf.Tensor[],
  shape: MlpShape,
  want: { readonly wantDx: boolean; readonly wantDw: boolean },
): tf.Tensor[] {
  if (dy.shape[1] === 0) {
    return [
      ...(want.wantDx ? [tf.zerosLike(x)] : []),
      ...(want.wantDw ? [tf.zeros([dy.shape[0], mlpParameterCount(shape)])] : []),
    ];
  }
  const dys = groupRows(dy, dy.shape[0]);
  const perGroup = kept.length / dys.length;
  const groups = dys.map((own, g) => {
    const layers = unflatten(kept.slice(g * perGroup, (g + 1) * perGroup) as tf.Tensor3D[], shape);
    return groupGradient(own, layers, shape, want);
  });
  const gradients: tf.Tensor[] = [];
  if (want.wantDx) {
    gradients.push(
      joinRows(
        groups.map(({ dx }) => dx),
        x.rank === 2,
      ),
    );
  }
  if (want.wantDw) gradients.push(packParameters(groups.map(({ parts }) => parts)));
  return gradients;
}

function groupGradient(
  dy: tf.Tensor3D,
  layers: readonly KeptLayer[],
  shape: MlpShape,
  { wantDx, wantDw }: { readonly wantDx: boolean; readonly wantDw: boolean },
): { dx: tf.Tensor3D; parts: tf.Tensor3D[] } {
  const parts: tf.Tensor3D[] = []; // from the last to the first
  let g = dy;
  for (let i = layers.length - 1; i >= 0; i--) {
    const { input, kernel, output, sigmoid, norm } = layers[i]!;
    if (output !== undefined) {
      // relu: dy step(y); swish: d(z s)/dz = s + z s (1 - s) = s + y - y s
      const slope = sigmoid ? tf.sub(tf.add(sigmoid, output), tf.mul(output, sigmoid)) : tf.step(output);
      g = tf.mul(g, slope);
    }
    if (norm !== undefined) {
      const { normalised, inverse, scale } = norm;
      if (wantDw) parts.push(columnSums(g), columnSums(tf.mul(g, normalised)));
      // with n = (z - mean) / std and h = g scale: dz = (h - mean(h) - n mean(h n)) / std (Ba et al. 2016, arXiv 1607.06450)
      const h = tf.mul(g, scale);
      const projected = tf.mul(normalised, tf.mean(tf.mul(h, normalised), 2, true));
      g = tf.mul(tf.sub(tf.sub(h, tf.mean(h, 2, true)), projected), inverse);
    }
    if (wantDw) parts.push(columnSums(g), transposedTimes(input, g));
    if (i > 0 || wantDx) g = timesTransposed(g, kernel);
  }
  return { dx: g, parts: parts.reverse() };
}

function flatten({ input, kernel, output, sigmoid, norm }: KeptLayer): tf.Tensor[] {
  return [
    input,
    kernel,
    ...(output ? [output] : []),
    ...(sigmoid ? [sigmoid] : []),
    ...(norm ? [norm.normalised, norm.inverse, norm.scale] : []),
  ];
}

function unflatten(tensors: readonly tf.Tensor3D[], shape: MlpShape): KeptLayer[] {
  let next = 0;
  const take = () => tensors[next++]!;
  const layers: KeptLayer[] = shape.hidden.map(() => ({
    input: take(),
    kernel: take(),
    output: take(),
    ...(shape.activation === 'swish' && { sigmoid: take() }),
    ...(shape.layerNorm && { norm: { normalised: take(), inverse: take(), scale: take() } }),
  }));
  return [...layers, { input: take(), kernel: take() }];
}
