import { badInput, type Rng } from '../../core/index.js';
import type { Normaliser } from '../normaliser.js';
import type { ObservationSpec } from '../observation.js';
import type { HistoryWindows } from '../replay.js';

/**
 * How far states are pushed, in standard deviations of the training states. At least as far from their mean lies no more than a
 * ninth of any distribution (Chebyshev), and none of a uniform one.
 */
const PUSH = 3;

/**
 * Makes steps that lie outside of what a model was trained on, from recorded ones. In each, one field of the frame, drawn evenly, is
 * moved away from its mean in training by {@link PUSH} of its standard deviations there, in all frames of the history alike, so that
 * what changed between them stays as it was. Actions stay. Angles are left alone: they come back after a turn. One field only, because
 * a detector has it easy where all are far off.
 * @param normaliser of the model's inputs, which begin with the newest encoded frame: mean and standard deviation in training
 * @param windows B histories, written
 * @throws BAD_INPUT where all fields are angles
 */
export function pushOutside(
  spec: ObservationSpec,
  normaliser: Pick<Normaliser, 'mean' | 'std'>,
  batch: number,
  windows: HistoryWindows,
  rng: Rng,
): void {
  const { frameSize: f, history } = spec;
  const pushable = linearFields(spec);
  if (pushable.length === 0)
    throw badInput(
      `all fields of the frame are angles (${spec.fields.join(', ')}); none can be pushed outside`,
    );
  for (let b = 0; b < batch; b++) {
    const { field, input } = pushable[rng.integer(pushable.length)]!;
    const newest = b * history * f + field;
    const away = windows.frames[newest]! < normaliser.mean[input]! ? -1 : 1;
    const shift = away * PUSH * normaliser.std[input]!;
    for (let h = 0; h < history; h++) {
      const at = newest + h * f;
      windows.frames[at] = windows.frames[at]! + shift;
    }
  }
}

/** Fields that are not angles, and where each stands in an encoded frame. */
function linearFields({ encoding }: ObservationSpec): { field: number; input: number }[] {
  const linear: { field: number; input: number }[] = [];
  let input = 0;
  encoding.forEach((kind, field) => {
    if (kind === 'linear') linear.push({ field, input });
    input += kind === 'sincos' ? 2 : 1;
  });
  return linear;
}
