import path from 'node:path';
import { Command, Option } from 'commander';
import type { BackendChoice } from '../compute/backend-names.js';
import { badInput, DynabridgeError, systemClock } from '../core/index.js';
import { RunDirectory } from '../data/index.js';
import { ALGORITHMS, PRESETS, presetConfig, type Algorithm, type Preset } from '../rl/presets.js';
import { findRobot } from '../robot/index.js';
import type { TrainingJob } from '../training/job.js';
import { overrideConfig } from '../training/override-config.js';
import { trainInThread } from '../training/train-in-thread.js';
import type { TrainingSummary } from '../training/session.js';
import type { TrainingOrder } from '../training/training-order.js';
import { interruptSignal } from './interrupt.js';
import {
  backendOption,
  besideRobotOption,
  integerAtLeast,
  jsonOption,
  numberWithin,
  runsOption,
  seedOption,
  threadsOption,
} from './options.js';
import { Output, table } from './output.js';
import { versions } from './versions.js';

interface TrainCliOptions {
  readonly robot?: string;
  readonly task: string;
  readonly mjcf?: string;
  readonly algo: Algorithm;
  readonly preset: Preset;
  readonly config?: string;
  readonly steps: number;
  readonly seed: number;
  readonly envs: number;
  readonly randomise: number;
  readonly backend: BackendChoice;
  readonly threads?: number;
  readonly besideRobot?: true;
  readonly evaluateEvery: number;
  readonly evaluationEpisodes: number;
  readonly freshStarts?: true;
  readonly episodes: number;
  readonly untilGoal?: true;
  readonly runs: string;
  readonly json?: true;
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Train a policy in simulation: with MBPO, where a probabilistic ensemble learns the dynamics and SAC learns on short imagined\n' +
        'rollouts from it, or with SAC alone. Everything goes to a new run directory. Ctrl+C keeps what was learned, and\n' +
        'dynabridge resume goes on.',
    )
    .option(
      '--robot <name|folder>',
      'a packaged robot (see urdf/) or the path of a robot folder; without it --task is a standard task, e.g. hopper',
    )
    .option(
      '--task <name>',
      'what to learn, e.g. swing-up or balance; a wrong name lists those there are',
      'balance',
    )
    .option('--mjcf <file>', "a MuJoCo model of your own in place of a standard task's")
    .addOption(
      new Option('--algo <name>', 'mbpo, or sac: the same learner without a world model')
        .choices(ALGORITHMS)
        .default('mbpo'),
    )
    .addOption(
      new Option(
        '--preset <name>',
        'cpu: small networks, minutes on a laptop; official: as in the MBPO paper, slow on a CPU; ' +
          'sim: many simulators and few updates, where steps cost nothing (with --algo sac --envs 16)',
      )
        .choices(PRESETS)
        .default('cpu'),
    )
    .option('--config <file>', 'YAML that changes values of the preset; its keys: src/rl/learner-config.ts')
    .option(
      '--steps <n>',
      'environment steps at most (frames, where a task repeats actions)',
      integerAtLeast(1),
      5000,
    )
    .addOption(seedOption())
    .option('--envs <n>', 'simulators that are stepped together', integerAtLeast(1), 1)
    .option(
      '--randomise <share>',
      'let masses, friction, damping and drives of the simulators differ by up to this share',
      numberWithin(0, 0.9),
      0,
    )
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(besideRobotOption())
    .option(
      '--evaluate-every <n>',
      'environment steps between evaluations, each of which keeps a checkpoint',
      integerAtLeast(1),
      500,
    )
    .option('--evaluation-episodes <n>', 'episodes of each evaluation', integerAtLeast(1), 5)
    .option('--fresh-starts', 'draw other starts for each evaluation, as benchmarks do')
    .option('--episodes <n>', 'episodes of the final evaluation', integerAtLeast(1), 10)
    .option('--until-goal', "end as soon as two evaluations in a row reach the task's goal")
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(train);
}

