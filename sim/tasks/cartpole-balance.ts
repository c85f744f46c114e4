import type { RobotTask } from '../../src/env/index.js';
import { jointOffsets } from './joint-offsets.js';
import { tolerance } from './tolerance.js';

/** beyond this the pole has fallen [rad] */
const FALL_ANGLE = 0.5;

/**
 * Keeps the pole upright on a cart whose velocity is commanded. 250 steps of 40 ms. Reward per step, of the state reached:
 *
 *   tolerance(theta, 0.5 rad) * (1 + tolerance(x, 1 m)) / 2 * (1 + tolerance(thetadot, 2 rad/s)) / 2
 *
 * in [0, 1], in the form of dm_control's cartpole; 1 is upright, centred and still. Starts with |theta| <= 0.15 rad,
 * |x| <= 0.3 m and |thetadot| <= 0.1 rad/s; ends when |theta| > 0.5 rad. Margins are ours: the fall angle, most of the rail.
 * Linear feedback through the gate reaches 247 on average.
 */
export const cartpoleBalance: RobotTask = {
  name: 'balance',
  robot: 'cartpole',
  episodeSteps: 250,
  goalReturn: 240,

  reward(batch, layout, _frames, _actions, next, rewards) {
    const slider = jointOffsets(layout, 'slider');
    const pole = jointOffsets(layout, 'pole_hinge');
    for (let i = 0; i < batch; i++) {
      const row = i * layout.size;
      const upright = tolerance(next[row + pole.position]!, FALL_ANGLE);
      const centred = (1 + tolerance(next[row + slider.position]!, 1)) / 2;
      const calm = (1 + tolerance(next[row + pole.velocity]!, 2)) / 2;
      rewards[i] = upright * centred * calm;
    }
  },

  terminated(batch, layout, next, out) {
    const pole = jointOffsets(layout, 'pole_hinge').position;
    for (let i = 0; i < batch; i++) out[i] = Math.abs(next[i * layout.size + pole]!) > FALL_ANGLE ? 1 : 0;
  },

  reset(rng) {
    return {
      positions: { slider: rng.uniform(-0.3, 0.3), pole_hinge: rng.uniform(-0.15, 0.15) },
      velocities: { pole_hinge: rng.uniform(-0.1, 0.1) },
    };
  },
};
