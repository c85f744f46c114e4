import { badInput } from '../../src/core/index.js';
import type { Engine } from '../engine/index.js';
import { findStandardTask } from './find-standard-task.js';
import { StandardVectorEnv } from './standard-vector-env.js';

export interface StandardEnvOptions {
  readonly engine: Engine;
  /** name of a standard task, e.g. 'hopper' */
  readonly task: string;
  /** path of an MJCF file to simulate instead of the task's own; joints and actuators must be those of the task, in its order */
  readonly mjcf?: string;
  /** environments (E) */
  readonly count: number;
  /** control steps per policy step; default the task's: 2 for those of dm_control, else 1 */
  readonly actionRepeat?: number;
}

/**
 * E environments of a public benchmark's task.
 *
 * @example const env = loadStandardEnv({ engine: await loadEngine(), task: 'hopper', count: 1 })
 * @throws BAD_INPUT for an unknown task, a wrong number, or a model that is missing, rejected by MuJoCo or not one of the task
 */
export function loadStandardEnv({
  engine,
  task,
  mjcf,
  count,
  actionRepeat,
}: StandardEnvOptions): StandardVectorEnv {
  const found = findStandardTask(task);
  const repeat = actionRepeat ?? found.actionRepeat;
  if (!Number.isInteger(repeat) || repeat < 1) {
    throw badInput(`action repeat is ${repeat}, expected a whole number >= 1`);
  }
  const setup = found.prepare({ engine, actionRepeat: repeat, ...(mjcf !== undefined && { mjcf }) });
  return new StandardVectorEnv(setup, count);
}
