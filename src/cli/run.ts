import { Command, Option } from 'commander';
import { checkPolicy, choosePrediction } from '../agent/index.js';
import { systemClock } from '../core/index.js';
import { RunDirectory, latestRun, listBlackBoxes } from '../data/index.js';
import { contractHash } from '../robot/index.js';
import { Bridge, outcomeTable } from './bridge.js';
import { contractOf } from './contract-of.js';
import {
  controllerOption,
  jsonOption,
  managedOption,
  middlewareOption,
  numberWithin,
  robotDescriptionOption,
  robotOption,
  rosArgumentsOption,
  runsOption,
  takeDescriptionOption,
} from './options.js';
import { openRobot, type RobotOptions } from './open-robot.js';
import { Output } from './output.js';
import { recordingFile } from './recording-file.js';
import { sessionOf } from '../training/policy-contract.js';

interface RunCliOptions extends RobotOptions {
  readonly run?: string;
  readonly runs: string;
  readonly duration?: number;
  readonly wait: number;
  readonly engage: 'auto' | 'manual';
  readonly teleopPort?: string;
  readonly managed?: true;
  readonly record?: string | true;
  readonly json?: true;
}

export function runCommand(): Command {
  return new Command('run')
    .description(
      'Drive the robot with a trained policy, through the safety gate. The robot must be up (or its twin): its joint states\n' +
        'flow and its controller listens. Ctrl+C ramps to rest, then ends; a second Ctrl+C ends at once.',
    )
    .addOption(robotOption())
    .addOption(robotDescriptionOption())
    .addOption(takeDescriptionOption())
    .option('--run <folder>', 'run directory of the policy (default: the newest of this robot)')
    .addOption(runsOption())
    .option(
      '--duration <s>',
      'stop after this long under control (default: until Ctrl+C)',
      numberWithin(0, 1e6),
    )
    .option('--wait <s>', 'give up when the robot is not under control by then', numberWithin(0.1, 3600), 10)
    .addOption(
      new Option(
        '--engage <how>',
        'auto: as soon as states are fresh and the agent is alive; manual: by the service ~/engage',
      )
        .choices(['auto', 'manual'])
        .default('auto'),
    )
    .option(
      '--teleop-port <port>',
      "serial port of the operator's device (see: dynabridge find-port); its enable button takes over from the agent, also after a guard that failed was replaced",
    )
    .addOption(controllerOption())
    .addOption(middlewareOption())
    .option(
      '--name <node>',
      'ROS node name; its services are /<node>/estop, reset, engage and release',
      'dynabridge',
    )
    .addOption(managedOption())
    .addOption(rosArgumentsOption())
    .option(
      '--record [file]',
      'write all that the bridge receives and sends into an MCAP file, for Foxglove, ros2 bag and dynabridge replay (default: <run>/recordings/<time>/recording.mcap)',
    )
    .addOption(jsonOption())
    .action(drive);
}

async function drive(options: RunCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const opened = await openRobot(options, output);
  const run = options.run
    ? RunDirectory.open(options.run, systemClock)
    : latestRun(options.runs, opened.robot.model.name, systemClock);
  const robot = opened.keepIn(run.path);
  const contract = contractOf(run, robot);
  const session = sessionOf('real', robot, contract.task, contractHash(contract));
  output.line(`policy of ${run.path}`);
  const wireFile = recordingFile('--record', options.record, run.path);

  const earlier = new Set(listBlackBoxes(run.blackBoxFolder));
  const checkpoint = run.loadCheckpoint();
  checkPolicy(checkpoint, robot);
  const prediction = choosePrediction(checkpoint, robot);
  output.line(
    prediction.enabled ? `predicted ${prediction.horizon} steps ahead` : `not predicted: ${prediction.why}`,
  );
  const { controller, middleware, engage, teleopPort, duration, wait } = options;
  const bridge = new Bridge(
    {
      robot,
      robotName: options.robot,
      controller,
      policy: {
        runFolder: run.path,
        episodesFolder: run.episodesFolder,
        blackBoxFolder: run.blackBoxFolder,
        session,
        predicted: prediction.enabled,
        wireFile,
      },
      node: opened.node,
      managed: options.managed ?? false,
      middleware,
      engage,
      teleopPort,
      wait: engage === 'manual' || options.managed ? null : wait,
      duration,
      record: (kind, detail) => run.events.append(kind, detail),
    },
    output,
  );
  bridge.record('prediction', { ...prediction });
  const outcome = await bridge.drive();
  const { end, faults, emergencyStop } = outcome;
  const blackBoxes = listBlackBoxes(run.blackBoxFolder).filter((path) => !earlier.has(path));
  bridge.record('bridge-ended', {
    ...outcome.summary,
    seconds: outcome.summary?.seconds ?? 0,
    end,
    faults,
    emergencyStop,
    blackBoxes,
  });
  const { refreshReport } = await import('./run-report.js'); // the plotting library is slow to load and not needed to drive
  const report = await refreshReport(run).catch((error: unknown) => {
    output.line(`the report cannot be written: ${(error as Error).message}`);
    return null;
  });
  const { summary } = outcome;
  output.result(
    {
      ...summary,
      end: outcome.end,
      faults: outcome.faults,
      emergencyStop: outcome.emergencyStop,
      run: run.path,
      report,
      blackBoxes,
      recording: wireFile ?? null,
    },
    outcomeTable(outcome, `${(summary?.seconds ?? 0).toFixed(1)} s`, [
      ...blackBoxes.map((file): [string, string] => ['black box', file]),
      ...(wireFile === undefined ? [] : [['recording', wireFile] as [string, string]]),
      ...(report === null ? [] : [['report', report] as [string, string]]),
    ]),
  );
  run.close();
  bridge.throwIfFailed(outcome);
}
