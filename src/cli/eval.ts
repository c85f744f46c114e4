import { Command } from 'commander';
import { loadPolicy } from '../agent/index.js';
import { badInput, Rng, systemClock } from '../core/index.js';
import { RunDirectory, latestRun } from '../data/index.js';
import type { VectorEnv } from '../env/index.js';
import { evaluatePolicy } from '../rl/evaluate-policy.js';
import { PlainPolicy, RandomPolicy } from '../rl/policy-snapshot.js';
import { loadRobot } from '../robot/index.js';
import { jobOf } from '../training/job.js';
import { integerAtLeast, jsonOption, runsOption, seedOption } from './options.js';
import { Output, table } from './output.js';

interface EvalCliOptions {
  readonly robot?: string;
  readonly run?: string;
  readonly runs: string;
  readonly episodes: number;
  readonly seed: number;
  readonly twinLike?: true;
  readonly json?: true;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description(
      'Evaluate a trained policy in simulation, without exploration, beside a random policy on the same starts.',
    )
    .option(
      '--robot <name|folder>',
      'a packaged robot (see urdf/) or the path of a robot folder; default: what the run was trained on',
    )
    .option('--run <folder>', 'run directory of the policy (default: the newest of the robot)')
    .addOption(runsOption())
    .option('--episodes <n>', 'episodes', integerAtLeast(1), 10)
    .addOption(seedOption())
    .option('--twin-like', 'with the noise, friction and gains of the twin instead of the nominal robot')
    .addOption(jsonOption())
    .action(evaluate);
}

async function evaluate(options: EvalCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { run, env } = await openForEvaluation(options);
  const { task } = env;
  const policy = new PlainPolicy(loadPolicy(run.loadCheckpoint()));
  const starts = (): Rng => new Rng(options.seed, 'evaluation');
  const trained = evaluatePolicy(env, policy, options.episodes, starts());
  const random = evaluatePolicy(
    env,
    new RandomPolicy(env.layout.actions.length, new Rng(options.seed, 'random-policy')),
    options.episodes,
    starts(),
  );
  env.dispose();
  const result = {
    run: run.path,
    task: task.name,
    episodes: options.episodes,
    meanReturn: trained.meanReturn,
    returns: Array.from(trained.returns),
    lengths: Array.from(trained.lengths),
    terminated: trained.terminated,
    returnRandom: random.meanReturn,
    goalReturn: task.goalReturn,
  };
  const worst = Math.min(...result.returns);
  const best = Math.max(...result.returns);
  output.result(
    result,
    table([
      [
        'policy',
        `${result.meanReturn.toFixed(1)} (worst ${worst.toFixed(1)}, best ${best.toFixed(1)}) over ${options.episodes} episodes`,
      ],
      ['random policy', result.returnRandom.toFixed(1)],
      ['goal', result.goalReturn.toFixed(1)],
      ['ended early', `${result.terminated} of ${options.episodes} episodes`],
      ['run', run.path],
    ]),
  );
}

/** The run, and a simulator of what its policy acts on. */
async function openForEvaluation(options: EvalCliOptions): Promise<{ run: RunDirectory; env: VectorEnv }> {
  const sim = await import('../../sim/index.js');
  const count = 1;
  if (options.robot === undefined && options.run === undefined)
    throw badInput('eval needs --run <folder>, or --robot <name> for the newest run of a robot');
  if (options.robot === undefined) {
    const run = RunDirectory.open(options.run!, systemClock);
    const { robot, task, mjcf } = jobOf(run.readConfig(), run.path);
    if (robot !== null) return openForEvaluation({ ...options, robot });
    if (options.twinLike)
      throw badInput('--twin-like is for robots; a standard task is as its definition says');
    const engine = await sim.loadEngine();
    return { run, env: sim.loadStandardEnv({ engine, task, count, ...(mjcf !== null && { mjcf }) }) };
  }
  const robot = loadRobot(options.robot);
  const run = options.run
    ? RunDirectory.open(options.run, systemClock)
    : latestRun(options.runs, robot.model.name, systemClock);
  const task = sim.findTask(robot.model, run.info.task);
  const imperfections = options.twinLike ? sim.realLikeImperfections(robot) : sim.nominalImperfections(robot);
  const engine = await sim.loadEngine();
  return { run, env: new sim.SimulatedVectorEnv({ engine, robot, task, count, imperfections }) };
}
