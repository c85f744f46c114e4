import path from 'node:path';
import { checkPolicy, choosePrediction, startMotion } from '../agent/index.js';
import type { BackendChoice } from '../compute/backend-names.js';
import { Rng, badInput, systemClock } from '../core/index.js';
import { RunDirectory, latestRun } from '../data/index.js';
import type { RobotTask } from '../env/index.js';
import { Course, parseReset, type Reset } from '../finetune/index.js';
import {
  finetuneJobOf,
  firstCheckpoint,
  refinedConfig,
  requireSameNetworks,
  type FinetuneJob,
} from '../learner/index.js';
import { parseLearnerConfig, type LearnerConfig } from '../rl/learner-config.js';
import type { Contract, Robot } from '../robot/index.js';
import { overrideConfig } from '../training/override-config.js';
import { findTask } from '../../sim/tasks/index.js';
import { contractOf } from './contract-of.js';
import { versions } from './versions.js';

export interface FinetuningOptions {
  readonly run?: string;
  readonly runs: string;
  readonly resume?: string;
  readonly budget?: number;
  readonly evaluationEpisodes?: number;
  readonly reset?: string;
  readonly config?: string;
  readonly seed: number;
  readonly backend: BackendChoice;
  readonly threads?: number;
}

/** A fine-tuning that may begin, or go on. */
export interface Finetuning {
  readonly run: RunDirectory;
  readonly job: FinetuneJob;
  readonly contract: Contract;
  readonly task: RobotTask;
  readonly course: Course;
  readonly reset: Reset;
  /** positions of the commanded joints (m) where an episode of the task may start */
  readonly drawStart: () => number[];
}

/** Robot time where none is given [s]. */
const DEFAULT_BUDGET = 180;
const DEFAULT_EVALUATION_EPISODES = 2;
const DEFAULT_RESET = 'manual';

/**
 * Makes the run of a fine-tuning, or opens it again. Nothing is written before all that was given is known to be right.
 * @throws BAD_INPUT, or CONTRACT_MISMATCH for another robot than the policy was trained for
 */
export function openFinetuning(options: FinetuningOptions, robot: Robot): Finetuning {
  return options.resume === undefined ? begin(options, robot) : goOn(options.resume, options, robot);
}

function begin(options: FinetuningOptions, robot: Robot): Finetuning {
  const trained = options.run
    ? RunDirectory.open(options.run, systemClock)
    : latestRun(options.runs, robot.model.name, systemClock, 'train');
  const contract = contractOf(trained, robot);
  const task = findTask(robot.model, contract.task);
  const checkpoint = trained.loadCheckpoint();
  checkPolicy(checkpoint, robot);
  choosePrediction(checkpoint, robot); // refuses a world model that cannot be used
  const learner = configOf(learnerConfigOf(trained), task.name, options.config);
  const job: FinetuneJob = {
    trained: trained.path,
    trainedStep: checkpoint.step,
    task: task.name,
    seed: options.seed,
    budget: options.budget ?? DEFAULT_BUDGET,
    evaluationEpisodes: options.evaluationEpisodes ?? DEFAULT_EVALUATION_EPISODES,
    reset: options.reset ?? DEFAULT_RESET,
    backend: options.backend,
    threads: options.threads ?? null,
    learner,
  };
  const rest = parts(job, task, robot);
  const run = RunDirectory.create(
    options.runs,
    {
      kind: 'finetune',
      robot: robot.model.name,
      task: task.name,
      seed: job.seed,
      commandLine: `dynabridge ${process.argv.slice(2).join(' ')}`,
      versions: versions(),
      config: job,
      contract,
    },
    systemClock,
  );
  run.saveCheckpoint(firstCheckpoint(checkpoint));
  return { run, job, contract, task, ...rest };
}

function goOn(folder: string, options: FinetuningOptions, robot: Robot): Finetuning {
  const { run, config } = options;
  if (run !== undefined || config !== undefined)
    throw badInput('--resume goes on with what a run was begun with; leave --run and --config out');
  const resumed = RunDirectory.open(folder, systemClock);
  const begun = finetuneJobOf(resumed.readConfig(), resumed.path);
  const {
    budget = begun.budget,
    reset = begun.reset,
    evaluationEpisodes = begun.evaluationEpisodes,
  } = options;
  const job = { ...begun, budget, reset, evaluationEpisodes };
  const contract = contractOf(resumed, robot);
  const task = findTask(robot.model, job.task);
  return { run: resumed, job, contract, task, ...parts(job, task, robot) };
}

function parts(
  job: FinetuneJob,
  task: RobotTask,
  robot: Robot,
): Pick<Finetuning, 'course' | 'reset' | 'drawStart'> {
  const { episodeSteps } = task;
  const { policyRateHz } = robot.config;
  const reset = parseReset(job.reset);
  const starts = new Rng(job.seed, 'start');
  const drawStart = (): number[] => startPose(task.reset(starts).positions, robot);
  if (reset.kind === 'start') startMotion(robot, { motion: 'start', pose: drawStart(), steps: 1 }); // refuses it as the agent would
  return { course: new Course({ ...job, episodeSteps, policyRateHz }), reset, drawStart };
}

/** Positions of the commanded joints (m); those that a task does not name start at zero. */
function startPose(positions: Readonly<Record<string, number>>, { model }: Robot): number[] {
  return model.commanded.map((joint) => positions[joint] ?? 0);
}

/** Of a training, or of a fine-tuning that is to be gone on with on another day. */
function learnerConfigOf(run: RunDirectory): LearnerConfig {
  const { learner } = (run.readConfig() ?? {}) as { readonly learner?: unknown };
  return parseLearnerConfig(learner, path.join(run.path, 'config.yaml: learner'));
}

/** How it is to learn. @param file of --config */
function configOf(trained: LearnerConfig, task: string, file: string | undefined): LearnerConfig {
  const refined = refinedConfig(trained, task);
  if (file === undefined) return refined;
  const changed = overrideConfig(refined, file);
  requireSameNetworks(refined, changed, `--config ${file}`);
  return changed;
}
