/** `dynabridge report` on run directories, through the built command line. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRasterizer } from '../../src/report/rasterizer.js';
import { writeSampleRun } from '../unit/report/sample-runs.js';
import { Dynabridge, type Ended } from './own-process.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-report-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const report = (...args: string[]): Promise<Ended> => new Dynabridge(['report', ...args]).ended;
const png = async (): Promise<boolean> => typeof (await loadRasterizer()) === 'function';

interface Result {
  readonly report: string;
  readonly figures: readonly string[];
  readonly runs: readonly { readonly diagnostics: { readonly auroc: number } | null }[];
  readonly tasks: readonly {
    readonly task: string;
    readonly groups: readonly {
      readonly label: string;
      readonly stepsToGoal: { readonly median: number | null; readonly reached: number; readonly of: number };
      readonly steps: { readonly x: readonly number[]; readonly median: readonly number[] };
    }[];
  }[];
}

describe('report', () => {
  it('of several runs compares them, one section per task, and prints the numbers', async () => {
    const runs = [1, 2, 3].flatMap((seed) => [
      writeSampleRun(folder, { seed }),
      writeSampleRun(folder, { seed, algo: 'sac', steps: 15_000 }),
    ]);
    runs.push(writeSampleRun(folder, { task: 'reach', steps: 1000 }));
    const out = path.join(folder, 'out');
    const { code, stdout } = await report(...runs.map((run) => run.path), '--out', out, '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as Result;
    expect(result.tasks.map(({ task, groups }) => [task, groups.map(({ label }) => label)])).toEqual([
      ['cartpole-balance', ['MBPO small', 'SAC small']],
      ['reach', ['MBPO small']],
    ]);
    const [balance, reach] = result.tasks;
    const [mbpo, sac] = balance!.groups;
    expect(mbpo!.stepsToGoal).toMatchObject({ reached: 3, of: 3 });
    expect(mbpo!.stepsToGoal.median!).toBeLessThan(sac!.stepsToGoal.median!);
    expect(reach!.groups[0]!.stepsToGoal).toMatchObject({ median: null, reached: 0, of: 1 });
    expect(mbpo!.steps.median).toHaveLength(mbpo!.steps.x.length);
    expect(result.runs[0]!.diagnostics).toMatchObject({ auroc: 0.87 });
    expect(result.figures).toHaveLength(2 * 3 * ((await png()) ? 2 : 1));
    for (const file of [...result.figures, result.report]) expect(existsSync(file)).toBe(true);
    expect(readFileSync(path.join(out, 'report.html'), 'utf8')).toContain('7 runs compared');
  });

  it('of one run writes its report and its plots into its directory', async () => {
    const run = writeSampleRun(folder);
    const { code, stdout } = await report(run.path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/cartpole-balance, MBPO small +1 seed; return \d+/);
    expect(readFileSync(run.reportPath, 'utf8')).toContain('Trust in the world model');
    expect(readdirSync(run.path)).toContain('calibration.svg');
  });

  it.each([
    ['no run at all', () => [], /missing required argument 'run'/],
    ['a folder that does not exist', () => ['/nowhere'], /\/nowhere does not exist/],
    [
      'a folder that is no run',
      () => {
        mkdirSync(path.join(folder, 'photos'));
        return [path.join(folder, 'photos')];
      },
      /photos has no run\.json/,
    ],
    [
      'a run without evaluations beside one with them',
      () => [writeSampleRun(folder).path, writeSampleRun(folder, { seed: 2, steps: 0 }).path],
      /s2 has no evaluation in metrics\.jsonl/,
    ],
    [
      'the same run twice',
      () => {
        const run = writeSampleRun(folder).path;
        return [run, `${run}/`];
      },
      /is given twice/,
    ],
    [
      'a row that is wrong',
      () => {
        const run = writeSampleRun(folder).path;
        writeFileSync(path.join(run, 'metrics.jsonl'), '{"kind":"evaluation","step":-1}\n');
        return [run];
      },
      /metrics\.jsonl: evaluation row 1: step/,
    ],
  ])('of %s gives one clear error, exit code 2, and writes nothing', async (_what, runs, message) => {
    const out = path.join(folder, 'out');
    const { code, stderr } = await report(...runs(), '--out', out);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m); // no stack trace
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it('leaves out a torn line, and says so', async () => {
    const run = writeSampleRun(folder);
    writeFileSync(run.metrics.path, '{"kind":"evalu', { flag: 'a' });
    const { code, stderr } = await report(run.path, '--out', path.join(folder, 'out'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: .*metrics\.jsonl:\d+ is left out/);
  });
});
