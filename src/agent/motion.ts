import type { EpisodeEndMessage } from '../io/ipc/index.js';
import type { Policy } from '../rl/policy-snapshot.js';
import type { Prediction } from './predictor.js';

/** Why an episode ends with the frame that was judged. */
export type EpisodeEnding = Pick<EpisodeEndMessage, 'cause' | 'why'>;

/** What the agent drives with, until something else is deployed. */
export interface Motion<Carry = unknown> {
  readonly policy: Policy<Carry>;
  /** step of the checkpoint that the policy is of, for the record; 0: of none */
  readonly version: number;
  /** the evidence for each step, from the carry after it; null: the guard expects none */
  readonly predictor: { judge(carry: Carry): Prediction } | null;
  /**
   * Judges each frame before the policy acts on it; absent: others end the episode.
   * @param steps policy steps between the first frame of the episode and this one
   * @returns null while the episode goes on
   */
  ending?(carry: Carry, frame: Float32Array, steps: number): EpisodeEnding | null;
}
