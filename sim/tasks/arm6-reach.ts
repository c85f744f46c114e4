import type { RobotTask } from '../../src/env/index.js';
import type { RobotModel } from '../../src/robot/index.js';
import { reachTask } from './reach.js';

/**
 * Moves the flange (tool0) of the six-axis arm to (0.30, 0.15, 0.30) m from its base, in front of it and within easy reach; how the
 * flange is turned does not count. 200 steps of 50 ms. Coarse margin 0.5 m, the arm's reach; fine margin 0.1 m. Starts keep the flange
 * 5 cm above the table.
 * A controller made by hand (each joint straight to the joint angles of the goal) reaches 164 on average, through the gate
 * (test/unit/sim/reach.test.ts).
 */
export function arm6Reach(model: RobotModel): RobotTask {
  return reachTask(
    {
      robot: 'arm6',
      tip: 'tool0',
      goal: { x: 0.3, y: 0.15, z: 0.3 },
      coarse: 0.5,
      fine: 0.1,
      lowestStart: 0.05,
      episodeSteps: 200,
      goalReturn: 150,
    },
    model,
  );
}
