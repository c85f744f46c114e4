import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Dynabridge } from './own-process.js';

const STEPS = 800;
const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGKILL'] as const;
const TRAIN = [
  ...['train', '--task', 'pendulum-v1', '--steps', String(STEPS), '--evaluate-every', '50', '--threads', '1'],
  ...['--evaluation-episodes', '1', '--episodes', '1', '--seed', '3'],
];
const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-resume-'));
const config = path.join(base, 'config.yaml');
writeFileSync(config, 'updatesPerStep: 5\nsac: { hidden: [32, 32] }\n'); // the same code, in less time
TRAIN.push('--config', config);
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

/** The newest checkpoint's name, once there is one. */
function newest(run: string): string | undefined {
  const pointer = path.join(run, 'checkpoints', 'last');
  return existsSync(pointer) ? readFileSync(pointer, 'utf8') : undefined;
}

/** Resolves when the run has a checkpoint other than `before`. */
async function newCheckpoint(folder: string, before: string | undefined): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [name] = existsSync(path.join(base, folder)) ? readdirSync(path.join(base, folder)) : [];
    if (name === undefined || name.startsWith('.')) continue;
    const now = newest(path.join(base, folder, name));
    if (now !== undefined && now !== before) return;
  }
}

async function finish(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Dynabridge(args).ended;
  expect(code, stderr).toBe(0);
}

describe('resume', () => {
  it('ends to the bit where an uninterrupted training ends, after SIGKILL and Ctrl+C at random moments', async () => {
    await finish([...TRAIN, '--runs', path.join(base, 'whole')]);
    const delays: number[] = [];
    let args: readonly string[] = [...TRAIN, '--runs', path.join(base, 'killed')];
    for (const signal of SIGNALS) {
      const training = new Dynabridge(args);
      await newCheckpoint('killed', signal === SIGNALS[0] ? undefined : newest(runIn('killed')));
      const delay = Math.random() * 500;
      delays.push(Math.round(delay));
      await new Promise((resolve) => setTimeout(resolve, delay));
      training.kill(signal);
      await training.ended;
      args = ['resume', runIn('killed')];
    }
    await finish(args);
    const what = `ended ${delays.join(', ')} ms after a checkpoint`;
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
