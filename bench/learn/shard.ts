import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { OwnCommand } from '../../src/cli/own-command.js';
import { DynabridgeError, systemClock } from '../../src/core/index.js';
import { RunDirectory } from '../../src/data/index.js';
import { jobOf } from '../../src/training/job.js';
import { confirmedGoal } from '../../src/report/index.js';

/** One seed of one algorithm on one task. */
export interface Shard {
  readonly robot: string | undefined;
  readonly task: string;
  readonly algo: 'mbpo' | 'sac';
  readonly preset: string;
  readonly seed: number;
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly threads: number;
}

/** How it went. */
export interface ShardResult {
  readonly seed: number;
  /** environment frames, warm-up included, and wall clock [s], until the threshold counts as reached; else all */
  readonly steps: number;
  readonly seconds: number;
  readonly reached: boolean;
  /** mean return of ten episodes of the best policy, on starts that chose nothing */
  readonly finalReturn: number;
  readonly threshold: number;
  /** what it was run with: environment frames at most, and threads */
  readonly limit: number;
  readonly threads: number;
  /** evaluations: step, seconds, return */
  readonly curve: readonly (readonly [number, number, number])[];
}

/** The task's name in tables and files: `reacher-easy` is a standard one, `reacher.reach` that of a robot. */
export function taskName({ robot, task }: Pick<Shard, 'robot' | 'task'>): string {
  return robot === undefined ? task : `${robot}.${task}`;
}

/** The command that a shard is; a stranger can type it. */
export function shardArguments(shard: Shard): string[] {
  const { robot, task, algo, preset, seed, steps, evaluateEvery, threads } = shard;
  const values = { task, algo, preset, seed, steps, 'evaluate-every': evaluateEvery, threads };
  return [
    ...(robot === undefined ? [] : ['--robot', robot]),
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...['--evaluation-episodes', '10', '--fresh-starts', '--episodes', '10', '--until-goal'],
  ];
}

/**
 * Trains a shard in its folder of `base`, goes on where it was interrupted or given more steps, or finds that it is done. One that
 * diverged has not reached its threshold.
 */
export async function runShard(shard: Shard, base: string): Promise<ShardResult> {
  const { algo, preset, seed } = shard;
  const folder = path.join(base, [taskName(shard), algo, preset, `s${seed}`].join('-'));
  const done = resultOf(folder);
  if (done !== undefined && (done.reached || done.limit >= shard.steps)) return done;
  const existing = runIn(folder);
  const resumable = existing?.hasCheckpoint() === true;
  if (!resumable) rmSync(folder, { recursive: true, force: true }); // killed before its first checkpoint
  const command = resumable
    ? new OwnCommand('resume', [existing.path, '--steps', String(shard.steps)], process.env)
    : new OwnCommand('train', [...shardArguments(shard), '--runs', folder], process.env);
  await command.success().catch((error: unknown) => {
    if (!(error instanceof DynabridgeError && error.code === 'GOAL_NOT_REACHED')) throw error;
  });
  return resultOf(folder) ?? unreached(shard);
}

function runIn(folder: string): RunDirectory | undefined {
  const [name] = existsSync(folder) ? readdirSync(folder).filter((entry) => !entry.startsWith('.')) : [];
  return name === undefined ? undefined : RunDirectory.open(path.join(folder, name), systemClock);
}

function resultOf(folder: string): ShardResult | undefined {
  const run = runIn(folder);
  const rows = run?.metrics.read().rows ?? [];
  const result = rows.findLast(({ kind }) => kind === 'result');
  if (run === undefined || result === undefined || result['ended'] === 'stopped') return undefined;
  const threshold = result['goalReturn'] as number;
  const curve = rows
    .filter(({ kind }) => kind === 'evaluation')
    .map((row) => [row['step'], row['seconds'], row['meanReturn'] ?? NaN] as [number, number, number]); // NaN was written as null
  const returns = curve.map(([, , value]) => value);
  const first = curve[confirmedGoal(returns, threshold)];
  return {
    seed: run.info.seed,
    steps: first?.[0] ?? (result['realSteps'] as number),
    seconds: Math.round(first?.[1] ?? (result['seconds'] as number)),
    reached: first !== undefined,
    finalReturn: Math.round((result['returnAfter'] as number) * 10) / 10,
    threshold,
    limit: Math.max(jobOf(run.readConfig(), run.path).steps, result['realSteps'] as number),
    threads: (result['threads'] as number | null) ?? 1,
    curve,
  };
}

/** Of a seed that diverged before its first evaluation. */
function unreached({ seed, steps, threads }: Shard): ShardResult {
  const nothing = { reached: false, finalReturn: NaN, threshold: NaN, seconds: NaN, curve: [] };
  return { seed, steps, limit: steps, threads, ...nothing };
}
