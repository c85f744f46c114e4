import path from 'node:path';
import { Command, Option } from 'commander';
import { badInput, systemClock } from '../core/index.js';
import { EXCITATION_S, IdentifySession, type JointResponse } from '../identify/index.js';
import { createMiddleware } from '../io/ros/index.js';
import { loadRobot, withController, type ControllerKind, type Robot } from '../robot/index.js';
import { interruptSignal } from './interrupt.js';
import { controllerOption, jsonOption, robotOption } from './options.js';
import { Output, grid } from './output.js';
import { writeRobotValues } from './write-robot-values.js';

interface IdentifyCliOptions {
  readonly robot: string;
  readonly controller?: ControllerKind;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly yes?: true;
  readonly write?: true;
  readonly json?: true;
}

/** A response that leaves more than this share of the travel unexplained is not one of first order. */
const GOOD_RESIDUAL = 0.1;
/** Braking below this share of what was told needs a smaller max_deceleration. */
const GOOD_BRAKING = 0.9;
const MS = 1e3;

export function identifyCommand(): Command {
  return new Command('identify')
    .description(
      'Measure what the stopping bound rests on: how late the joints act on commands, how they lag, and whether they brake as told.\n' +
        'Moves one joint after the other in small pulses (30 % of its speed, 20 % of its room) through the gate, with the values that\n' +
        'robot.yaml has now; begin with careful ones. The robot must be up, at rest, away from its limits, and nobody in its reach.',
    )
    .addOption(robotOption())
    .addOption(controllerOption())
    .addOption(
      new Option('--middleware <name>', 'as of dynabridge run')
        .choices(['auto', 'rtps', 'rclnodejs'])
        .default('auto'),
    )
    .option('--yes', 'move the robot; without it nothing is done but saying what would be')
    .option('--write', 'write command_latency and actuator_lag into robot.yaml, comments and all else kept')
    .addOption(jsonOption())
    .action(identify);
}

async function identify(options: IdentifyCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const robot = withController(loadRobot(options.robot), options.controller);
  const { commanded, name } = robot.model;
  if (options.yes !== true) {
    throw badInput(
      `this moves ${commanded.length} joint(s) of ${name} (${commanded.join(', ')}) for ${commanded.length * EXCITATION_S} s; ` +
        'clear its reach, keep a hand on the e-stop, and add --yes',
    );
  }
  const stop = interruptSignal((signal) => output.line(`${signal}: ramping to rest`));
  const middleware = await createMiddleware({ adapter: options.middleware, nodeName: 'dynabridge_identify' });
  const progress = output.progress('identify', commanded.length * EXCITATION_S, 's');
  let responses: JointResponse[];
  try {
    const session = new IdentifySession(robot, middleware, systemClock);
    try {
      responses = await session.run(
        { progress: (done, _total, note) => progress.update(Math.floor(done), note) },
        stop,
      );
    } finally {
      session.close();
    }
  } finally {
    progress.stop();
    await middleware.close();
  }
  const found = roundedUp(responses);
  const file = path.join(robot.folder, 'robot.yaml');
  if (options.write === true) writeRobotValues(file, found);
  const { commandLatency, actuatorLag } = robot.config;
  output.result(
    {
      robot: name,
      joints: responses,
      declared: { commandLatency, actuatorLag },
      ...found,
      written: options.write ? file : null,
    },
    account(robot, responses, found, options.write === true),
  );
}

interface Found {
  readonly command_latency: number;
  readonly actuator_lag: number;
}

/** The slowest joint counts, and a whole millisecond: longer than true costs a little speed, shorter costs the bound. */
function roundedUp(responses: readonly JointResponse[]): Found {
  const up = (values: readonly number[]) => Math.ceil(Math.max(...values) * MS - 1e-6) / MS;
  return {
    command_latency: up(responses.map(({ latency }) => latency)),
    actuator_lag: up(responses.map(({ lag }) => lag)),
  };
}

function account(robot: Robot, responses: readonly JointResponse[], found: Found, written: boolean): string {
  const { commandLatency, actuatorLag } = robot.config;
  const rows = responses.map(({ joint, latency, lag, gain, residual, braking }) => [
    joint,
    (latency * MS).toFixed(1),
    (lag * MS).toFixed(1),
    gain.toFixed(3),
    `${(100 * residual).toFixed(1)} %`,
    `${(100 * braking).toFixed(0)} %`,
  ]);
  const short = found.command_latency + found.actuator_lag - commandLatency - actuatorLag;
  return [
    grid([['joint', 'latency ms', 'lag ms', 'gain', 'unexplained', 'braking as told'], ...rows]),
    '',
    `robot.yaml says command_latency ${commandLatency} and actuator_lag ${actuatorLag}; measured: ${found.command_latency} and ${found.actuator_lag}`,
    ...(short > 0
      ? [
          `robot.yaml is ${(short * MS).toFixed(0)} ms short: position_margin has to cover what a joint travels in that time`,
        ]
      : []),
    ...advice(robot, responses),
    written
      ? 'written into robot.yaml; policies trained before are of another robot now: train again'
      : 'write them with --write',
  ].join('\n');
}

function advice(robot: Robot, responses: readonly JointResponse[]): string[] {
  return responses.flatMap(({ joint, residual, braking }) => {
    const limits = robot.model.joints.find(({ name }) => name === joint)?.limits;
    const told = limits?.maxDeceleration ?? limits?.maxAcceleration ?? NaN;
    return [
      ...(residual > GOOD_RESIDUAL
        ? [
            `joint '${joint}' does not follow as a first-order lag: widen position_margin, and look at its controller`,
          ]
        : []),
      ...(braking < GOOD_BRAKING
        ? [
            `joint '${joint}' does not brake as told: measure again with max_deceleration ${(braking * told).toPrecision(2)} in joint_limits.yaml`,
          ]
        : []),
    ];
  });
}
