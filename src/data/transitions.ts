import type { Episode } from './episode-records.js';

/** One policy step as learning sees it; arrays are those of the episode, not copies. */
export interface Transition {
  /** of its step among those of the episode */
  readonly index: number;
  /** (layout.size) */
  readonly frame: Float32Array;
  /** (m) in [-1, 1] */
  readonly action: Float32Array;
  /** (layout.size) */
  readonly next: Float32Array;
  /** `next` is a terminal state: no value lies behind it (a truncated episode has none) */
  readonly terminated: boolean;
}

/**
 * The transitions of an episode in order. A step whose successor is not there (a gap in the step numbers, or the last step of an
 * episode without a final frame) yields none.
 */
export function transitionsOf(episode: Episode): Transition[] {
  const { steps, footer } = episode;
  const transitions: Transition[] = [];
  steps.forEach((step, index) => {
    const following = steps[index + 1];
    const isLast = following === undefined;
    const next = isLast ? footer.finalFrame : following.frame;
    if (next === undefined || (!isLast && following.step !== step.step + 1)) return;
    transitions.push({
      index,
      frame: step.frame,
      action: step.action,
      next,
      terminated: isLast && footer.terminated,
    });
  });
  return transitions;
}
