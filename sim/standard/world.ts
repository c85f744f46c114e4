import type { Rng } from '../../src/core/index.js';
import type { Engine } from '../engine/index.js';
import type { FrameLayout, Task } from '../../src/env/index.js';

/**
 * One simulated world of a standard task. It knows the physics and the public definition; episodes, repeats and ends are its
 * owner's. A frame here is one control step of the public environment.
 */
export interface StandardWorld {
  /** numbers that `save` writes */
  readonly stateSize: number;
  /** Draws a start from the public distribution. */
  reset(rng: Rng): void;
  /** One control step. @param action (A) in [-1, 1] */
  advance(action: Float32Array): void;
  /** Writes what the public observation knows (layout.size) at `offset`. */
  writeFrame(out: Float32Array, offset: number): void;
  /** The reward of the last control step, from the full state. @param terminated whether that step ended the episode */
  reward(terminated: boolean): number;
  /** Writes everything that decides the future, besides the actions (stateSize). */
  save(out: Float64Array): void;
  restore(state: Float64Array): void;
  dispose(): void;
}

/** A standard task made ready for one model: what its environments share. */
export interface StandardSetup {
  readonly layout: FrameLayout;
  readonly task: Task;
  /** length of a control step [s] */
  readonly frameSeconds: number;
  /** control steps per episode */
  readonly episodeFrames: number;
  /** control steps per policy step */
  readonly actionRepeat: number;
  createWorld(): StandardWorld;
  /** Frees what the worlds share; they must be disposed of before. */
  dispose(): void;
}

export interface SetupOptions {
  readonly engine: Engine;
  /** path of an MJCF file in place of the task's own */
  readonly mjcf?: string;
  readonly actionRepeat: number;
}

/** A task of a public benchmark. */
export interface StandardTask {
  readonly name: string;
  /** return per episode that counts as solved, or that published methods reach: the goal of training */
  readonly threshold: number;
  /** control steps per policy step when nothing else is asked for */
  readonly actionRepeat: number;
  /** @throws BAD_INPUT when the model is missing, rejected by MuJoCo, or not one of this task */
  prepare(options: SetupOptions): StandardSetup;
}
