import { badInput } from '../../src/core/index.js';
import { cartpoleBalance, cartpoleSwingup } from './tasks/cartpole.js';
import { halfCheetah } from './tasks/half-cheetah.js';
import { hopper } from './tasks/hopper.js';
import { invertedDoublePendulum } from './tasks/inverted-double-pendulum.js';
import { invertedPendulum } from './tasks/inverted-pendulum.js';
import { pendulumSwingup } from './tasks/pendulum-swingup.js';
import { pendulumV1 } from './tasks/pendulum-v1.js';
import { reacherEasy, reacherHard } from './tasks/reacher.js';
import { walker2d } from './tasks/walker2d.js';
import type { StandardTask } from './world.js';

const TASKS: readonly StandardTask[] = [
  pendulumV1,
  invertedPendulum,
  invertedDoublePendulum,
  hopper,
  walker2d,
  halfCheetah,
  cartpoleBalance,
  cartpoleSwingup,
  pendulumSwingup,
  reacherEasy,
  reacherHard,
];

export function listStandardTasks(): readonly StandardTask[] {
  return TASKS;
}

/** Looks a task of a public benchmark up by name. @throws BAD_INPUT that lists the tasks there are */
export function findStandardTask(name: string): StandardTask {
  const found = TASKS.find((task) => task.name === name);
  if (found) return found;
  const names = TASKS.map((task) => task.name).join(', ');
  throw badInput(
    `there is no standard task '${name}'; the tasks are ${names}; a robot's own task needs --robot <name>`,
    { task: name },
  );
}
