/** B batch, S observation size, A action size. */

/** Transitions as the policy learner takes them. Observations are raw (not normalised). */
export interface TransitionBatch {
  readonly count: number;
  /** (B x S) */
  readonly observations: Float32Array;
  /** (B x A) in [-1, 1] */
  readonly actions: Float32Array;
  /** (B) */
  readonly rewards: Float32Array;
  /** (B x S) */
  readonly nextObservations: Float32Array;
  /** (B) 1 where the episode ended for good; 0 also where it was only cut off, so that the target bootstraps there */
  readonly terminated: Float32Array;
}

export function transitionBatch(count: number, observationSize: number, actionSize: number): TransitionBatch {
  return {
    count,
    observations: new Float32Array(count * observationSize),
    actions: new Float32Array(count * actionSize),
    rewards: new Float32Array(count),
    nextObservations: new Float32Array(count * observationSize),
    terminated: new Float32Array(count),
  };
}
