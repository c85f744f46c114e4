import { Command } from 'commander';
import { badInput, elapsedMs, systemClock } from '../core/index.js';
import { Bridge, outcomeTable } from './bridge.js';
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
import { openTeleopRecord } from './teleop-record.js';

interface TeleopCliOptions extends RobotOptions {
  readonly port?: string;
  readonly record?: string | true;
  readonly recordWire?: string | true;
  readonly runs: string;
  readonly duration?: number;
  readonly managed?: true;
  readonly json?: true;
}

export function teleopCommand(): Command {
  return new Command('teleop')
    .description(
      "Drive the robot with an operator's device alone, through the safety gate; no policy is needed. Hold the enable button and\n" +
        'move the sticks; let it go and the robot comes to rest. The robot must be up (or its twin). Ctrl+C ramps to rest, then\n' +
        'ends; a second Ctrl+C ends at once. Without a device: dynabridge teleop-device. Over the network, where robot.yaml says\n' +
        'teleop: {joint_jog: true}: velocities as control_msgs/msg/JointJog on /<node>/joint_jog, at 0 to begin with; then the\n' +
        'service /<node>/request_teleop (std_srvs/srv/SetBool) is the enable button, which silence lets go of. A device comes first',
    )
    .addOption(robotOption())
    .addOption(robotDescriptionOption())
    .addOption(takeDescriptionOption())
    .option(
      '--port <port>',
      "serial port of the operator's device (see: dynabridge find-port); it may come and go",
    )
    .option(
      '--record [run]',
      'record what the operator does, an episode each time that enable is held, in a run of this robot: teleop-0001.mcap, ...;\n' +
        'without a folder: in a new run',
    )
    .option(
      '--record-wire [file]',
      'write all that the bridge receives and sends into an MCAP file, for Foxglove, ros2 bag and dynabridge replay (default:\n' +
        '<run>/recordings/<time>/recording.mcap); implies --record',
    )
    .addOption(runsOption())
    .option(
      '--duration <s>',
      'stop this long after the operator took over (default: until Ctrl+C)',
      numberWithin(0, 1e6),
    )
    .addOption(controllerOption())
    .addOption(middlewareOption())
    .option('--name <node>', 'ROS node name; its services are /<node>/estop, reset and release', 'dynabridge')
    .addOption(managedOption())
    .addOption(rosArgumentsOption())
    .addOption(jsonOption())
    .action(drive);
}

async function drive(options: TeleopCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { controller, middleware, port, duration, runs, recordWire } = options;
  const record = options.record ?? (recordWire === undefined ? undefined : true);
  const opened = await openRobot(options, output);
  if (port === undefined && !opened.robot.config.teleop.jointJog)
    throw badInput(
      'nobody could drive: give --port, or write teleop: {joint_jog: true} in robot.yaml to drive over the network',
    );
  const kept =
    record === undefined ? undefined : openTeleopRecord({ record, runs, recordWire }, opened.robot);
  const robot = kept === undefined ? opened.robot : opened.keepIn(kept.run.path);
  if (kept !== undefined) output.line(`recorded in ${kept.run.path}`);
  const control = new ControlTime();
  const bridge = new Bridge(
    {
      robot,
      robotName: options.robot,
      controller,
      node: opened.node,
      managed: options.managed ?? false,
      middleware,
      engage: 'operator',
      teleopPort: port,
      wait: null,
      duration,
      recording: kept?.recording,
      record: (kind, detail) => {
        kept?.run.events.append(kind, detail);
        if (kind === 'teleop') control.note(String(detail['event']));
      },
    },
    output,
  );
  const outcome = await bridge.drive();
  control.note('ended');
  const { summary, end, faults, emergencyStop } = outcome;
  const { times, seconds } = control;
  const recording = kept?.recording.wireFile;
  const files = { ...(kept && { run: kept.run.path }), ...(recording !== undefined && { recording }) };
  bridge.record('bridge-ended', { ...summary, seconds, end, faults, emergencyStop });
  kept?.run.close();
  output.result(
    { ...summary, seconds, times, end, faults, emergencyStop, ...files },
    outcomeTable(outcome, `${seconds.toFixed(1)} s by the operator, ${times} times`, [
      ...(kept === undefined ? [] : [['recorded in', kept.run.episodesFolder] as [string, string]]),
      ...(recording === undefined ? [] : [['recording', recording] as [string, string]]),
    ]),
  );
  bridge.throwIfFailed(outcome);
}

/** How long and how often the operator drove. */
class ControlTime {
  times = 0;
  seconds = 0;
  private sinceNs: bigint | null = null;

  /** @param event of the arbiter */
  note(event: string): void {
    const now = systemClock.nowNs();
    if (event === 'taken') {
      this.times++;
      this.sinceNs ??= now;
    } else if (this.sinceNs !== null && ['released', 'lost', 'locked', 'ended'].includes(event)) {
      this.seconds += elapsedMs(this.sinceNs, now) / 1e3;
      this.sinceNs = null;
    }
  }
}
