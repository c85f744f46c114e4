import { Command } from 'commander';
import type { Push } from '../../sim/index.js';
import { Rng, badInput, systemClock } from '../core/index.js';
import { argumentsOf, createMiddleware, type RosArguments } from '../io/ros/index.js';
import { loadRobot, withController, type ControllerKind, type Robot } from '../robot/index.js';
import { interruptSignal } from './interrupt.js';
import {
  controllerOption,
  integerAtLeast,
  jsonOption,
  numberWithin,
  robotOption,
  rosArgumentsOption,
  seedOption,
} from './options.js';
import { Output, table } from './output.js';

interface TwinCliOptions {
  readonly robot: string;
  readonly controller?: ControllerKind;
  readonly name: string;
  readonly seed: number;
  readonly task?: string;
  readonly rate?: number;
  readonly jitter: number;
  readonly speed: number;
  readonly clock?: true;
  readonly perturb: Record<string, number>;
  readonly ideal?: true;
  readonly pushForce?: number;
  readonly pushTime: number;
  readonly duration?: number;
  readonly trace?: string;
  readonly rosArgs: RosArguments;
  readonly json?: true;
}

/** `name=value,name=value` over the imperfections of sim/imperfections.ts */
function parsePerturbation(text: string): Record<string, number> {
  const entries = text.split(',').map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    if (name.trim() === '' || value.trim() === '' || !Number.isFinite(Number(value))) {
      throw badInput(
        `--perturb: '${pair}' is not name=number; write e.g. --perturb massScale=1.3,actuatorGain=0.8`,
        { pair },
      );
    }
    return [name.trim(), Number(value)] as const;
  });
  return Object.fromEntries(entries);
}

export function twinCommand(): Command {
  return new Command('twin')
    .description(
      'A simulated robot behind the ROS 2 wire, in real time: publishes joint states, obeys its command topic as a\n' +
        'ros2_control controller does, and counts every violation of its limits that it sees. Services: /<name>/push,\n' +
        '/<name>/reset; /<name>/set_pause stops time, and /<name>/step_simulation then goes on to the next state;\n' +
        '/<name>/pause_states and resume_states, between which it moves but publishes no states.',
    )
    .addOption(robotOption())
    .addOption(controllerOption())
    .option('--name <node>', 'name of the ROS 2 node; two twins on one domain need two names', 'twin')
    .addOption(seedOption())
    .option(
      '--task <name>',
      'start, and be put back by /<name>/reset, where an episode of this task may start (default: at rest at the home pose)',
    )
    .option(
      '--rate <Hz>',
      'joint states per second (default: control_rate_hz of robot.yaml); a period must be a whole number of physics steps',
      integerAtLeast(1),
    )
    .option('--jitter <ms>', 'each state is late by up to this much', numberWithin(0, 100), 1)
    .option('--clock', 'publish simulated time on /clock, and stamp joint states with it')
    .option(
      '--speed <factor>',
      'simulated seconds per second. The bridge keeps real time in its limits and timeouts: leave it at 1 beside one',
      numberWithin(0.01, 1000),
      1,
    )
    .option(
      '--perturb <name=value,...>',
      'change the dynamics, e.g. massScale=1.3,actuatorGain=0.8',
      parsePerturbation,
      {},
    )
    .option('--ideal', 'no noise, no friction, no encoder: only the declared delay and lag')
    .option(
      '--push-force <N>',
      'force of /<name>/push on the first commanded joint (default: 1.1 times its max_effort, which its drive cannot hold)',
      numberWithin(-1e4, 1e4),
    )
    .option('--push-time <s>', 'for how long', numberWithin(0, 10), 0.1)
    .option('--duration <s>', 'end after this long (default: until Ctrl+C)', numberWithin(0, 1e6))
    .option(
      '--trace <file>',
      'write every command received and every state published there, with its monotonic time [ns], as JSON lines',
    )
    .addOption(rosArgumentsOption())
    .addOption(jsonOption())
    .action(runTwin);
}

async function runTwin(options: TwinCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const sim = await import('../../sim/index.js');
  const { Twin, TwinTrace, maxPhysicsStep, stepsPerState } = await import('../../sim/twin/index.js');
  const robot = withController(loadRobot(options.robot), options.controller);
  const base = options.ideal ? sim.nominalImperfections(robot) : sim.realLikeImperfections(robot);
  const imperfections = sim.parseImperfections({ ...base, ...options.perturb });
  const stateRateHz = options.rate ?? robot.config.controlRateHz;
  const world = { maxPhysicsStep: maxPhysicsStep(stateRateHz) };
  const compiled = sim.compileRobot(await sim.loadEngine(), robot, imperfections, world);
  stepsPerState(stateRateHz, compiled.physicsStep); // a rate that does not work is told before anything is on the wire
  const trace = options.trace === undefined ? undefined : new TwinTrace(options.trace);
  const task = options.task === undefined ? undefined : sim.findTask(robot.model, options.task);
  const starts = new Rng(options.seed, 'start');
  const { parameters, ...node } = argumentsOf(options.rosArgs, options.name);
  for (const name of Object.keys(parameters))
    throw badInput(`the twin has no parameter '${name}', nor any other`);
  const middleware = await createMiddleware({ adapter: 'rtps', ...node });
  const twin = new Twin({
    robot,
    compiled,
    middleware,
    clock: systemClock,
    rng: new Rng(options.seed, 'twin'),
    stateRateHz,
    jitterMs: options.jitter,
    speed: options.speed,
    simulatedClock: options.clock,
    start: task && (() => task.reset(starts)),
    push: pushOf(robot, options),
    brakeUntilFirstCommand: true,
    trace,
  });
  output.line(
    `twin of ${robot.model.name}: states on ${robot.config.stateTopic}, commands from ${robot.config.commandTopic}`,
  );
  output.line('brakes are on until the first command; Ctrl+C ends');
  const status = setInterval(() => output.line(twin.statusLine), 5_000);
  await new Promise<void>((resolve) => {
    interruptSignal(() => resolve());
    if (options.duration !== undefined) setTimeout(resolve, options.duration * 1e3);
  });
  clearInterval(status);
  const summary = twin.summary;
  twin.close();
  await middleware.close();
  trace?.close();
  compiled.dispose();
  const { seconds, simulatedSeconds, states, commands, rejectedCommands, violations, worstLatenessMs } =
    summary;
  output.result(
    summary,
    table([
      [
        'time',
        `${seconds.toFixed(1)} s, ${simulatedSeconds.toFixed(1)} s simulated, ${states} states published`,
      ],
      ['commands', `${commands} received, ${rejectedCommands} malformed`],
      ['violations', String(violations)],
      ['worst lateness', `${worstLatenessMs.toFixed(1)} ms`],
    ]),
  );
  process.exit(0);
}

function pushOf({ model }: Robot, { pushForce, pushTime }: TwinCliOptions): Push {
  const joint = model.commanded[0]!;
  const maxEffort = model.joints.find(({ name }) => name === joint)?.limits?.maxEffort ?? 0;
  return { joint, force: pushForce ?? 1.1 * maxEffort, duration: pushTime };
}
