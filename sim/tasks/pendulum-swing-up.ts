import { wrapAngle } from '../../src/core/index.js';
import { commandOffset, type RobotTask } from '../../src/env/index.js';
import { jointOffsets } from './joint-offsets.js';

/**
 * Gymnasium's Pendulum-v1 in scale, reward and reset: -(theta^2 + 0.1 thetadot^2 + 0.001 u^2), with theta (wrapped to
 * [-pi, pi]) and thetadot before the step, and u [N m] the effort of that step. u is read from the next frame, because what
 * the gate executed counts, not what the policy asked for. Theta 0 is upright. 200 steps of 50 ms.
 *
 * Deviations: torque acts through the robot's declared latency, physics is integrated at 2 ms and not 50 ms, and thetadot is
 * not clipped to 8 rad/s (the joint's own limit is 12, kept by the gate).
 * Source: gymnasium/envs/classic_control/pendulum.py. Trained policies reach about -150 on average over starts there.
 */
export const pendulumSwingUp: RobotTask = {
  name: 'swing-up',
  robot: 'pendulum',
  episodeSteps: 200,
  goalReturn: -150,

  reward(batch, layout, frames, _actions, next, rewards) {
    const hinge = jointOffsets(layout, 'hinge');
    const effort = commandOffset(layout, 'hinge');
    for (let i = 0; i < batch; i++) {
      const row = i * layout.size;
      const theta = wrapAngle(frames[row + hinge.position]!);
      const velocity = frames[row + hinge.velocity]!;
      const u = next[row + effort]!;
      rewards[i] = -(theta * theta + 0.1 * velocity * velocity + 0.001 * u * u);
    }
  },

  terminated(batch, _layout, _next, out) {
    out.fill(0, 0, batch);
  },

  reset(rng) {
    return {
      positions: { hinge: rng.uniform(-Math.PI, Math.PI) },
      velocities: { hinge: rng.uniform(-1, 1) },
    };
  },
};
