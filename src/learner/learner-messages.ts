/** What the process that learns beside a robot is asked, and what it answers: one answer for each order, in order. */
import type { ToldError } from '../core/index.js';

export type LearnerOrder =
  /** take note of the episodes that were recorded since the last order */
  | { readonly kind: 'read' }
  /** learn from all that is new */
  | { readonly kind: 'learn' }
  /** make the policy as it was trained the one that drives from now on */
  | { readonly kind: 'revert' };

/** A real episode, judged by the task. */
export interface JudgedEpisode {
  readonly id: string;
  /** of the policy that drove: real steps that it had learned from; 0: as trained in simulation */
  readonly policyVersion: number;
  readonly steps: number;
  /** under the agent's control [s] */
  readonly seconds: number;
  readonly return: number;
  readonly terminated: boolean;
  /** why it ended, for people */
  readonly reason: string;
}

/** What was learned in one round. */
export interface LearnedRound {
  /** of the policy that came of it; the one before where it diverged */
  readonly version: number;
  /** [s] */
  readonly seconds: number;
  /** what went wrong: everything is then as before the round */
  readonly divergence?: string;
  /** how the world model does on real steps that were held out; absent where the round diverged */
  readonly model?: {
    /** their names */
    readonly outputs: readonly string[];
    readonly rows: number;
    readonly gradientSteps: number;
    readonly holdoutRmse: readonly number[];
    readonly holdoutNll: readonly number[];
  };
}

export type LearnerMessage =
  /** once, before the first order; `episodes` of earlier sittings */
  | {
      readonly kind: 'ready';
      readonly version: number;
      readonly backend: string;
      readonly episodes: readonly JudgedEpisode[];
    }
  | { readonly kind: 'read'; readonly episodes: readonly JudgedEpisode[] }
  | { readonly kind: 'learned'; readonly round: LearnedRound }
  | { readonly kind: 'reverted' }
  | ({ readonly kind: 'failed' } & ToldError)
  /** at any time: one line for people, and how far a round is */
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number };
