import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';

import { expect, test } from 'vitest';

import { ManualClock } from '../../../src/core/index.js';
import { latestRun, RunDirectory, type Episode, type RunStart } from '../../../src/data/index.js';
import { SESSION, temporaryFolder } from './sample-episodes.js';

const START: RunStart = {
  kind: 'train',
  robot: 'cartpole',
  task: 'swingup',
  seed: 3,
  commandLine: 'dynabridge train cartpole --seed 3',
  versions: { dynabridge: '0.1.0' },
  config: { learner: { rate: 3e-4 }, limit: Infinity },
  contract: { version: 1, joints: ['slider'] },
};
const CHECKPOINT = { step: 10, tensors: {}, parts: {} };
/** 2023-11-14T22:13:20Z */
const clockAt = (second: bigint) => new ManualClock((1_700_000_000n + second) * 1_000_000_000n);

test('a new run is named by date, robot, task and seed, and opens again as it was created', () => {
  const base = join(temporaryFolder(), 'runs');
  const clock = clockAt(0n);
  const run = RunDirectory.create(base, START, clock);
  expect(basename(run.path)).toBe('2023-11-14-cartpole-swingup-s3');
  const { config: _config, contract: _contract, ...info } = START;
  const again = RunDirectory.open(run.path, clock);
  expect(again.info).toEqual({ ...info, created: '2023-11-14T22:13:20.000Z', createdWallNs: clock.wallNs() });
  expect(again.readConfig()).toEqual(START.config);
  expect(again.readContract()).toEqual(START.contract);
});

test('the same name twice counts up', () => {
  const base = temporaryFolder();
  const names = [1, 2, 3].map(() => RunDirectory.create(base, START, clockAt(0n)).name);
  expect(names).toEqual([
    '2023-11-14-cartpole-swingup-s3',
    '2023-11-14-cartpole-swingup-s3-2',
    '2023-11-14-cartpole-swingup-s3-3',
  ]);
  expect(readdirSync(base)).toHaveLength(3);
});

test('names that would leave the folder are refused', () => {
  expect(() => RunDirectory.create(temporaryFolder(), { ...START, task: '../x' }, clockAt(0n))).toThrow(
    "task '../x' cannot be part of a folder's name",
  );
});

test.each(['run.json', 'config.yaml'])('opening says when %s is missing and what to do', (name) => {
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  rmSync(join(run.path, name));
  const open = () => RunDirectory.open(run.path, clockAt(0n));
  expect(open).toThrow(`has no ${name}; give the folder of a run, or make one with: dynabridge train`);
});

test('a run without a robot has no contract, and says what to do where one is needed', () => {
  const { contract: _, ...start } = START;
  const run = RunDirectory.create(temporaryFolder(), start, clockAt(0n));
  const again = RunDirectory.open(run.path, clockAt(0n));
  expect(() => again.readContract()).toThrow('make it with: dynabridge train --robot');
});

test('metrics that were written after a checkpoint can be dropped, and writing goes on behind the others', () => {
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  for (let step = 1; step <= 4; step++) run.metrics.append({ step });
  run.metrics.keepFirst(2);
  run.metrics.append({ step: 9 });
  expect(run.metrics.read().rows.map((row) => row['step'])).toEqual([1, 2, 9]);
  run.close();
});

test('opening refuses what is not a run', () => {
  expect(() => RunDirectory.open('/nowhere', clockAt(0n))).toThrow('run /nowhere does not exist');
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  writeFileSync(join(run.path, 'run.json'), '{"formatVersion":1,"seed":-1}');
  expect(() => RunDirectory.open(run.path, clockAt(0n))).toThrow('run.json');
});

