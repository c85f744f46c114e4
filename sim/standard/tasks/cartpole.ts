import { wrapAngle, type Rng } from '../../../src/core/index.js';
import { quadraticTolerance, tolerance } from '../../tasks/tolerance.js';
import { mujocoTask } from '../mujoco-task.js';
import type { PhysicsData } from '../physics-data.js';
import { frameLayout, neverTerminated } from '../task-definition.js';
import type { StandardTask } from '../world.js';

const layout = frameLayout(
  ['slider position', 'hinge position', 'slider velocity', 'hinge velocity'],
  ['slider force'],
  ['hinge position'],
);

/**
 * dm_control's cartpole with one pole and smooth reward: upright, centred, with little control and slow, each a factor; 1000 control
 * steps of 10 ms, no other end. Source: dm_control/suite/cartpole.py, class Balance.
 */
function cartpoleTask(
  name: string,
  threshold: number,
  startPositions: (qpos: Float64Array, rng: Rng) => void,
): StandardTask {
  return mujocoTask({
    name,
    threshold,
    model: 'cartpole.xml',
    joints: ['slide', 'hinge'],
    actuators: 1,
    physicsStepsPerFrame: 1,
    episodeFrames: 1000,
    actionRepeat: 2, // as published baselines on pixels and states have it for most of the suite, e.g. PlaNet and SAC+AE

    define: (_source, actionRepeat) => ({
      layout,
      terminated: neverTerminated,

      /** An approximation with an action repeat above 1: the reward of the state reached stands for those between. */
      reward(batch, _layout, _frames, actions, next, rewards) {
        for (let i = 0; i < batch; i++) {
          const row = i * layout.size;
          const control = Math.max(-1, Math.min(1, actions[i]!));
          rewards[i] = actionRepeat * rewardOf(next[row]!, next[row + 1]!, next[row + 3]!, control);
        }
      },

      start({ qpos, qvel }: PhysicsData, _kept, rng) {
        startPositions(qpos, rng);
        for (let i = 0; i < 2; i++) qvel[i] = rng.normal(0, 0.01);
      },

      writeFrame({ qpos, qvel }, _kept, out, offset) {
        out[offset] = qpos[0]!;
        out[offset + 1] = wrapAngle(qpos[1]!);
        out.set(qvel, offset + 2);
      },

      stepReward({ data: { qpos, qvel }, control }) {
        return rewardOf(qpos[0]!, qpos[1]!, qvel[1]!, control[0]!);
      },
    }),
  });
}

function rewardOf(position: number, angle: number, rate: number, control: number): number {
  const upright = (Math.cos(angle) + 1) / 2;
  const centred = (1 + tolerance(position, 2)) / 2;
  const effortless = (4 + quadraticTolerance(control, 1)) / 5;
  const calm = (1 + tolerance(rate, 5)) / 2;
  return upright * effortless * calm * centred;
}

/** Starts within 0.1 m of the middle and 0.034 rad of upright; velocities normal with deviation 0.01. */
export const cartpoleBalance = cartpoleTask('cartpole-balance', 950, (qpos, rng) => {
  qpos[0] = rng.uniform(-0.1, 0.1);
  qpos[1] = rng.uniform(-0.034, 0.034);
});

/** Starts hanging, near the middle: normal deviations of 0.01 m and 0.01 rad; velocities as above. */
export const cartpoleSwingup = cartpoleTask('cartpole-swingup', 800, (qpos, rng) => {
  qpos[0] = rng.normal(0, 0.01);
  qpos[1] = Math.PI + rng.normal(0, 0.01);
});
