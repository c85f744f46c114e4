/**
 * How far a policy that was trained in simulation comes on another robot, in minutes of that robot's time: the twin's physics without the
 * wire, so that many seeds can be measured. What `dynabridge finetune` does on top is drive, which e2e tests.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { OwnCommand } from '../../src/cli/own-command.js';
import { selectBackend } from '../../src/compute/index.js';
import { Rng, elapsedMs, percentile, systemClock } from '../../src/core/index.js';
import { RunDirectory } from '../../src/data/index.js';
import type { VectorEnv } from '../../src/env/index.js';
import {
  PlainPolicy,
  Trainer,
  evaluatePolicy,
  observationSpec,
  presetConfig,
  snapshotFromTensors,
  withoutPrefix,
  type LearnerConfig,
  type PolicySnapshot,
  type PolicySnapshotMeta,
  type RecordedEpisode,
} from '../../src/rl/index.js';
import { findRobot, loadRobot } from '../../src/robot/index.js';
import { jobOf } from '../../src/training/job.js';
import {
  SimulatedVectorEnv,
  findTask,
  loadEngine,
  parseImperfections,
  realLikeImperfections,
} from '../../sim/index.js';
import { columns, machineLine } from '../statistics-table.js';
import { FINETUNE_CASES, type FinetuneCase, type FinetuneImpl } from './cases.js';
import { episodeLearner, type LearnerStart } from './learners.js';

export interface FinetuneBenchOptions {
  readonly cases: readonly string[];
  readonly impls: readonly FinetuneImpl[];
  readonly seeds: number;
  /** robot time [s] */
  readonly budget: number;
  readonly runs: string;
  readonly json?: true;
}

interface Row {
  readonly case: string;
  readonly impl: FinetuneImpl;
  readonly seed: number;
  /** mean returns over ten starts, without exploration: as trained, at the end, and the lowest after any round of learning */
  readonly zeroShot: number;
  readonly final: number;
  readonly worst: number;
  readonly robotSeconds: number;
  readonly learningSeconds: number;
}

/** A robot, and the policy that is to learn it. */
interface Setting extends LearnerStart {
  readonly env: VectorEnv;
  /** the same robot, for evaluations, which cost it no time here */
  readonly judge: VectorEnv;
  readonly trained: PolicySnapshot;
  readonly policyRateHz: number;
  readonly scratch: LearnerConfig;
  readonly zeroShot: number;
}

const EVALUATION_EPISODES = 10;
/** --evaluation-episodes of the command, before it learns */
const AS_TRAINED_EPISODES = 2;

export async function benchFinetune(options: FinetuneBenchOptions): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  say(machineLine());
  const backend = await selectBackend('auto', { threads: 1 });
  say(backend.explanation);
  const rows: Row[] = [];
  for (const one of FINETUNE_CASES.filter(({ name }) => options.cases.includes(name))) {
    const setting = await settingOf(one, options.runs);
    say(`${one.name}: as trained ${setting.zeroShot.toFixed(1)}, goal ${setting.task.goalReturn}`);
    for (const impl of options.impls) {
      for (let seed = 1; seed <= options.seeds; seed++) {
        const row = await measure(setting, impl, seed, options.budget);
        rows.push({ case: one.name, ...row });
        say(`  ${impl}, seed ${seed}: ${row.final.toFixed(1)}, lowest ${row.worst.toFixed(1)}`);
      }
    }
    setting.env.dispose();
    setting.judge.dispose();
  }
  process.stdout.write(options.json ? `${JSON.stringify({ rows })}\n` : `${summary(rows)}\n`);
}

/** Trains the policy, unless that was done before. */
async function settingOf(one: FinetuneCase, runs: string): Promise<Setting> {
  const folder = path.join(runs, one.name);
  if (!existsSync(folder)) {
    const steps = ['--steps', String(one.trainingSteps), '--until-goal', '--evaluate-every', '250'];
    const what = ['--robot', one.robot, '--task', one.task, '--seed', '1', '--threads', '1'];
    await new OwnCommand('train', [...what, ...steps, '--runs', folder], process.env).success();
  }
  const [name] = readdirSync(folder);
  const run = RunDirectory.open(path.join(folder, name!), systemClock);
  const checkpoint = run.loadCheckpoint();
  const robot = loadRobot(findRobot(one.robot));
  const task = findTask(robot.model, one.task);
  const imperfections = parseImperfections({ ...realLikeImperfections(robot), ...one.perturbation });
  const engine = await loadEngine();
  const make = (): SimulatedVectorEnv =>
    new SimulatedVectorEnv({ engine, robot, task, count: 1, imperfections });
  const [env, judge] = [make(), make()];
  const { learner: config } = jobOf(run.readConfig(), run.path);
  const meta = checkpoint.parts['policy'] as unknown as PolicySnapshotMeta;
  const trained = snapshotFromTensors(withoutPrefix('policy', checkpoint.tensors), meta);
  const { layout } = env;
  return {
    ...{ checkpoint, config, layout, task, env, judge, trained },
    observation: observationSpec(layout, config),
    policyRateHz: robot.config.policyRateHz,
    scratch: presetConfig('mbpo', 'cpu', { task: one.task, delayed: true }),
    zeroShot: judged(judge, trained),
  };
}