test('metrics and events carry both times and survive a writer killed within a line', () => {
  const clock = clockAt(0n);
  const run = RunDirectory.create(temporaryFolder(), START, clock);
  run.metrics.append({ step: 1, loss: NaN });
  clock.advanceMs(1500);
  run.metrics.append({ step: 2, loss: 0.5 });
  run.close();
  appendFileSync(join(run.path, 'metrics.jsonl'), '{"wall":"2023-');
  expect(run.metrics.read().rows).toEqual([
    { wall: '2023-11-14T22:13:20.000Z', monotonicS: 1_700_000_000, step: 1, loss: null },
    { wall: '2023-11-14T22:13:21.500Z', monotonicS: 1_700_000_001.5, step: 2, loss: 0.5 },
  ]);
  expect(run.metrics.read().warnings).toMatchObject([{ line: 3 }]);

  const resumed = RunDirectory.open(run.path, clock);
  resumed.metrics.append({ step: 3 });
  const { rows, warnings } = resumed.metrics.read();
  expect(rows.map((row) => row.step)).toEqual([1, 2, 3]);
  expect(warnings).toMatchObject([{ line: 3 }]);

  resumed.events.append('fault', { check: 'position' });
  expect(resumed.events.read().rows).toMatchObject([{ kind: 'fault', check: 'position' }]);
  expect(() => resumed.metrics.append({ wall: 'x' })).toThrow("'wall' and 'monotonicS' are set by the file");
});

test('reading metrics of a run that has none gives none', () => {
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  expect(run.metrics.read()).toEqual({ rows: [], warnings: [] });
});

test('a run holds its episodes, checkpoints and report', async () => {
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  const collect = async () => {
    const episodes: Episode[] = [];
    for await (const episode of run.episodes()) episodes.push(episode);
    return episodes;
  };
  expect(await collect()).toEqual([]);
  const { robot: _robot, task: _task, ...session } = SESSION;
  const writer = run.openEpisodeWriter(session);
  writer.begin({ seed: 1 }).end({ terminated: true, truncated: false });
  writer.close();
  expect((await collect()).map(({ header }) => [header.robot, header.task])).toEqual([
    ['cartpole', 'swingup'],
  ]);

  expect(run.hasCheckpoint()).toBe(false);
  expect(() => run.loadCheckpoint()).toThrow('has no checkpoint; make another run: dynabridge train');
  run.saveCheckpoint(CHECKPOINT);
  run.saveCheckpoint({ ...CHECKPOINT, step: 20 });
  expect(run.loadCheckpoint().step).toBe(20);
  expect(run.loadCheckpoint(10).step).toBe(10);
  expect(() => run.loadCheckpoint(11)).toThrow('has no checkpoint of step 11');

  expect(readFileSync(run.writeReport('<html></html>'), 'utf8')).toBe('<html></html>');
});

test('the latest run is the newest one of that robot and kind that has a checkpoint', () => {
  const base = temporaryFolder();
  const make = (second: bigint, change: Partial<RunStart>, trained = true) => {
    const run = RunDirectory.create(base, { ...START, ...change }, clockAt(second));
    if (trained) run.saveCheckpoint(CHECKPOINT);
    return run.path;
  };
  make(10n, { seed: 9 });
  const newest = make(20n, { seed: 1 });
  make(30n, { seed: 2 }, false);
  const refined = make(40n, { kind: 'finetune' });
  make(50n, { robot: 'arm' });
  mkdirSync(join(base, 'not-a-run'));
  writeFileSync(join(base, 'note.txt'), '');
  const clock = clockAt(99n);
  expect(latestRun(base, 'cartpole', clock, 'train').path).toBe(newest);
  expect(latestRun(base, 'cartpole', clock).path).toBe(refined);
  expect(() => latestRun(base, 'leg', clock)).toThrow(
    `no run with a checkpoint for robot 'leg' in ${base}; make one: dynabridge train --robot leg`,
  );
  expect(() => latestRun('/nowhere', 'leg', clock)).toThrow('no run with a checkpoint');
});

test('a run is trained by one process at a time; the lock of one that is gone is taken over', () => {
  const run = RunDirectory.create(temporaryFolder(), START, clockAt(0n));
  const lock = join(run.path, 'training.lock');
  const unlock = run.lock();
  expect(() => run.lock()).toThrow(
    `${run.path} is being trained by process ${process.pid} on ${hostname()}; wait for it or stop it`,
  );
  unlock();
  const { pid } = spawnSync(process.execPath, ['-e', '']); // has ended
  for (const gone of [`${pid} ${hostname()}\n`, '']) {
    writeFileSync(lock, gone);
    run.lock()();
  }
  writeFileSync(lock, '1 another-machine\n');
  expect(() => run.lock()).toThrow('process 1 on another-machine');
});
