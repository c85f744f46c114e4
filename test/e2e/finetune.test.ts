/**
 * A policy that is refined on the robot: a short training, then a twin that is heavier than the simulation and `dynabridge finetune`, in
 * processes of their own, over the wire. What is tested is what is driven, learned from and kept, not how well.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { loadPolicy } from '../../src/agent/index.js';
import { systemClock } from '../../src/core/index.js';
import { RunDirectory, type Episode } from '../../src/data/index.js';
import { createMiddleware, callTrigger, type Middleware } from '../../src/io/ros/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '108' };
const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-finetune-'));
const runs = path.join(folder, 'refined');
const config = path.join(folder, 'learner.yaml');
const POLICY_RATE = 20; // of the pendulum [Hz]

let trained = '';
let middleware: Middleware;
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}

const heavyTwin = (): Dynabridge =>
  start('twin', '--robot', 'pendulum', '--perturb', 'massScale=1.5', '--json');

function finetune(...args: string[]): Dynabridge {
  return start('finetune', '--robot', 'pendulum', '--runs', runs, '--wait', '30', '--json', ...args);
}
const fresh = ['--evaluation-episodes', '0', '--config', config];

interface Result {
  readonly run: string;
  readonly finished: boolean;
  readonly robotSeconds: number;
  readonly rounds: number;
  readonly kept: string;
  readonly episodes: number;
  readonly steps: number;
  readonly report: string;
}

const resultOf = (stdout: string): Result => JSON.parse(stdout.split('\n')[0]!) as Result;

async function driven(run: RunDirectory): Promise<Episode[]> {
  const episodes: Episode[] = [];
  for await (const episode of run.episodes({ source: 'real' })) episodes.push(episode);
  return episodes;
}

beforeAll(async () => {
  writeFileSync(config, 'updatesPerStep: 1\nworld: {model: {maxGradientSteps: 100}}\n');
  const training = new Dynabridge([
    ...['train', '--robot', 'pendulum', '--task', 'swing-up', '--steps', '300', '--config', config],
    ...[
      '--runs',
      folder,
      '--evaluate-every',
      '300',
      '--evaluation-episodes',
      '1',
      '--episodes',
      '1',
      '--json',
    ],
  ]);
  const { code, stdout, stderr } = await training.ended;
  expect(code, stderr).toBe(0);
  trained = (JSON.parse(stdout) as { run: string }).run;
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'person', env });
});

afterEach(async () => {
  for (const process of started) process.kill('SIGKILL');
  await Promise.all(started.map((process) => process.ended));
  started.length = 0;
});

afterAll(async () => {
  await middleware.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('dynabridge finetune', () => {
  it('drives, learns, ends at Ctrl+C, and goes on to the end of its budget of robot time', async () => {
    const twin = heavyTwin();
    const first = finetune('--run', trained, '--reset', '/twin/reset', '--budget', '13s', ...fresh);
    await first.says(/learned from \d+ real steps/);
    first.kill('SIGINT');
    const interrupted = await first.ended;
    expect(interrupted.code, interrupted.stderr).toBe(130);
    const begun = resultOf(interrupted.stdout);
    expect(begun).toMatchObject({ finished: false, rounds: 1 });
    const run = RunDirectory.open(begun.run, systemClock);
    const [whole] = await driven(run);
    expect(whole!.footer).toMatchObject({ steps: 200, terminated: false, reason: '200 steps' });
    expect(run.loadCheckpoint().step).toBeGreaterThan(190);

    const second = finetune('--resume', begun.run);
    const { code, stdout, stderr } = await second.ended;
    expect(code, stderr).toBe(0);
    const result = resultOf(stdout);
    expect(result).toMatchObject({ run: begun.run, finished: true, kept: 'refined' });
    expect(result.robotSeconds).toBeGreaterThan(12);
    expect(result.robotSeconds).toBeLessThan(13 + 2 / POLICY_RATE);
    const episodes = await driven(run);
    expect(result.episodes).toBe(episodes.length);
    expect(episodes[0]!.steps.every(({ policyVersion }) => policyVersion === 0)).toBe(true);
    expect(episodes.at(-1)!.steps[0]!.policyVersion).toBeGreaterThan(190);
    const checkpoint = run.loadCheckpoint();
    expect(checkpoint.step).toBe(result.steps); // what was driven last was learned from, too
    expect(loadPolicy(checkpoint)).not.toEqual(
      loadPolicy(RunDirectory.open(trained, systemClock).loadCheckpoint()),
    );
    expect(result.report).toBe(run.reportPath);

    twin.kill('SIGINT');
    const witness = JSON.parse((await twin.ended).stdout) as TwinSummary;
    expect(witness.violationList).toEqual([]);
    expect(witness.commands).toBeGreaterThan(1000);
  });

  it('goes on by the word of a person alone after somebody has stopped it', async () => {
    heavyTwin();
    const process = finetune('--run', trained, '--reset', 'none', '--budget', '10s', ...fresh);
    const call = (service: string) => callTrigger(middleware, `/dynabridge/${service}`, 5_000);
    await process.says(/episode 1 begins/);
    expect((await call('estop')).success).toBe(true);
    await process.says(/then press Enter here or call the service ~\/engage/);
    expect((await call('reset')).success).toBe(true);
    for (let engaged = false; !engaged;) engaged = (await call('engage')).success;
    const { code, stdout, stderr } = await process.ended;
    expect(code, stderr).toBe(0); // a person has looked, and let it go on
    expect(resultOf(stdout)).toMatchObject({ finished: true });
    expect(stdout).toContain('e-stop');
    expect(resultOf(stdout).robotSeconds).toBeGreaterThan(9);
  });

  it('refuses what cannot be refined, before anything is written', async () => {
    const before = readdirSync(runs);
    for (const [args, message] of [
      [['--budget', '3s', '--run', trained], /is too short/],
      [['--reset', 'magic', '--run', trained], /expected manual, start, none, or the name/],
      [['--record', 'recording.txt', '--run', trained], /whose name ends in .mcap/],
      [['--resume', trained], /is not that of a fine-tuning/],
    ] as const) {
      const { code, stderr } = await finetune(...args).ended;
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(message);
    }
    expect(readdirSync(runs)).toEqual(before);
  });
});
