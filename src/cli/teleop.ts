import { Command } from 'commander';
import { elapsedMs, systemClock } from '../core/index.js';
import { loadRobot, withController, type ControllerKind } from '../robot/index.js';
import { Bridge, outcomeTable } from './bridge.js';
import { controllerOption, jsonOption, middlewareOption, numberWithin, robotOption } from './options.js';
import { Output } from './output.js';

interface TeleopCliOptions {
  readonly robot: string;
  readonly port: string;
  readonly duration?: number;
  readonly controller?: ControllerKind;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly name: string;
  readonly json?: true;
}

export function teleopCommand(): Command {
  return new Command('teleop')
    .description(
      "Drive the robot with an operator's device alone, through the safety gate; no policy is needed. Hold the enable button and\n" +
        'move the sticks; let it go and the robot comes to rest. The robot must be up (or its twin). Ctrl+C ramps to rest, then\n' +
        'ends; a second Ctrl+C ends at once. Without a device: dynabridge teleop-device',
    )
    .addOption(robotOption())
    .requiredOption(
      '--port <port>',
      "serial port of the operator's device (see: dynabridge find-port); it may come and go",
    )
    .option(
      '--duration <s>',
      'stop this long after the operator took over (default: until Ctrl+C)',
      numberWithin(0, 1e6),
    )
    .addOption(controllerOption())
    .addOption(middlewareOption())
    .option('--name <node>', 'ROS node name; its services are /<node>/estop, reset and release', 'dynabridge')
    .addOption(jsonOption())
    .action(drive);
}

async function drive(options: TeleopCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { controller, middleware, name, port, duration } = options;
  const control = new ControlTime();
  const bridge = new Bridge(
    {
      robot: withController(loadRobot(options.robot), controller),
      robotName: options.robot,
      controller,
      nodeName: name,
      middleware,
      engage: 'operator',
      teleopPort: port,
      wait: null,
      duration,
      record: (kind, detail) => {
        if (kind === 'teleop') control.note(String(detail['event']));
      },
    },
    output,
  );
  const outcome = await bridge.drive();
  control.note('ended');
  const { summary, end, faults, emergencyStop } = outcome;
  const { times, seconds } = control;
  output.result(
    { ...summary, seconds, times, end, faults, emergencyStop },
    outcomeTable(outcome, `${seconds.toFixed(1)} s by the operator, ${times} times`),
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
