import { wrapAngle } from '../../../src/core/index.js';
import { mujocoTask } from '../mujoco-task.js';
import { frameLayout, neverTerminated } from '../task-definition.js';

/** the reward is 1 within 8 degrees of upright */
const COSINE_BOUND = Math.cos((8 * Math.PI) / 180);

const layout = frameLayout(['hinge position', 'hinge velocity'], ['hinge torque'], ['hinge position']);

/**
 * dm_control's pendulum: 1 per control step of 20 ms within 8 degrees of upright, else 0; 1000 of them, no other end. Starts: angle
 * uniform within pi, at rest. Source: dm_control/suite/pendulum.py.
 */
export const pendulumSwingup = mujocoTask({
  name: 'pendulum-swingup',
  threshold: 800,
  model: 'pendulum.xml',
  joints: ['hinge'],
  actuators: 1,
  physicsStepsPerFrame: 1,
  episodeFrames: 1000,
  actionRepeat: 2,

  define: (_source, actionRepeat) => ({
    layout,
    terminated: neverTerminated,

    /** An approximation with an action repeat above 1: the reward of the state reached stands for those between. */
    reward(batch, _layout, _frames, _actions, next, rewards) {
      for (let i = 0; i < batch; i++) rewards[i] = actionRepeat * rewardOf(next[i * layout.size]!);
    },

    start({ qpos }, _kept, rng) {
      qpos[0] = rng.uniform(-Math.PI, Math.PI);
    },

    writeFrame({ qpos, qvel }, _kept, out, offset) {
      out[offset] = wrapAngle(qpos[0]!);
      out[offset + 1] = qvel[0]!;
    },

    stepReward: ({ data }) => rewardOf(data.qpos[0]!),
  }),
});

function rewardOf(angle: number): number {
  return Math.cos(angle) >= COSINE_BOUND ? 1 : 0;
}
