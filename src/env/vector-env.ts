import type { Rng } from '../core/index.js';
import type { FrameLayout } from './frame.js';
import type { Task } from './task.js';

/** One control tick inside a policy step, as it is recorded. Vectors in commanded (m) or measured (n) order. */
export interface ControlTick {
  /** time since the episode began [ns] */
  readonly timeNs: bigint;
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** readings of further sensors (s), in the order of a frame; absent for robots without */
  readonly sensors?: Float64Array;
  /** interpolated towards by the policy, before the gate (m) */
  readonly requested: Float64Array;
  /** what the gate let through (m) */
  readonly executed: Float64Array;
  /** bit i set: CHECKS[i] was among the gate's reasons */
  readonly reasons: number;
}

/** The result of one policy step of all environments. Arrays are owned by the environment and overwritten by the next step. */
export interface StepResult {
  /** (E x layout.size), after the step and before any reset */
  readonly frames: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** per environment, the control ticks within the step; empty unless the environment was told to record */
  readonly ticks: readonly (readonly ControlTick[])[];
}

/**
 * E environments in one process, stepped together. Actions (E x m, in [-1, 1]) pass the same gate as on the robot.
 * The caller resets what has ended.
 */
export interface VectorEnv {
  readonly count: number;
  /** environment frames that a policy step counts as: 1, or how often a benchmark repeats each action */
  readonly framesPerStep: number;
  readonly layout: FrameLayout;
  readonly task: Task;
  /** Start an episode in environment `index`; its first frame is written to `frames` at that row. */
  reset(index: number, rng: Rng): void;
  /** (E x layout.size) the newest frames */
  readonly frames: Float32Array;
  step(actions: Float32Array): StepResult;
  /** Full integration state of one environment (physics, gate, delay lines, noise), for exact repetition. */
  getState(index: number): Uint8Array;
  setState(index: number, state: Uint8Array): void;
  /** Releases the simulator's memory. */
  dispose(): void;
}
