import type { RobotTask } from '../../../src/env/index.js';

/** Reward q' + 10 a + 100 q of the first joint, so that a test can tell from the reward which rows were joined; ends above 5. */
export const trackingTask: RobotTask = {
  name: 'tracking',
  robot: 'test',
  episodeSteps: 10,
  goalReturn: 0,
  reward(batch, layout, frames, actions, next, rewards) {
    const f = layout.size;
    const a = layout.commanded.length;
    for (let b = 0; b < batch; b++) rewards[b] = next[b * f]! + 10 * actions[b * a]! + 100 * frames[b * f]!;
  },
  terminated(batch, layout, next, out) {
    for (let b = 0; b < batch; b++) out[b] = next[b * layout.size]! > 5 ? 1 : 0;
  },
  reset: () => ({ positions: {}, velocities: {} }),
};
