import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { TwinSummary } from '../../sim/twin/index.js';
import type { BackendChoice } from '../compute/index.js';
import { DynabridgeError, systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import type { GuardSummary } from '../guard/index.js';
import {
  STATUS_QOS,
  createMiddleware,
  type DiagnosticStatus,
  type Middleware,
  type TriggerResponse,
} from '../io/ros/index.js';
import {
  backendOption,
  integerAtLeast,
  jsonOption,
  numberWithin,
  runsOption,
  seedOption,
  threadsOption,
} from './options.js';
import { Output, table } from './output.js';
import { OwnCommand } from './own-command.js';

interface DemoCliOptions {
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly backend: BackendChoice;
  readonly threads?: number;
  readonly runs: string;
  readonly json?: true;
}

/** What `train --json` prints, as far as it is used here. */
interface TrainResult {
  readonly run: string;
  readonly realSteps: number;
  readonly seconds: number;
  readonly returnRandom: number;
  readonly returnBefore: number;
}

interface EvalResult {
  readonly meanReturn: number;
}

type RunResult = GuardSummary & { readonly end: string; readonly report: string };

const ROBOT = 'cartpole';
const TASK = 'balance';
/** The pole counts as upright within this angle [rad]; 12 degrees, the bound of the classic CartPole. */
const UPRIGHT_ANGLE = 0.2095;
/** Beyond this it has fallen [rad]; as in the task. */
const FALL_ANGLE = 0.5;

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'The whole path in one command, with no robot and no ROS: train the cart-pole to balance in simulation, evaluate it,\n' +
        'start a simulated robot in another process, drive it over the ROS 2 wire through the gate, push it once, and report.',
    )
    .addOption(seedOption())
    .option('--steps <n>', 'real steps of training at most', integerAtLeast(100), 3000)
    .option('--seconds <s>', 'how long to drive the twin', numberWithin(2, 3600), 20)
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(demo);
}

async function demo(options: DemoCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  // A domain of its own, on this machine only: the demo must not drive a robot that happens to be near.
  const env = {
    ...process.env,
    ROS_DOMAIN_ID: String(20 + (process.pid % 50)),
    ROS_LOCALHOST_ONLY: '1',
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
    ROS_STATIC_PEERS: '',
  };
  const running = new Set<OwnCommand<unknown>>();
  process.on('SIGTERM', () => running.forEach((command) => command.kill('SIGTERM')));
  process.on('SIGINT', () => {}); // the whole process group has it; the command that runs ends cleanly, and so do we
  const start = <Result>(name: string, args: readonly string[]): OwnCommand<Result> => {
    const command = new OwnCommand<Result>(name, args, env);
    running.add(command);
    return command;
  };

  output.line('1/4 train the cart-pole to balance, in simulation');
  const training = await start<TrainResult>('train', [
    ...['--robot', ROBOT, '--task', TASK, '--seed', String(options.seed), '--steps', String(options.steps)],
    ...['--evaluate-every', '250', '--until-goal', '--runs', options.runs],
    ...['--backend', options.backend],
    ...(options.threads === undefined ? [] : ['--threads', String(options.threads)]),
  ]).success();

  output.line('2/4 evaluate it over 10 episodes');
  const evaluation = await start<EvalResult>('eval', [
    '--robot',
    ROBOT,
    '--run',
    training.run,
    '--episodes',
    '10',
  ]).success();

  output.line(`3/4 drive the twin over the wire for ${options.seconds} s, with one push`);
  const twin = start<TwinSummary>('twin', ['--robot', ROBOT, '--seed', String(options.seed)]);
  const bridge = start<RunResult>('run', [
    '--robot',
    ROBOT,
    '--run',
    training.run,
    '--duration',
    String(options.seconds),
    '--wait',
    '20',
  ]);
  const middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'demo', env });
  try {
    const pushed = pushMidway(middleware, options.seconds, output);
    const driven = await Promise.all([bridge.success(), pushed]).then(([result]) => result);
    twin.kill('SIGINT');
    const witness = await twin.result;
    output.line('4/4 report');
    await conclude(options, output, training, evaluation, driven, witness);
  } finally {
    running.forEach((command) => command.kill('SIGTERM'));
    await middleware.close();
  }
}

/** Waits until the guard says that the agent drives, then half of the time, then pushes the cart. */
async function pushMidway(middleware: Middleware, seconds: number, output: Output): Promise<void> {
  const push = middleware.createClient<object, TriggerResponse>('/twin/push', 'std_srvs/srv/Trigger');
  await new Promise<void>((resolve) => {
    middleware.createSubscription<DiagnosticStatus>(
      '/dynabridge/status',
      'diagnostic_msgs/msg/DiagnosticStatus',
      STATUS_QOS,
      ({ values }) => {
        if (values.some(({ key, value }) => key === 'mode' && value === 'active')) resolve();
      },
    );
  });
  await sleep((seconds / 2) * 1e3);
  await push.waitForService(2_000);
  await push.call({}, 2_000);
  output.line('pushed the cart');
}