async function train(options: TrainCliOptions): Promise<void> {
  const job = await jobFrom(options);
  const place = {
    base: options.runs,
    commandLine: `dynabridge ${process.argv.slice(2).join(' ')}`,
    versions: versions(),
  };
  await follow({ kind: 'start', job, place }, job.steps, options.json ?? false);
}

/** Wrong input is told here, before anything slow is loaded. */
async function jobFrom(options: TrainCliOptions): Promise<TrainingJob> {
  const sim = await import('../../sim/index.js');
  const { robot, mjcf, task, envs, randomise } = options;
  if (robot !== undefined && mjcf !== undefined)
    throw badInput('--mjcf is for standard tasks; a robot of --robot has its own URDF');
  if (robot === undefined && randomise > 0)
    throw badInput(`--randomise ${randomise} is for robots; standard tasks are as their definitions say`);
  if (randomise > 0 && envs === 1)
    throw badInput(`--randomise ${randomise} needs several simulators to differ; add --envs 16`);
  const folder = robot === undefined ? null : path.resolve(findRobot(robot));
  if (folder === null) sim.findStandardTask(task);
  else {
    const { loadRobot } = await import('../robot/index.js');
    sim.findTask(loadRobot(folder).model, task);
  }
  const preset = presetConfig(options.algo, options.preset, { task, delayed: folder !== null });
  return {
    robot: folder,
    task,
    mjcf: mjcf === undefined ? null : path.resolve(mjcf),
    algo: options.algo,
    preset: options.preset,
    seed: options.seed,
    steps: options.steps,
    envs,
    randomise,
    evaluateEvery: options.evaluateEvery,
    evaluationEpisodes: options.evaluationEpisodes,
    freshStarts: options.freshStarts ?? false,
    episodes: options.episodes,
    untilGoal: options.untilGoal ?? false,
    backend: options.backend,
    threads: options.threads ?? null,
    besideRobot: options.besideRobot ?? false,
    learner: options.config === undefined ? preset : overrideConfig(preset, options.config),
  };
}

/** Runs a training to its end with progress for people, then its report. */
export async function follow(order: TrainingOrder, steps: number, json: boolean): Promise<void> {
  const output = new Output(json);
  const signal = interruptSignal((name) =>
    output.line(`${name}: ending after this step, keeping what was learned (again to end at once)`),
  );
  const progress = output.progress('train', steps, 'steps');
  const summary = await trainInThread(
    order,
    { line: (text) => output.line(text), progress: (frame, note) => progress.update(frame, note) },
    signal,
  ).finally(() => progress.stop());
  const { refreshReport } = await import('./run-report.js');
  const run = RunDirectory.open(summary.run, systemClock);
  const report = await refreshReport(run);
  run.close();
  output.result({ ...summary, report }, table(rows(summary, report)));
  if (summary.ended === 'stopped') {
    const resume = `go on with: dynabridge resume ${summary.run}`;
    throw new DynabridgeError(
      'INTERRUPTED',
      `training was ended by request; what was learned is kept; ${resume}`,
    );
  }
  if (summary.ended === 'diverged') {
    throw new DynabridgeError(
      'GOAL_NOT_REACHED',
      `training diverged after ${summary.realSteps} steps; the policy kept is the best from before (see events.jsonl in ${summary.run})`,
    );
  }
}

function rows(summary: TrainingSummary, report: string): [string, string][] {
  const { returnRandom, returnBefore, returnAfter, returns, goalReturn, realSteps, seconds, run } = summary;
  const format = (value: number): string => value.toFixed(1);
  return [
    ['random policy', format(returnRandom)],
    ['before training', format(returnBefore)],
    [
      'after training',
      `${format(returnAfter)} (mean of ${returns.length} episodes; goal ${format(goalReturn)})`,
    ],
    ['real steps', `${realSteps} in ${seconds.toFixed(0)} s`],
    ['run', run],
    ['report', report],
  ];
}
