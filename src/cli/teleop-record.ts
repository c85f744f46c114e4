import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { observationSpec } from '../rl/observation.js';
import { contractHash, type Robot } from '../robot/index.js';
import type { Recording } from '../supervisor/index.js';
import { policyContract, sessionOf } from '../training/policy-contract.js';
import { contractOf } from './contract-of.js';
import { versions } from './versions.js';

/** What a robot that nobody has trained for is driven for. */
const NO_TASK = 'teleop';

/** The run that an operator's driving is recorded in, and what its recorder is told. */
export interface TeleopRecord {
  readonly run: RunDirectory;
  readonly recording: Recording;
}

/**
 * @param where an existing run of this robot; true: a new one below `runs`, without a policy
 * @throws BAD_INPUT for a folder that is no run, CONTRACT_MISMATCH for a run of another robot
 */
export function openTeleopRecord(where: string | true, runs: string, robot: Robot): TeleopRecord {
  const run = where === true ? newRun(runs, robot) : RunDirectory.open(where, systemClock);
  const contract = contractOf(run, robot);
  const { episodesFolder, blackBoxFolder } = run;
  const session = sessionOf('teleop', robot, contract.task, contractHash(contract));
  return { run, recording: { episodesFolder, blackBoxFolder, session, policyVersion: 0 } };
}

function newRun(runs: string, robot: Robot): RunDirectory {
  const { name } = robot.model;
  const observation = observationSpec(layoutOf(robot));
  return RunDirectory.create(
    runs,
    {
      kind: 'teleop',
      robot: name,
      task: NO_TASK,
      seed: 0,
      commandLine: process.argv.slice(2).join(' '),
      versions: versions(),
      config: {},
      contract: policyContract(robot, NO_TASK, observation, {}),
    },
    systemClock,
  );
}