async function conclude(
  options: DemoCliOptions,
  output: Output,
  training: TrainResult,
  evaluation: EvalResult,
  driven: RunResult,
  witness: TwinSummary,
): Promise<void> {
  const run = RunDirectory.open(training.run, systemClock);
  const { uprightFraction, worstAngle, recordedSeconds } = await judgePole(run);
  const modelError = lastModelError(run);
  const { seconds, loopMs, latencyMs, commands, limited, report } = driven;
  const { violations } = witness;
  const result = {
    training: {
      realSteps: training.realSteps,
      seconds: training.seconds,
      returnRandom: training.returnRandom,
      returnBefore: training.returnBefore,
      returnAfter: evaluation.meanReturn,
      modelError,
    },
    bridge: { seconds, uprightFraction, loopMs, latencyMs, commands, limited, violations },
    report,
  };
  const ms = ({ p50, p99, max }: { p50: number; p99: number; max: number }): string =>
    `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
  output.result(
    result,
    table([
      ['return, random policy', training.returnRandom.toFixed(1)],
      ['return, before training', training.returnBefore.toFixed(1)],
      ['return, after training', `${evaluation.meanReturn.toFixed(1)} (mean of 10 episodes)`],
      ['real steps used', `${training.realSteps} in ${training.seconds.toFixed(0)} s`],
      [
        'model error',
        Object.entries(modelError)
          .map(([name, value]) => `${name} ${value.toPrecision(2)}`)
          .join(', '),
      ],
      [
        'time upright',
        `${(100 * uprightFraction).toFixed(2)} % of ${seconds.toFixed(1)} s, worst angle ${worstAngle.toFixed(3)} rad, ${witness.pushes} push`,
      ],
      ['loop period', ms(loopMs)],
      ['state to command', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`],
      ['commands', `${commands} sent, ${limited} limited`],
      ['violations seen by the twin', String(violations)],
      ['report', report],
    ]),
  );
  run.close();
  const complaint = [
    worstAngle > FALL_ANGLE &&
      `the pole fell (${worstAngle.toFixed(2)} rad); try more --steps or another --seed`,
    violations > 0 &&
      `the twin saw ${violations} violations, the first: ${JSON.stringify(witness.violationList[0])}`,
    options.seconds - seconds > 1 && `the agent drove for ${seconds.toFixed(1)} s of ${options.seconds} s`,
    recordedSeconds < seconds - 1 &&
      `only ${recordedSeconds.toFixed(1)} s of ${seconds.toFixed(1)} s were recorded`,
    witness.pushes !== 1 && `the cart was pushed ${witness.pushes} times`,
  ].find((text) => text !== false);
  if (complaint) throw new DynabridgeError('GOAL_NOT_REACHED', complaint);
}

/** From the record of the bridge: every control tick of every episode counts. */
async function judgePole(
  run: RunDirectory,
): Promise<{ uprightFraction: number; worstAngle: number; recordedSeconds: number }> {
  let ticks = 0;
  let upright = 0;
  let worstAngle = 0;
  let recordedSeconds = 0;
  for await (const episode of run.episodes({ source: 'real' })) {
    const pole = episode.header.measured.indexOf('pole_hinge');
    for (const tick of episode.ticks) {
      const angle = Math.abs(tick.positions[pole]!);
      worstAngle = Math.max(worstAngle, angle);
      ticks++;
      if (angle <= UPRIGHT_ANGLE) upright++;
    }
    recordedSeconds += Number((episode.ticks.at(-1)?.timeNs ?? 0n) - (episode.ticks[0]?.timeNs ?? 0n)) / 1e9;
  }
  if (ticks === 0)
    throw new DynabridgeError('GOAL_NOT_REACHED', `nothing was recorded in ${run.episodesFolder}`);
  return { uprightFraction: upright / ticks, worstAngle, recordedSeconds };
}

/** Holdout RMSE of the newest world model, by state variable, in its unit. */
function lastModelError(run: RunDirectory): Record<string, number> {
  const row = run.metrics.read().rows.findLast((candidate) => candidate['kind'] === 'model');
  const names = row?.['outputs'] as string[] | undefined;
  const rmse = row?.['holdoutRmse'] as number[] | undefined;
  return Object.fromEntries((names ?? []).map((name, i) => [name, rmse?.[i] ?? NaN]));
}
