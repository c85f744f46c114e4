/** An ensemble of equal MLPs as one operation. E members, B batch, I inputs, O outputs, P parameters of a member. */
import { tf } from '../tf.js';
import { badTensor } from './checks.js';
import { differentiable, runFused } from './dispatch.js';
import { composedMlpForward, composedMlpGradient } from './ensemble-mlp-composed.js';
import { mlpParameterCount, type MlpShape } from './mlp-shape.js';

const NAME = 'ensembleMlp';

interface WantedGradients {
  /** with respect to the input; default true (a first network does not need it) */
  readonly wantDx?: boolean;
  /** with respect to the parameters; default true (frozen critics do not need it) */
  readonly wantDw?: boolean;
}

/**
 * Outputs of every member. One network is an ensemble of one, twin critics are an ensemble of two.
 * @param x (B x I), shared by all members, or (E x B x I)
 * @param parameters (E x P), rows as in {@link mlpLayout}
 * @returns (E x B x O); asking for a gradient that was switched off is an error
 */
export function ensembleMlp(
  x: tf.Tensor2D | tf.Tensor3D,
  parameters: tf.Tensor2D,
  shape: MlpShape,
  { wantDx = true, wantDw = true }: WantedGradients = {},
): tf.Tensor3D {
  checkInputs(x, parameters, shape);
  const forward = (keep: boolean) =>
    runFused('EnsembleMlp', { x, parameters }, { shape, keep }, () =>
      composedMlpForward(x, parameters, shape, keep),
    );
  if (!tf.engine().isTapeOn()) return forward(false)[0] as tf.Tensor3D;
  const [y] = differentiable(
    NAME,
    { x, parameters },
    (save) => {
      const [value, ...kept] = forward(true);
      save([x, parameters, ...kept]);
      return [value!];
    },
    ([dy], [savedX, savedParameters, ...kept]) => {
      const inputs = { dy: dy!, x: savedX!, parameters: savedParameters!, kept: kept[0]! };
      const gradients = runFused('EnsembleMlpGradient', inputs, { shape, wantDx, wantDw }, () =>
        composedMlpGradient(dy as tf.Tensor3D, savedX!, kept, shape, { wantDx, wantDw }),
      );
      return {
        x: wantDx ? gradients[0] : undefined,
        parameters: wantDw ? gradients[gradients.length - 1] : undefined,
      };
    },
  );
  return y as tf.Tensor3D;
}

/** @throws Error for a shape that cannot be, and for tensors that do not fit it */
function checkInputs(x: tf.Tensor, parameters: tf.Tensor2D, shape: MlpShape): void {
  const count = mlpParameterCount(shape);
  const [members, columns] = parameters.shape;
  if (parameters.dtype !== 'float32' || parameters.rank !== 2 || members === 0 || columns !== count) {
    throw badTensor(NAME, 'parameters', `float32 [E, ${count}] with E at least 1`, parameters);
  }
  const { rank } = x;
  const fits = rank === 2 || (rank === 3 && x.shape[0] === members);
  if (x.dtype !== 'float32' || !fits || x.shape[rank - 1] !== shape.inputs) {
    throw badTensor(NAME, 'x', `float32 [B, ${shape.inputs}] or [${members}, B, ${shape.inputs}]`, x);
  }
}
