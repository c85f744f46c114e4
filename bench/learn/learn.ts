/** Sample efficiency: environment steps and wall clock to a task's threshold, seed by seed. */
import os from 'node:os';
import path from 'node:path';
import { percentile } from '../../src/core/index.js';
import { columns, machineLine } from '../statistics-table.js';
import { publish } from './publish.js';
import { runShard, shardArguments, taskName, type Shard, type ShardResult } from './shard.js';
import { budgetOf } from './tasks.js';

export interface LearnOptions {
  readonly robot?: string;
  readonly task: readonly string[];
  readonly algo: readonly ('mbpo' | 'sac')[];
  readonly preset: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly steps?: number;
  readonly evaluateEvery?: number;
  readonly jobs: number;
  readonly threads: number;
  readonly runs: string;
  readonly publish?: true;
  readonly json?: true;
}

/** One row of the table: a task, an algorithm and its preset over seeds. */
export interface LearnRow {
  readonly task: string;
  readonly algo: 'mbpo' | 'sac';
  readonly preset: string;
  readonly threshold: number;
  readonly seeds: readonly Omit<ShardResult, 'threshold' | 'limit' | 'threads' | 'curve'>[];
  /** null: not reached by more than half of the seeds; seconds are wall clock */
  readonly medianSteps: number | null;
  readonly medianSeconds: number | null;
  readonly reachedFraction: number;
}

export async function benchLearn(options: LearnOptions): Promise<void> {
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const { jobs, threads, runs } = options;
  note(`${machineLine()}; ${jobs} seeds at a time, ${threads} threads each; runs in ${path.resolve(runs)}`);
  const shards = options.task.flatMap((task) =>
    options.algo.flatMap((algo) => shardsOf(options, task, algo)),
  );
  const results = new Map<Shard, ShardResult>();
  const queue = [...shards];
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let shard = queue.shift(); shard !== undefined; shard = queue.shift()) {
        note(`dynabridge train ${shardArguments(shard).join(' ')}`);
        results.set(shard, await runShard(shard, runs));
        note(`${results.size} of ${shards.length} done: ${describe(shard, results.get(shard)!)}`);
      }
    }),
  );
  const rows = options.task.flatMap((task) =>
    options.algo.map((algo) => {
      const own = shards.filter((shard) => shard.task === task && shard.algo === algo);
      return rowOf(
        taskName({ robot: options.robot, task }),
        algo,
        options.preset,
        own.map((shard) => results.get(shard)!),
      );
    }),
  );
  if (options.publish) publish(rows, shards, results, machineLine());
  if (options.json) console.log(JSON.stringify({ rows }));
  else console.log(tableOf(rows));
}

function shardsOf(options: LearnOptions, task: string, algo: 'mbpo' | 'sac'): Shard[] {
  const { robot, preset, seeds, firstSeed, threads } = options;
  const budget = budgetOf(task, algo);
  return Array.from({ length: seeds }, (_, i) => ({
    robot,
    task,
    algo,
    preset,
    seed: firstSeed + i,
    steps: options.steps ?? budget.steps,
    evaluateEvery: options.evaluateEvery ?? budget.evaluateEvery,
    threads,
  }));
}

/** @param results of all seeds; one that did not reach the threshold counts as later than all that did */
export function rowOf(
  task: string,
  algo: 'mbpo' | 'sac',
  preset: string,
  results: readonly ShardResult[],
): LearnRow {
  const median = (of: (result: ShardResult) => number): number | null => {
    const value = percentile(
      results.map((result) => (result.reached ? of(result) : Number.MAX_VALUE)),
      50,
    );
    return value < Number.MAX_VALUE / 4 ? value : null;
  };
  return {
    task,
    algo,
    preset,
    threshold: results[0]!.threshold,
    seeds: results.map(({ seed, steps, seconds, reached, finalReturn }) => ({
      seed,
      steps,
      seconds,
      reached,
      finalReturn,
    })),
    medianSteps: median(({ steps }) => steps),
    medianSeconds: median(({ seconds }) => seconds),
    reachedFraction: results.filter(({ reached }) => reached).length / results.length,
  };
}

function describe(shard: Shard, { seed, steps, seconds, reached, finalReturn }: ShardResult): string {
  const { algo } = shard;
  const what = reached ? 'reached its threshold' : 'did not reach its threshold';
  return `${taskName(shard)} ${algo} seed ${seed} ${what} in ${steps} steps, ${seconds} s; final return ${finalReturn}`;
}

export function tableOf(rows: readonly LearnRow[]): string {
  return columns(
    ['task', 'algo', 'preset', 'threshold', 'reached', 'median steps', 'median s', 'steps of each seed'],
    rows.map((row) => [
      row.task,
      row.algo,
      row.preset,
      String(row.threshold),
      `${row.seeds.filter(({ reached }) => reached).length}/${row.seeds.length}`,
      row.medianSteps === null ? 'not reached' : String(row.medianSteps),
      row.medianSeconds === null ? '-' : String(row.medianSeconds),
      row.seeds.map(({ steps, reached }) => (reached ? String(steps) : `>${steps}`)).join(' '),
    ]),
  );
}

/** Seeds that fit beside each other with one thread each. */
export const defaultJobs = (): number => os.availableParallelism();
