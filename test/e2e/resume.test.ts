import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Dynabridge } from './own-process.js';

const STEPS = 800;
const KILLS = 3;
const TRAIN = [
  ...['train', '--task', 'pendulum-v1', '--steps', String(STEPS), '--evaluate-every', '50', '--threads', '1'],
  ...['--evaluation-episodes', '1', '--episodes', '1', '--seed', '3'],
];
const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-resume-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const runIn = (folder: string): string => path.join(base, folder, readdirSync(path.join(base, folder))[0]!);

/** What a training ended with: hash of all tensors, random states and counters, and its metrics without times and places. */
function outcome(run: string) {
  const checkpoint = path.join(run, 'checkpoints', `step-${String(STEPS).padStart(8, '0')}`);
  const { parts } = JSON.parse(readFileSync(path.join(checkpoint, 'manifest.json'), 'utf8')) as {
    parts: { trainer: object; progress: { best: object } };
  };
  const timed = ['wall', 'monotonicS', 'seconds', 'run'];
  const metrics = readFileSync(path.join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ kind }) => kind !== 'time')
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !timed.includes(name))));
  const tensors = readFileSync(path.join(checkpoint, 'tensors.safetensors'));
  return {
    tensors: createHash('sha256').update(tensors).digest('hex'),
    trainer: parts.trainer,
    best: parts.progress.best,
    metrics,
  };
}

async function finish(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Dynabridge(args).ended;
  expect(code, stderr).toBe(0);
}

describe('resume', () => {
  it('ends to the bit where an uninterrupted training ends, after SIGKILL at random moments', async () => {
    await finish([...TRAIN, '--runs', path.join(base, 'whole')]);
    const delays: number[] = [];
    let args: readonly string[] = [...TRAIN, '--runs', path.join(base, 'killed')];
    for (let kill = 0; kill < KILLS; kill++) {
      const training = new Dynabridge(args);
      await training.says(/^train: .*evaluation/m); // there is a checkpoint
      const delay = Math.random() * 1500;
      delays.push(Math.round(delay));
      await new Promise((resolve) => setTimeout(resolve, delay));
      training.kill('SIGKILL');
      await training.ended;
      args = ['resume', runIn('killed')];
    }
    await finish(args);
    const what = `killed ${delays.join(', ')} ms after an evaluation`;
    expect(outcome(runIn('killed')), what).toEqual(outcome(runIn('whole')));
  }, 180_000);

  it('trains on to more steps than were asked for at first', async () => {
    const run = runIn('whole');
    await finish(['resume', run, '--steps', String(STEPS + 50)]);
    expect(readdirSync(path.join(run, 'checkpoints'))).toContain(
      `step-${String(STEPS + 50).padStart(8, '0')}`,
    );
  });

  it.each([
    ['a folder that is not there', () => path.join(base, 'none'), /run .*none does not exist/],
    ['a folder that is no run', () => base, /has no run\.json/],
  ])('refuses %s: exit code 2', async (_what, folder, message) => {
    const { code, stderr } = await new Dynabridge(['resume', folder()]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
