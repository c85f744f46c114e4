import { mujocoTask } from '../mujoco-task.js';
import { frameLayout } from '../task-definition.js';

/** the pole has fallen beyond this [rad] */
const FALL_ANGLE = 0.2;
const RESET_NOISE = 0.01;

const layout = frameLayout(
  ['slider position', 'hinge position', 'slider velocity', 'hinge velocity'],
  ['slider force'],
);

/**
 * Gymnasium's InvertedPendulum-v5: 1 per step of 40 ms while |hinge| <= 0.2 rad, 1000 steps. v5 gives 0 for the step that ends the
 * episode, where v4 gave 1. Starts: every position and velocity uniform within 0.01.
 * Source: gymnasium/envs/mujoco/inverted_pendulum_v5.py.
 */
export const invertedPendulum = mujocoTask({
  name: 'inverted-pendulum',
  threshold: 1000,
  model: 'inverted-pendulum.xml',
  joints: ['slide', 'hinge'],
  actuators: 1,
  physicsStepsPerFrame: 2,
  episodeFrames: 1000,
  actionRepeat: 1,

  define: (_source, actionRepeat) => ({
    layout,

    /** With an action repeat above 1 the reward of the state reached stands for those between. */
    reward(batch, _layout, _frames, _actions, next, rewards) {
      for (let i = 0; i < batch; i++) rewards[i] = fallen(next, i * layout.size) ? 0 : actionRepeat;
    },

    terminated(batch, _layout, next, out) {
      for (let i = 0; i < batch; i++) out[i] = fallen(next, i * layout.size) ? 1 : 0;
    },

    start({ qpos, qvel }, _kept, rng) {
      for (let i = 0; i < 2; i++) qpos[i]! += rng.uniform(-RESET_NOISE, RESET_NOISE);
      for (let i = 0; i < 2; i++) qvel[i] = rng.uniform(-RESET_NOISE, RESET_NOISE);
    },

    writeFrame({ qpos, qvel }, _kept, out, offset) {
      out.set(qpos, offset);
      out.set(qvel, offset + 2);
    },

    stepReward: ({ terminated }) => (terminated ? 0 : 1),
  }),
});

/** Also what is not finite has fallen, as in the public environment. */
function fallen(frames: Float32Array, row: number): boolean {
  if (!(Math.abs(frames[row + 1]!) <= FALL_ANGLE)) return true;
  for (let i = 0; i < layout.size; i++) if (!Number.isFinite(frames[row + i])) return true;
  return false;
}
