import type { Rng } from '../core/index.js';
import type { FrameLayout } from './frame.js';

/** Joint name -> value; joints that are not named start at zero. */
export interface InitialState {
  readonly positions: Readonly<Record<string, number>>;
  readonly velocities: Readonly<Record<string, number>>;
}

/**
 * What the robot is to do: pure, batched functions on frames, so that the same code judges simulated, measured and imagined
 * steps. Shapes: frames (B x layout.size), actions (B x m, in [-1, 1]), rewards (B), terminated (B, 0 or 1).
 */
export interface Task {
  readonly name: string;
  readonly robot: string;
  /** policy steps per episode; reaching it truncates, it does not terminate */
  readonly episodeSteps: number;
  /** what a good policy reaches, for people and progress bars */
  readonly goalReturn: number;
  reward(
    batch: number,
    layout: FrameLayout,
    frames: Float32Array,
    actions: Float32Array,
    next: Float32Array,
    rewards: Float32Array,
  ): void;
  terminated(batch: number, layout: FrameLayout, next: Float32Array, out: Uint8Array): void;
  reset(rng: Rng): InitialState;
}
