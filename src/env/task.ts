import type { Rng } from '../core/index.js';
import type { FrameLayout, RobotLayout } from './frame.js';

/**
 * What is to be done: pure, batched functions on frames, so that the same code judges simulated, measured and imagined steps.
 * Shapes: frames (B x layout.size), actions (B x A, in [-1, 1]), rewards (B), terminated (B, 0 or 1).
 */
export interface Task<Layout extends FrameLayout = FrameLayout> {
  readonly name: string;
  /** policy steps per episode; reaching it truncates, it does not terminate */
  readonly episodeSteps: number;
  /** what a good policy reaches, for people and progress bars */
  readonly goalReturn: number;
  /** absent where frames and action do not tell the reward: a model must then learn it */
  reward?(
    batch: number,
    layout: Layout,
    frames: Float32Array,
    actions: Float32Array,
    next: Float32Array,
    rewards: Float32Array,
  ): void;
  terminated(batch: number, layout: Layout, next: Float32Array, out: Uint8Array): void;
}

/** Joint name -> value; joints that are not named start at zero. */
export interface InitialState {
  readonly positions: Readonly<Record<string, number>>;
  readonly velocities: Readonly<Record<string, number>>;
}

/** What a robot of ours is to do. Its reward is always told by frames, so that it can be computed on measured ones. */
export interface RobotTask extends Task<RobotLayout> {
  /** RobotModel.name */
  readonly robot: string;
  reward: NonNullable<Task<RobotLayout>['reward']>;
  reset(rng: Rng): InitialState;
}
