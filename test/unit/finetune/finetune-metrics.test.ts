import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { RunDirectory } from '../../../src/data/index.js';
import { FinetuneMetrics } from '../../../src/finetune/index.js';
import type { JudgedEpisode } from '../../../src/learner/index.js';
import { temporaryFolder } from '../data/sample-episodes.js';

const clock = new ManualClock(0n);
const UNITS = ['rad', 'rad/s'];

let run: RunDirectory;
beforeEach(() => {
  run = RunDirectory.create(
    temporaryFolder(),
    {
      kind: 'finetune',
      robot: 'pendulum',
      task: 'swing-up',
      seed: 1,
      commandLine: 'dynabridge finetune',
      versions: {},
      config: {},
    },
    clock,
  );
});

const episode = (id: string, more: Partial<JudgedEpisode> = {}): JudgedEpisode => ({
  id,
  policyVersion: 0,
  steps: 200,
  seconds: 10.02,
  return: -150.5,
  terminated: false,
  reason: '200 steps',
  ...more,
});
/** as they are in the file, without the times that it adds */
const rows = () => run.metrics.read().rows.map(({ wall: _, monotonicS: __, ...row }) => row);

it('writes each episode with what it was driven for, and with all real steps and robot time until its end', () => {
  const metrics = new FinetuneMetrics(run, UNITS);
  metrics.episode(episode('real-0001/0'), 'before');
  metrics.episode(
    episode('real-0001/1', { steps: 40, seconds: 2, policyVersion: 200, reason: '~/estop' }),
    null,
  );
  const facts = { terminated: false, return: -150.5 };
  expect(rows()).toEqual([
    {
      ...facts,
      kind: 'episode',
      id: 'real-0001/0',
      policyVersion: 0,
      seconds: 10.02,
      reason: '200 steps',
      length: 200,
      phase: 'before',
      step: 200,
      robotSeconds: 10.02,
    },
    {
      ...facts,
      kind: 'episode',
      id: 'real-0001/1',
      policyVersion: 200,
      seconds: 2,
      reason: '~/estop',
      length: 40,
      phase: null,
      step: 240,
      robotSeconds: 12.02,
    },
  ]);
});

it('writes no episode twice, and one that a killed sitting has left unwritten once', () => {
  new FinetuneMetrics(run, UNITS).episode(episode('real-0001/0'), 'before');
  const later = new FinetuneMetrics(run, UNITS);
  for (const id of ['real-0001/0', 'real-0001/1']) later.episode(episode(id), later.phaseOf(id));
  later.episode(episode('real-0002/0'), 'learn');
  later.episode(episode('real-0002/0'), 'learn');
  expect(rows().map(({ id, phase, step }) => [id, phase, step])).toEqual([
    ['real-0001/0', 'before', 200],
    ['real-0001/1', null, 400],
    ['real-0002/0', 'learn', 600],
  ]);
});

it('knows what the episodes of earlier sittings were driven for; nothing of one that was not written down', () => {
  const metrics = new FinetuneMetrics(run, UNITS);
  metrics.episode(episode('real-0001/0'), 'before');
  metrics.episode(episode('real-0001/1'), null);
  metrics.episode(episode('real-0001/2'), 'after');
  appendFileSync(join(run.path, 'metrics.jsonl'), '{"kind":"episode","id":"real-0001/3","pha'); // killed
  const later = new FinetuneMetrics(run, UNITS);
  const phases = [0, 1, 2, 3].map((n) => later.phaseOf(`real-0001/${n}`));
  expect(phases).toEqual(['before', null, 'after', null]);
});

it('writes what was learned: the model only where the round went well', () => {
  const metrics = new FinetuneMetrics(run, UNITS);
  const model = {
    outputs: ['hinge position', 'hinge velocity', 'reward'],
    rows: 200,
    gradientSteps: 500,
    holdoutRmse: [0.01, 0.1, 0.2],
    holdoutNll: [-2, -1, -1],
  };
  metrics.learned({ version: 200, seconds: 6, model });
  metrics.learned({ version: 200, seconds: 4, divergence: 'the critic loss is 1e9' });
  expect(rows()).toEqual([
    {
      kind: 'model',
      step: 200,
      ...model,
      outputs: ['hinge position [rad]', 'hinge velocity [rad/s]', 'reward'],
    },
    { kind: 'round', step: 200, seconds: 6 },
    { kind: 'round', step: 200, seconds: 4, divergence: 'the critic loss is 1e9' },
  ]);
});

it('writes what it came to', () => {
  new FinetuneMetrics(run, UNITS).result({ returnBefore: -300, returnAfter: null });
  expect(rows()).toEqual([{ kind: 'finetuned', returnBefore: -300, returnAfter: null }]);
});

it('adds up rounds and time over all sittings', () => {
  expect(new FinetuneMetrics(run, UNITS).totals()).toEqual({ rounds: 0, learningSeconds: 0, seconds: 0 });
  const first = new FinetuneMetrics(run, UNITS);
  first.learned({ version: 200, seconds: 6 });
  first.sitting(40);
  const second = new FinetuneMetrics(run, UNITS);
  second.learned({ version: 400, seconds: 4, divergence: 'the critic loss is 1e9' });
  second.sitting(20.5);
  expect(second.totals()).toEqual({ rounds: 2, learningSeconds: 10, seconds: 60.5 });
});
