import os from 'node:os';
import { Command } from 'commander';
import { DynabridgeError, badInput, systemClock } from '../core/index.js';
import { createMiddleware } from '../io/ros/index.js';
import { loadRobot } from '../robot/index.js';
import { interruptSignal } from './interrupt.js';
import { jsonOption, middlewareOption, numberWithin, robotOption } from './options.js';
import { Output, table } from './output.js';

interface DeadManCliOptions {
  readonly robot: string;
  readonly from?: string;
  readonly to: string;
  readonly timeout?: number;
  readonly name: string;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly json?: true;
}

/** As the supervisor's patience with the guard, which so comes first [ms]. */
const DEFAULT_TIMEOUT_MS = 200;
/** A sender that is one tick late has not died. */
const LEAST_PERIODS = 3;
const NICENESS = -10;

export function deadManCommand(): Command {
  return new Command('dead-man')
    .description(
      'Stand between the bridge and a controller that keeps its last command for ever, and stop the robot when commands cease:\n' +
        'velocities ramp to zero by max_deceleration, efforts become zero, a position stays. Let command_topic of robot.yaml be a\n' +
        'topic of its own, e.g. /dynabridge/commands, and give the controller’s as --to. It runs best on the robot’s computer, as a\n' +
        'service of its own. Ctrl+C stops the robot, then ends.',
    )
    .addOption(robotOption())
    .requiredOption('--to <topic>', 'topic of the controller, e.g. /forward_velocity_controller/commands')
    .option('--from <topic>', 'topic of the commands (default: command_topic of robot.yaml)')
    .option(
      '--timeout <ms>',
      `silence that stops the robot, from ${LEAST_PERIODS} control periods on (default: ${DEFAULT_TIMEOUT_MS}, or ${LEAST_PERIODS} periods)`,
      numberWithin(1, 2_000),
    )
    .option('--name <node>', 'ROS node name', 'dynabridge_dead_man')
    .addOption(middlewareOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(options: DeadManCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const robot = loadRobot(options.robot);
  const periodMs = 1e3 / robot.config.controlRateHz;
  const leastMs = LEAST_PERIODS * periodMs;
  const {
    to,
    from = robot.config.commandTopic,
    timeout: timeoutMs = Math.max(DEFAULT_TIMEOUT_MS, leastMs),
  } = options;
  if (absolute(from) === absolute(to))
    throw badInput(
      `commands would come from and go to ${to}; let command_topic of robot.yaml be another, e.g. /dynabridge/commands`,
    );
  if (timeoutMs < leastMs)
    throw badInput(
      `--timeout ${timeoutMs} ms is less than ${LEAST_PERIODS} control periods; write ${leastMs} or more`,
    );
  const { DeadMan } = await import('../deadman/index.js');
  raisePriority();
  const middleware = await createMiddleware({ adapter: options.middleware, nodeName: options.name });
  const tell = (line: string): void => output.line(line);
  const deadMan = new DeadMan({ robot, middleware, clock: systemClock, from, to, timeoutMs, tell });
  output.line(`from ${from} to ${to}; silence of ${timeoutMs} ms stops the robot; Ctrl+C ends`);
  interruptSignal(() => deadMan.end());
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      deadMan.tick(systemClock.nowNs());
      if (!deadMan.ended) return;
      clearInterval(timer);
      resolve();
    }, periodMs);
  });
  const { forwarded, dropped, stops } = deadMan;
  output.result(
    { forwarded, dropped, stops },
    table([
      ['commands', `${forwarded} handed on, ${dropped} malformed`],
      ['stops', String(stops)],
    ]),
  );
  await middleware.close();
  throw new DynabridgeError('INTERRUPTED', 'ended by request');
}

function raisePriority(): void {
  try {
    os.setPriority(NICENESS);
  } catch {
    // needs CAP_SYS_NICE; without it the process competes at normal priority
  }
}

function absolute(topic: string): string {
  return topic.startsWith('/') ? topic : `/${topic}`;
}
