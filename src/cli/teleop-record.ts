import { systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { observationSpec } from '../rl/observation.js';
import { contractHash, type Robot } from '../robot/index.js';
import type { Recording } from '../supervisor/index.js';
import { policyContract, sessionOf } from '../training/policy-contract.js';
import { contractOf } from './contract-of.js';
import { newRecordingFile, recordingFile } from './recording-file.js';
import { versions } from './versions.js';

/** What a robot that nobody has trained for is driven for. */
const NO_TASK = 'teleop';
const WIRE_OPTION = '--record-wire';

/** The run that an operator's driving is recorded in, and what its recorder is told. */
export interface TeleopRecord {
  readonly run: RunDirectory;
  readonly recording: Recording;
}

/** What is to be recorded, by the options of the same names. */
export interface TeleopRecordOptions {
  /** an existing run of this robot; true: a new one below `runs`, without a policy */
  readonly record: string | true;
  readonly runs: string;
  /** file for all that crosses the wire; true: one in the run; default: none */
  readonly recordWire?: string | true | undefined;
}

/**
 * @throws BAD_INPUT for a folder that is no run, and for a file that is there already or is not called .mcap, before a run is made;
 *   CONTRACT_MISMATCH for a run of another robot
 */
export function openTeleopRecord(
  { record: where, runs, recordWire }: TeleopRecordOptions,
  robot: Robot,
): TeleopRecord {
  if (typeof recordWire === 'string') newRecordingFile(WIRE_OPTION, recordWire);
  const run = where === true ? newRun(runs, robot) : RunDirectory.open(where, systemClock);
  const contract = contractOf(run, robot);
  const { episodesFolder, blackBoxFolder } = run;
  const session = sessionOf('teleop', robot, contract.task, contractHash(contract));
  const wireFile = recordingFile(WIRE_OPTION, recordWire, run.path);
  return { run, recording: { episodesFolder, blackBoxFolder, session, wireFile } };
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
