/** `dynabridge model-eval` on a run that was trained for a moment only. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Dynabridge, type Ended } from './own-process.js';

const OUTPUTS = [
  'slider position [m]',
  'pole_hinge position [rad]',
  'slider velocity [m/s]',
  'pole_hinge velocity [rad/s]',
  'slider command [m/s]',
];

const OPTIONS = ['--episodes', '20', '--policy', 'mix', '--seed', '7'];

let folder: string;
let run: string;
const modelEval = (...args: string[]): Promise<Ended> => new Dynabridge(['model-eval', ...args]).ended;
const metrics = (): Record<string, unknown>[] =>
  readFileSync(path.join(run, 'diagnostics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"diagnostics"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-model-eval-'));
  const few = ['--steps', '252', '--episodes', '1', '--runs', path.join(folder, 'runs')];
  const { code, stderr } = await new Dynabridge(['train', '--robot', 'cartpole', ...few]).ended;
  expect(code, stderr).toBe(0);
  run = path.join(folder, 'runs', readdirSync(path.join(folder, 'runs'))[0]!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** a copy of the run, changed */
function changedRun(name: string, change: (copy: string) => void): string {
  const copy = path.join(folder, name);
  cpSync(run, copy, { recursive: true });
  change(copy);
  return copy;
}

describe('model-eval', () => {
  it('prints each output with its unit, and puts a row into the metrics and a report beside them', async () => {
    const { code, stdout, stderr } = await modelEval('--run', run, ...OPTIONS);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/RMSE +\/ std of change +NLL \[nat\] +within 50\/90\/95 % +ECE -> recalibrated/);
    expect(stdout).toMatch(
      /slider velocity +[\d.e-]+ m\/s +[\d.]+ % +-?[\d.]+ +\d+ \/ \d+ \/ \d+ % +0\.\d{3} -> 0\.\d{3}/,
    );
    expect(stdout).toMatch(/k = 1 \(\d+ starts\)/);
    expect(stdout).toMatch(/pole_hinge position \[rad\] +[\d.e-]+ \([\d.e-]+ to [\d.e-]+\)/);
    expect(stdout).toMatch(/disagreement, AUROC +[01]\.\d{3} /);
    const [row] = metrics();
    expect(row).toMatchObject({
      kind: 'diagnostics',
      outputs: OUTPUTS,
      policy: 'mix',
      seed: 7,
      episodes: 20,
    });
    expect(readFileSync(path.join(run, 'report.html'), 'utf8')).toContain('<svg');
  });

  it('with --json prints the row, which is the same for the same seed', async () => {
    const { code, stdout, stderr } = await modelEval('--run', run, ...OPTIONS, '--json');
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    const each = expect.toSatisfy((list: number[]) => list.length === OUTPUTS.length) as number[];
    expect(result).toMatchObject({
      run,
      outputs: OUTPUTS,
      rmse: each,
      nll: each,
      calibration: { coverage: { p50: each, p90: each, p95: each }, ece: each },
      recalibrated: { ece: each },
      auroc: expect.any(Number) as number,
      disagreementLimit: expect.any(Number) as number,
    });
    expect((result['openLoop'] as object[])[0]).toMatchObject({
      k: 1,
      rmse: each,
      bandLow: each,
      bandHigh: each,
    });
    const rows = metrics().map(({ kind: _, wall: _wall, monotonicS: _s, ...row }) => row);
    expect(rows.length).toBe(2); // this one and that of the test before
    for (const row of rows) expect(result).toMatchObject(row);
  });

  it.each([
    [
      'a run without a world model',
      () =>
        changedRun('sac', (copy) => {
          const file = path.join(copy, 'config.yaml');
          const config = parse(readFileSync(file, 'utf8')) as { learner: { world?: unknown } };
          delete config.learner.world;
          writeFileSync(file, stringify(config));
        }),
      [],
      /sac has no world model.*SAC alone/,
    ],
    [
      'a run without a checkpoint',
      () => changedRun('bare', (copy) => rmSync(path.join(copy, 'checkpoints'), { recursive: true })),
      [],
      /bare has no checkpoint/,
    ],
    [
      'episodes that are too short to tell anything',
      () => changedRun('short', () => undefined),
      ['--episodes', '2', '--policy', 'random'],
      /\d+ steps in 2 episodes are too few.*at least 100.*collect more episodes/,
    ],
  ])(
    'refuses %s in one clear line, with exit code 2, and adds no row',
    async (_what, where, args, message) => {
      const folderOfRun = where();
      const before = readFileSync(path.join(folderOfRun, 'metrics.jsonl'), 'utf8');
      const { code, stderr } = await modelEval('--run', folderOfRun, ...args);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^ +at /m); // no stack trace
      expect(code).toBe(2);
      expect(readFileSync(path.join(folderOfRun, 'metrics.jsonl'), 'utf8')).toBe(before);
    },
  );
});
