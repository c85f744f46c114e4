import { HEIGHT, PITCH, locomotionTask, uniformStart } from './locomotion.js';

/** numbers in a frame: 5 positions and 6 velocities */
const FRAME_SIZE = 11;

/**
 * Gymnasium's Hopper-v5: steps of 8 ms; forward velocity + 1 - 0.001 |control|^2; ends unless height > 0.7 m, |pitch| < 0.2 rad and
 * everything from the pitch on lies within +-100. v5 gives no 1 for the step that ends the episode, where v4 did. Starts: uniform
 * within 0.005. Source: gymnasium/envs/mujoco/hopper_v5.py.
 *
 * Deviation: the bound of 100 is judged on observed velocities, which are clipped to +-10, so it holds for positions only. This model
 * does not get there: random full torques drive it to 40 rad/s at most.
 */
export const hopper = locomotionTask({
  name: 'hopper',
  threshold: 3000,
  model: 'hopper.xml',
  root: 'torso',
  limbs: ['hip', 'knee', 'ankle'],
  physicsStepsPerFrame: 4,
  controlCost: 1e-3,
  velocityBound: 10,
  health: { reward: 1, healthy },
  start: uniformStart(5e-3),
});

function healthy(frames: Float32Array, row: number): boolean {
  for (let i = PITCH; i < FRAME_SIZE; i++) if (!(Math.abs(frames[row + i]!) < 100)) return false;
  return frames[row + HEIGHT]! > 0.7 && Math.abs(frames[row + PITCH]!) < 0.2;
}
