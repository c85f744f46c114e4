import { badInput } from '../../src/core/index.js';
import type { RobotTask } from '../../src/env/index.js';
import type { RobotModel } from '../../src/robot/index.js';
import { arm6Reach } from './arm6-reach.js';
import { cartpoleBalance } from './cartpole-balance.js';
import { cartpoleSwingUp } from './cartpole-swing-up.js';
import { pendulumSwingUp } from './pendulum-swing-up.js';
import { reacherReach } from './reacher-reach.js';

/** A task that there is, and how it is made for a robot of that name. */
export interface TaskEntry {
  /** RobotModel.name */
  readonly robot: string;
  readonly name: string;
  readonly make: (model: RobotModel) => RobotTask;
}

const fixed = (task: RobotTask): TaskEntry => ({ robot: task.robot, name: task.name, make: () => task });

const TASKS: readonly TaskEntry[] = [
  fixed(pendulumSwingUp),
  fixed(cartpoleBalance),
  fixed(cartpoleSwingUp),
  { robot: 'reacher', name: 'reach', make: reacherReach },
  { robot: 'arm6', name: 'reach', make: arm6Reach },
];

/** The tasks of one robot, or of all. @param robot RobotModel.name */
export function listTasks(robot?: string): readonly TaskEntry[] {
  return robot === undefined ? TASKS : TASKS.filter((task) => task.robot === robot);
}

/**
 * Looks a task up by name and makes it for this robot.
 *
 * @throws BAD_INPUT that lists the tasks there are
 */
export function findTask(model: RobotModel, name: string): RobotTask {
  const robot = model.name;
  const found = TASKS.find((task) => task.robot === robot && task.name === name);
  if (found) return found.make(model);
  const own = listTasks(robot).map((task) => task.name);
  const all = TASKS.map((task) => `${task.robot}/${task.name}`).join(', ');
  throw badInput(
    own.length > 0
      ? `robot '${robot}' has no task '${name}'; its tasks are ${own.join(', ')}`
      : `there is no task for robot '${robot}' (asked for '${name}'); the tasks are ${all}; a task of your own goes to sim/tasks`,
    { robot, task: name },
  );
}
