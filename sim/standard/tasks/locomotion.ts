import { mujocoTask } from '../mujoco-task.js';
import type { PhysicsData } from '../physics-data.js';
import { frameLayout, neverTerminated } from '../task-definition.js';
import type { StandardTask } from '../world.js';
import type { Rng } from '../../../src/core/index.js';

/** What tells Gymnasium's runners in the x-z plane apart. */
export interface LocomotionOptions {
  readonly name: string;
  readonly threshold: number;
  readonly model: string;
  /** names of the joints after the root's x, z and pitch, all of them driven, in order */
  readonly limbs: readonly string[];
  /** name of the root body */
  readonly root: string;
  readonly physicsStepsPerFrame: number;
  /** weight of the sum of squared controls */
  readonly controlCost: number;
  /** observed velocities are clipped to +-bound; absent: not clipped */
  readonly velocityBound?: number;
  /** Reward for every step that does not end the episode, and what does not end it, by a frame's row. Absent: no such end. */
  readonly health?: { readonly reward: number; healthy(frames: Float32Array, row: number): boolean };
  /** Draws a start into qpos and qvel, from the model's own pose. */
  start(data: PhysicsData, rng: Rng): void;
}

/**
 * Gymnasium's runners: forward displacement per second, a reward for staying healthy, and a cost of control. The frame is the public
 * observation: positions without the root's x, then velocities. The task has no `reward`: the forward velocity is that of the whole
 * step, and x is not observed. 1000 steps.
 */
export function locomotionTask(options: LocomotionOptions): StandardTask {
  const { limbs, root, controlCost, health, velocityBound = Infinity } = options;
  const joints = [`${root} x`, `${root} z`, `${root} pitch`, ...limbs];
  const layout = frameLayout(
    [...joints.slice(1).map((joint) => `${joint} position`), ...joints.map((joint) => `${joint} velocity`)],
    limbs,
  );
  return mujocoTask({
    name: options.name,
    threshold: options.threshold,
    model: options.model,
    joints: joints.map((_, i) => (i < 2 ? 'slide' : 'hinge')),
    actuators: limbs.length,
    physicsStepsPerFrame: options.physicsStepsPerFrame,
    episodeFrames: 1000,
    actionRepeat: 1,

    define: () => ({
      layout,

      terminated: health
        ? (batch, _layout, next, out) => {
            for (let i = 0; i < batch; i++) out[i] = health.healthy(next, i * layout.size) ? 0 : 1;
          }
        : neverTerminated,

      start: (data, _kept, rng) => options.start(data, rng),

      writeFrame({ qpos, qvel }, _kept, out, offset) {
        const n = joints.length;
        for (let i = 1; i < n; i++) out[offset + i - 1] = qpos[i]!;
        for (let i = 0; i < n; i++) {
          out[offset + n - 1 + i] = Math.max(-velocityBound, Math.min(velocityBound, qvel[i]!));
        }
      },

      stepReward({ data, before, control, seconds, terminated }) {
        const forward = (data.qpos[0]! - before[0]!) / seconds;
        let effort = 0;
        for (const value of control) effort += value * value;
        return forward + (health && !terminated ? health.reward : 0) - controlCost * effort;
      },
    }),
  });
}

/** Where a runner's height and pitch stand in a frame's row. */
export const HEIGHT = 0;
export const PITCH = 1;

/** Adds uniform noise within +-scale to every position and velocity: the start of Hopper and Walker2d. */
export function uniformStart(scale: number) {
  return ({ qpos, qvel }: PhysicsData, rng: Rng): void => {
    for (let i = 0; i < qpos.length; i++) qpos[i]! += rng.uniform(-scale, scale);
    for (let i = 0; i < qvel.length; i++) qvel[i]! += rng.uniform(-scale, scale);
  };
}
