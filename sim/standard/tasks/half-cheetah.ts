import { locomotionTask } from './locomotion.js';

const RESET_NOISE = 0.1;

/**
 * Gymnasium's HalfCheetah (v4 and v5): steps of 50 ms; forward velocity - 0.1 |control|^2; no end but the length. Starts: positions
 * uniform within 0.1, velocities normal with deviation 0.1. Source: gymnasium/envs/mujoco/half_cheetah_v5.py.
 */
export const halfCheetah = locomotionTask({
  name: 'half-cheetah',
  threshold: 8000,
  model: 'half-cheetah.xml',
  root: 'trunk',
  limbs: ['back hip', 'back knee', 'back ankle', 'front hip', 'front knee', 'front ankle'],
  physicsStepsPerFrame: 5,
  controlCost: 0.1,

  start({ qpos, qvel }, rng) {
    for (let i = 0; i < qpos.length; i++) qpos[i]! += rng.uniform(-RESET_NOISE, RESET_NOISE);
    for (let i = 0; i < qvel.length; i++) qvel[i] = rng.normal(0, RESET_NOISE);
  },
});
