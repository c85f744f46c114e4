import { DynabridgeError } from '../core/index.js';
import type { RunDirectory } from '../data/index.js';
import {
  contractDifferences,
  makeContract,
  parseContract,
  type Contract,
  type Robot,
} from '../robot/index.js';
import { gateConfigFromRobot, gateConfigHash } from '../safety/index.js';

/**
 * The contract of a run's policy, which must be that of this robot.
 * @throws CONTRACT_MISMATCH that names every difference between what the policy was trained for and this robot
 */
export function contractOf(run: RunDirectory, robot: Robot): Contract {
  const trained = parseContract(run.readContract(), run.path);
  const live = makeContract({
    robot,
    task: trained.task,
    observation: trained.observation,
    gateConfigHash: gateConfigHash(gateConfigFromRobot(robot)),
  });
  const differences = contractDifferences(trained, live);
  if (differences.length > 0) {
    throw new DynabridgeError(
      'CONTRACT_MISMATCH',
      `the policy in ${run.path} was not trained for this robot:\n${differences.map((text) => `  - ${text}`).join('\n')}\n` +
        `train it for the robot as it is: dynabridge train --robot ${robot.folder} --task ${trained.task}`,
      { differences },
    );
  }
  return trained;
}
