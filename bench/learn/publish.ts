import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageRoot, percentile } from '../../src/core/index.js';
import type { LearnRow } from './learn.js';
import { taskName, type Shard, type ShardResult } from './shard.js';

const RESULTS = 'docs/results.md';
const CURVES = 'docs/learning-curves';
const DATA = `${CURVES}/results.json`;
const [BEGIN, END] = ['<!-- learn: begin -->', '<!-- learn: end -->'];

interface PublishedRow extends LearnRow {
  readonly machine: string;
  /** of each seed: environment frames at most, and threads */
  readonly limits: readonly number[];
  readonly threads: readonly number[];
  /** median steps to the first single evaluation at the threshold; null as medianSteps */
  readonly medianFirstSteps: number | null;
}

/**
 * Writes the rows into the table of docs/results.md, beside those of earlier calls, and every seed's curve into docs/learning-curves
 * as CSV. A row of the same task, algorithm and preset is replaced.
 */
export function publish(
  rows: readonly LearnRow[],
  shards: readonly Shard[],
  results: ReadonlyMap<Shard, ShardResult>,
  machine: string,
): void {
  const file = (name: string): string => fileURLToPath(new URL(name, packageRoot()));
  mkdirSync(file(CURVES), { recursive: true });
  for (const [shard, { curve }] of results) {
    const { algo, preset, seed } = shard;
    const lines = curve.map(([step, seconds, value]) => `${step},${seconds.toFixed(1)},${value.toFixed(2)}`);
    writeFileSync(
      file(`${CURVES}/${taskName(shard)}-${algo}-${preset}-s${seed}.csv`),
      ['step,seconds,mean_return', ...lines, ''].join('\n'),
    );
  }
  const key = ({ task, algo, preset }: LearnRow): string => `${task} ${algo} ${preset}`;
  const fresh = rows.map((row): PublishedRow => {
    const own = shards.filter((shard) => taskName(shard) === row.task && shard.algo === row.algo);
    const done = own.map((shard) => results.get(shard)!);
    const limits = done.map(({ limit }) => limit);
    const threads = done.map((result) => result.threads);
    return { ...row, machine, limits, threads, medianFirstSteps: medianFirstSteps(done) };
  });
  const replaced = new Set(fresh.map(key));
  const all = [...published(file(DATA)).filter((row) => !replaced.has(key(row))), ...fresh];
  all.sort((a, b) => key(a).localeCompare(key(b)));
  writeFileSync(file(DATA), JSON.stringify(all, null, 1) + '\n');
  const text = readFileSync(file(RESULTS), 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${RESULTS} has no lines ${BEGIN} and ${END}`);
  writeFileSync(
    file(RESULTS),
    `${text.slice(0, begin + BEGIN.length)}\n\n${markdown(all)}\n\n${text.slice(end)}`,
  );
}

function medianFirstSteps(results: readonly ShardResult[]): number | null {
  const first = results.map(
    ({ curve, threshold }) => curve.find(([, , value]) => value >= threshold)?.[0] ?? Number.MAX_VALUE,
  );
  const median = percentile(first, 50);
  return median < Number.MAX_VALUE / 4 ? median : null;
}

function published(path: string): PublishedRow[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PublishedRow[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function markdown(rows: readonly PublishedRow[]): string {
  const header = [
    'task',
    'algo',
    'preset',
    'threshold',
    'reached',
    'median steps',
    'to the first alone',
    'median s',
    'steps of each seed',
    'final returns',
  ];
  const cells = rows.map(
    ({ task, algo, preset, threshold, seeds, medianSteps, medianFirstSteps, medianSeconds }) => [
      task,
      algo,
      preset,
      String(threshold),
      `${seeds.filter(({ reached }) => reached).length} of ${seeds.length}`,
      medianSteps === null ? '**not reached**' : String(medianSteps),
      medianFirstSteps === null ? '-' : String(medianFirstSteps),
      medianSeconds === null ? '-' : String(medianSeconds),
      seeds.map(({ steps, reached }) => (reached ? String(steps) : `> ${steps}`)).join(', '),
      seeds.map(({ finalReturn }) => String(finalReturn)).join(', '),
    ],
  );
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [
    line(header),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...cells.map(line),
  ].join('\n');
}
