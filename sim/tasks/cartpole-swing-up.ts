import type { RobotTask } from '../../src/env/index.js';
import { jointOffsets } from './joint-offsets.js';
import { quadraticTolerance, tolerance } from './tolerance.js';

/**
 * Swings the hanging pole up and keeps it there, on a rail of finite length. 250 steps of 40 ms, no termination. Reward per step,
 * of the state reached, as in dm_control's cartpole (`suite/cartpole.py`, smooth reward), in [0, 1]:
 *
 *   (1 + cos theta) / 2 * (1 + tolerance(x, 1.2 m)) / 2 * (4 + quadratic(action, 1)) / 5 * (1 + tolerance(thetadot, 5 rad/s)) / 2
 *
 * Deviation: the margin of x is this rail's half length, not 2 m. Starts hanging, within 0.1 rad and 0.1 m of the middle.
 * Energy pumping with linear feedback at the top, through the gate, reaches 164 on average and 190 at best.
 */
export const cartpoleSwingUp: RobotTask = {
  name: 'swing-up',
  robot: 'cartpole',
  episodeSteps: 250,
  goalReturn: 150,

  reward(batch, layout, _frames, actions, next, rewards) {
    const slider = jointOffsets(layout, 'slider');
    const pole = jointOffsets(layout, 'pole_hinge');
    for (let i = 0; i < batch; i++) {
      const row = i * layout.size;
      const upright = (1 + Math.cos(next[row + pole.position]!)) / 2;
      const centred = (1 + tolerance(next[row + slider.position]!, 1.2)) / 2;
      const effortless = (4 + quadraticTolerance(actions[i]!, 1)) / 5;
      const calm = (1 + tolerance(next[row + pole.velocity]!, 5)) / 2;
      rewards[i] = upright * centred * effortless * calm;
    }
  },

  terminated(batch, _layout, _next, out) {
    out.fill(0, 0, batch);
  },

  reset(rng) {
    return {
      positions: { slider: rng.uniform(-0.1, 0.1), pole_hinge: Math.PI + rng.uniform(-0.1, 0.1) },
      velocities: {},
    };
  },
};
