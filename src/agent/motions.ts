import { findTask } from '../../sim/tasks/find-task.js';
import { badInput } from '../core/index.js';
import type { RunDirectory } from '../data/index.js';
import type { RobotTask } from '../env/index.js';
import type { Deployment } from '../io/ipc/index.js';
import type { Robot } from '../robot/index.js';
import type { PolicyCarry } from '../rl/policy-snapshot.js';
import type { Motion } from './motion.js';
import { policyMotion } from './policy-motion.js';
import { startMotion } from './start-motion.js';

/** Makes what the agent drives with, of the checkpoints of one run. */
export class Motions {
  private readonly task: RobotTask | undefined;

  /**
   * @param predicted policies are predicted by the world model that was trained with them
   * @param task what ends episodes; absent: the agent drives until others stop it, and nothing is deployed
   * @throws BAD_INPUT where the robot has no such task
   */
  constructor(
    private readonly robot: Robot,
    private readonly run: RunDirectory,
    private readonly predicted: boolean,
    task: string | undefined,
  ) {
    this.task = task === undefined ? undefined : findTask(robot.model, task);
  }

  /** The newest policy: what the agent begins with. */
  first(): Motion<PolicyCarry> {
    const { robot, run, predicted, task } = this;
    const episode = task && { task, steps: task.episodeSteps };
    return policyMotion(run.loadCheckpoint(), robot, { predicted, episode });
  }

  /** @throws BAD_INPUT where that cannot be driven, or the agent drives no episodes */
  of(deployment: Deployment): Motion {
    const { robot, run, predicted, task } = this;
    if (task === undefined) throw badInput('the agent was started without a task, so it drives no episodes');
    const { steps } = deployment;
    if (!Number.isInteger(steps) || steps < 1)
      throw badInput(`an episode of ${steps} steps was asked for, at least 1 is wanted`);
    if (deployment.motion === 'start') return startMotion(robot, deployment);
    const { version, sampling, seed } = deployment;
    const samplingSeed = sampling ? seed : undefined;
    return policyMotion(run.loadCheckpoint(version), robot, {
      predicted,
      samplingSeed,
      episode: { task, steps },
    });
  }
}
