import type { MjModel } from '@mujoco/mujoco';
import type { Rng } from '../../src/core/index.js';
import type { FrameLayout, Task } from '../../src/env/index.js';
import type { Engine } from '../engine/index.js';
import type { PhysicsData } from './physics-data.js';

/** A compiled model, and the file that it is from. */
export interface ModelSource {
  readonly engine: Engine;
  readonly model: MjModel;
  readonly path: string;
}

/** One control step that was made, for its reward. */
export interface StepFacts {
  readonly data: PhysicsData;
  /** numbers of the episode besides the physics (keptSize) */
  readonly kept: Float64Array;
  /** joint positions before the step (nq) */
  readonly before: Float64Array;
  /** controls of the step in the actuators' own ranges (nu) */
  readonly control: Float64Array;
  /** length of the control step [s] */
  readonly seconds: number;
  readonly terminated: boolean;
}

/** What a public environment says of a task, on one compiled model. */
export interface TaskDefinition {
  readonly layout: FrameLayout;
  /** the reward of a policy step as frames tell it; see {@link Task} */
  readonly reward?: NonNullable<Task['reward']>;
  readonly terminated: Task['terminated'];
  /** numbers kept per episode besides the physics; default 0 */
  readonly keptSize?: number;
  /** Draws a start into qpos, qvel and `kept`; the data was reset to the model's own pose. */
  start(data: PhysicsData, kept: Float64Array, rng: Rng): void;
  writeFrame(data: PhysicsData, kept: Float64Array, out: Float32Array, offset: number): void;
  /** the reward of one control step, from the full state */
  stepReward(step: StepFacts): number;
}

/** For tasks that end by their length only. */
export function neverTerminated(
  batch: number,
  _layout: FrameLayout,
  _next: Float32Array,
  out: Uint8Array,
): void {
  out.fill(0, 0, batch);
}

/** The layout whose fields are the named ones, in that order. */
export function frameLayout(
  fields: readonly string[],
  actions: readonly string[],
  angles: readonly string[] = [],
): FrameLayout {
  return { fields, actions, angles, size: fields.length };
}
