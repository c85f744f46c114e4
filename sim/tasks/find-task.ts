import { badInput } from '../../src/core/index.js';
import type { RobotTask } from '../../src/env/index.js';
import { cartpoleBalance } from './cartpole-balance.js';
import { cartpoleSwingUp } from './cartpole-swing-up.js';
import { pendulumSwingUp } from './pendulum-swing-up.js';

const TASKS: readonly RobotTask[] = [pendulumSwingUp, cartpoleBalance, cartpoleSwingUp];

/** The tasks of one robot, or of all. @param robot RobotModel.name */
export function listTasks(robot?: string): readonly RobotTask[] {
  return robot === undefined ? TASKS : TASKS.filter((task) => task.robot === robot);
}

/**
 * Looks a task up by name.
 *
 * @param robot RobotModel.name
 * @throws BAD_INPUT that lists the tasks there are
 */
export function findTask(robot: string, name: string): RobotTask {
  const found = TASKS.find((task) => task.robot === robot && task.name === name);
  if (found) return found;
  const own = listTasks(robot).map((task) => task.name);
  const all = TASKS.map((task) => `${task.robot}/${task.name}`).join(', ');
  throw badInput(
    own.length > 0
      ? `robot '${robot}' has no task '${name}'; its tasks are ${own.join(', ')}`
      : `there is no task for robot '${robot}' (asked for '${name}'); the tasks are ${all}; a task of your own goes to sim/tasks`,
    { robot, task: name },
  );
}