function judged(env: VectorEnv, policy: PolicySnapshot): number {
  return evaluatePolicy(env, new PlainPolicy(policy), EVALUATION_EPISODES, new Rng(0, 'judged')).meanReturn;
}

async function measure(
  setting: Setting,
  impl: FinetuneImpl,
  seed: number,
  budget: number,
): Promise<Omit<Row, 'case'>> {
  const { zeroShot } = setting;
  const result =
    impl === 'scratch' ? await fromScratch(setting, seed, budget) : await refine(setting, impl, seed, budget);
  return { impl, seed, zeroShot, ...result };
}

type Measured = Pick<Row, 'final' | 'worst' | 'robotSeconds' | 'learningSeconds'>;

/** Some episodes as trained, as the command drives them, then exploring ones, with a round of learning before each. */
async function refine(
  setting: Setting,
  impl: Exclude<FinetuneImpl, 'scratch'>,
  seed: number,
  budget: number,
): Promise<Measured> {
  const { env, judge, trained, policyRateHz } = setting;
  const learner = await episodeLearner(impl, setting, seed);
  const [starts, exploration] = [new Rng(seed, 'start'), new Rng(seed, 'exploration')];
  let policy = new PlainPolicy(trained);
  let news: RecordedEpisode[] = [];
  let [final, worst, steps, learningSeconds] = [NaN, Infinity, 0, 0];
  for (let driven = 1; steps < budget * policyRateHz; driven++) {
    const { episode, length } = drive(env, policy, starts, budget * policyRateHz - steps);
    steps += length;
    news.push(episode);
    if (driven < AS_TRAINED_EPISODES) continue;
    const startNs = systemClock.nowNs();
    await learner.learn(news);
    learningSeconds += elapsedMs(startNs, systemClock.nowNs()) / 1e3;
    news = [];
    policy = new PlainPolicy(learner.explorer(), exploration);
    final = judged(judge, learner.policy());
    worst = Math.min(worst, final);
  }
  learner.dispose();
  return { final, worst, robotSeconds: steps / policyRateHz, learningSeconds };
}

function drive(
  env: VectorEnv,
  policy: PlainPolicy,
  starts: Rng,
  most: number,
): { episode: RecordedEpisode; length: number } {
  env.reset(0, starts);
  const carry = policy.begin();
  const frames = [...env.frames];
  const actions: number[] = [];
  for (let length = 1; ; length++) {
    const { action } = policy.step(carry, env.frames);
    actions.push(...action);
    const { terminated, truncated } = env.step(action);
    frames.push(...env.frames);
    if (terminated[0] === 0 && truncated[0] === 0 && length < most) continue;
    const episode = { frames: Float32Array.from(frames), actions: Float32Array.from(actions) };
    return { episode: { ...episode, terminated: terminated[0] === 1 }, length };
  }
}

async function fromScratch(setting: Setting, seed: number, budget: number): Promise<Measured> {
  const { env, judge, observation, scratch: config, policyRateHz } = setting;
  const startNs = systemClock.nowNs();
  const trainer = new Trainer({ env, observation, config, seed, clock: systemClock });
  while (trainer.stepCount < budget * policyRateHz) await trainer.step();
  const learningSeconds = elapsedMs(startNs, systemClock.nowNs()) / 1e3;
  const final = judged(judge, trainer.learner.policy());
  const robotSeconds = trainer.stepCount / policyRateHz;
  trainer.dispose();
  return { final, worst: final, robotSeconds, learningSeconds };
}

/** Medians over seeds, and their spread. */
function summary(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.case} ${row.impl}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const number = (value: number): string => value.toFixed(1);
  const table = [...groups.values()].map((group) => {
    const finals = group.map(({ final }) => final);
    const { case: name, impl, zeroShot, robotSeconds } = group[0]!;
    const median = (values: readonly number[]): string => number(percentile(values, 50));
    return [
      ...[
        name,
        impl,
        number(zeroShot),
        median(finals),
        `${number(Math.min(...finals))} to ${number(Math.max(...finals))}`,
      ],
      ...[number(Math.min(...group.map(({ worst }) => worst))), number(robotSeconds)],
      median(group.map(({ learningSeconds }) => learningSeconds)),
    ];
  });
  const header = [
    'case',
    'learner',
    'as trained',
    'median',
    'min to max',
    'lowest on the way',
    'robot s',
    'learning s',
  ];
  return columns(header, table);
}
