import type { EpisodeSource, SessionInfo } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import {
  makeContract,
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

/** What is recorded with every episode of this robot. */
export function sessionOf(
  source: EpisodeSource,
  robot: Robot,
  task: string,
  contractSha256: string,
): SessionInfo {
  const { model, config } = robot;
  const { sensors } = layoutOf(robot);
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
    ...(sensors.length > 0 && { sensors }),
  };
}

/** The world model predicts frames: positions, velocities, executed commands, and what sensors read. */
export function frameQuantities(contract: Contract): { name: string; unit: string }[] {
  const type = (joint: string) =>
    contract.observations.find(({ field }) => field === `position[${joint}]`)?.unit === 'm'
      ? 'prismatic'
      : 'revolute';
  return [
    ...contract.measured.map((joint) => ({ name: `${joint} position`, unit: positionUnit(type(joint)) })),
    ...contract.measured.map((joint) => ({ name: `${joint} velocity`, unit: velocityUnit(type(joint)) })),
    ...contract.commanded.map(({ name, unit }) => ({ name: `${name} command`, unit })),
    ...contract.observations.flatMap(({ sensor, field, unit }) =>
      sensor === undefined ? [] : [{ name: `${sensor} ${field.replace('.', ' ')}`, unit }],
    ),
  ];
}
