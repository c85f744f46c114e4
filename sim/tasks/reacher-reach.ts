import type { RobotTask } from '../../src/env/index.js';
import type { RobotModel } from '../../src/robot/index.js';
import { reachTask } from './reach.js';

/**
 * Moves the tip of the planar arm to (0.20, 0.18, 0.10) m from its base, two thirds of the way out, with the elbow on either side. 200
 * steps of 50 ms. Coarse margin 0.4 m, the arm's reach; fine margin 0.05 m, the target of dm_control's easy reacher.
 * A controller made by hand (proportional on the joints, with the joint angles of the goal known) reaches 180 on average, through the
 * gate (test/unit/sim/reach.test.ts).
 */
export function reacherReach(model: RobotModel): RobotTask {
  return reachTask(
    {
      robot: 'reacher',
      tip: 'tip',
      goal: { x: 0.2, y: 0.18, z: 0.1 },
      coarse: 0.4,
      fine: 0.05,
      lowestStart: -Infinity, // it moves in a plane above its base
      episodeSteps: 200,
      goalReturn: 160,
    },
    model,
  );
}
