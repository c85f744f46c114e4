import { HEIGHT, PITCH, locomotionTask, uniformStart } from './locomotion.js';

/**
 * Gymnasium's Walker2d-v5: steps of 8 ms; forward velocity + 1 - 0.001 |control|^2; ends unless 0.8 m < height < 2 m and
 * |pitch| < 1 rad. v5 gives no 1 for the step that ends the episode, where v4 did, and its right foot has the left one's friction,
 * 1.9, where v4 had 0.9. Starts: uniform within 0.005. Source: gymnasium/envs/mujoco/walker2d_v5.py.
 */
export const walker2d = locomotionTask({
  name: 'walker2d',
  threshold: 3500,
  model: 'walker2d.xml',
  root: 'torso',
  limbs: ['right hip', 'right knee', 'right ankle', 'left hip', 'left knee', 'left ankle'],
  physicsStepsPerFrame: 4,
  controlCost: 1e-3,
  velocityBound: 10,
  health: { reward: 1, healthy },
  start: uniformStart(5e-3),
});

function healthy(frames: Float32Array, row: number): boolean {
  const height = frames[row + HEIGHT]!;
  return height > 0.8 && height < 2 && Math.abs(frames[row + PITCH]!) < 1;
}
