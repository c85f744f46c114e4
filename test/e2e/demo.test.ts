/** The whole path with too little training to balance: what is tested is the path and its honesty, not the learning. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Dynabridge } from './own-process.js';

const runs = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-demo-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

interface DemoResult {
  readonly training: Record<
    'realSteps' | 'seconds' | 'returnRandom' | 'returnBefore' | 'returnAfter',
    number
  >;
  readonly bridge: Record<'seconds' | 'uprightFraction' | 'commands' | 'limited' | 'violations', number> & {
    readonly loopMs: Record<'p50' | 'p99' | 'max', number>;
    readonly latencyMs: Record<'p50' | 'p99', number>;
  };
  readonly report: string;
}

describe('demo', () => {
  it('trains, drives the twin, pushes it, prints every figure, and does not call a fallen pole a success', async () => {
    const steps = 260; // 10 more than the random ones: a model, but hardly a policy
    const demo = new Dynabridge([
      'demo',
      '--steps',
      String(steps),
      '--seconds',
      '4',
      '--runs',
      runs,
      '--json',
    ]);
    const { code, stdout, stderr } = await demo.ended;
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { training, bridge, report } = JSON.parse(lines[0]!) as DemoResult;
    expect(training.realSteps).toBe(steps);
    for (const value of [
      training.seconds,
      training.returnRandom,
      training.returnBefore,
      training.returnAfter,
    ]) {
      expect(value).toBeTypeOf('number');
    }
    expect(bridge.commands).toBeGreaterThan(100);
    expect(bridge.loopMs.p50).toBeGreaterThan(0);
    expect(bridge.latencyMs.p50).toBeGreaterThan(0);
    // Not more is asked: the push is stronger than the drive and may press a cart that is driven this badly into the end of its
    // rail. That the gate keeps to the limits whatever the policy is what bridge.test.ts tests.
    expect(bridge.violations).toBeTypeOf('number');
    expect(existsSync(report)).toBe(true);
    expect(readFileSync(report, 'utf8')).toMatch(/State-to-command latency/);
    expect(stderr).toMatch(/pushed the cart/);
    expect(bridge.uprightFraction).toBeLessThan(1);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the pole fell/);
  });
});
