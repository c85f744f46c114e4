import { DynabridgeError } from '../core/index.js';
import type { EpisodeSource, RunDirectory, SessionInfo } from '../data/index.js';
import {
  contractDifferences,
  makeContract,
  parseContract,
  positionUnit,
  velocityUnit,
  type Contract,
  type Robot,
  type SimulationFacts,
} from '../robot/index.js';
import type { ObservationSpec } from '../rl/observation.js';
import { CHECKS, gateConfigFromRobot, gateConfigHash } from '../safety/index.js';

/** The contract of a policy that is trained on this robot with this observation. */
export function policyContract(
  robot: Robot,
  task: string,
  observation: ObservationSpec,
  simulation: SimulationFacts,
): Contract {
  const { history, previousActions, encoding } = observation;
  const { measured } = robot.model; // a frame begins with their positions
  return makeContract({
    robot,
    task,
    observation: {
      history,
      previousActions,
      encodings: Object.fromEntries(measured.map((joint, i) => [joint, encoding[i]!])),
    },
    gateConfigHash: gateConfigHash(gateConfigFromRobot(robot)),
    simulation,
  });
}

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

/** What is recorded with every episode of this robot. */
export function sessionOf(
  source: EpisodeSource,
  robot: Robot,
  task: string,
  contractSha256: string,
): SessionInfo {
  const { model, config } = robot;
  return {
    source,
    robot: model.name,
    task,
    contractSha256,
    controlRateHz: config.controlRateHz,
    policyRateHz: config.policyRateHz,
    measured: model.measured,
    commanded: model.commanded,
    reasonNames: CHECKS,
  };
}

/** The world model predicts frames: positions, velocities and executed commands. */
export function frameQuantities(contract: Contract): { name: string; unit: string }[] {
  const type = (joint: string) =>
    contract.observations.find(({ field }) => field === `position[${joint}]`)?.unit === 'm'
      ? 'prismatic'
      : 'revolute';
  return [
    ...contract.measured.map((joint) => ({ name: `${joint} position`, unit: positionUnit(type(joint)) })),
    ...contract.measured.map((joint) => ({ name: `${joint} velocity`, unit: velocityUnit(type(joint)) })),
    ...contract.commanded.map(({ name, unit }) => ({ name: `${name} command`, unit })),
  ];
}
