import { describe, expect, it } from 'vitest';
import { LoopMetrics } from '../../../src/guard/loop-metrics.js';

const MS = 1_000_000n;
const START_NS = 0n;

describe('LoopMetrics', () => {
  it('has nothing to say before the first command', () => {
    expect(new LoopMetrics().summary(START_NS, 0)).toMatchObject({
      firstCommandMs: null,
      commands: 0,
      limited: 0,
      blocked: 0,
      loopMs: { p50: 0, p99: 0, max: 0 },
      latencyMs: { p50: 0, p99: 0, max: 0 },
      reasons: {},
    });
  });

  it('counts no silence that was asked for as a period', () => {
    const metrics = new LoopMetrics();
    for (const at of [0n, 10n, 20n]) metrics.sent('pass', at * MS, at * MS, at * MS);
    metrics.fallSilent();
    for (const at of [5000n, 5010n]) metrics.sent('pass', at * MS, at * MS, at * MS);
    const { commands, loopMs } = metrics.summary(START_NS, 0);
    expect(commands).toBe(5);
    expect(loopMs.max).toBeCloseTo(10, 1);
  });

  it('measures from tick to tick, and from state to command', () => {
    const metrics = new LoopMetrics();
    for (let i = 0n; i < 100n; i++) {
      const at = i * 10n * MS + (i === 99n ? 20n * MS : 0n);
      metrics.sent('pass', at, at - MS, at + 2n * MS);
    }
    const { commands, loopMs, latencyMs, firstCommandMs } = metrics.summary(START_NS, 0);
    expect(commands).toBe(100);
    expect(firstCommandMs).toBe(2);
    expect(loopMs.p50).toBeCloseTo(10, 1); // three figures
    expect(loopMs.max).toBeCloseTo(30, 1);
    expect(latencyMs.p50).toBeCloseTo(3, 1);
    expect(latencyMs.max).toBeCloseTo(3, 1);
  });

  it('takes no latency from a command that answers no state', () => {
    const metrics = new LoopMetrics();
    metrics.sent('cannot-evaluate', 100n * MS, 0n, 100n * MS);
    expect(metrics.summary(START_NS, 0)).toMatchObject({ commands: 1, blocked: 1, latencyMs: { max: 0 } });
  });

  it('counts commands by verdict and reasons by name', () => {
    const metrics = new LoopMetrics();
    for (const kind of ['pass', 'limited', 'limited', 'blocked', 'cannot-evaluate'] as const)
      metrics.sent(kind, MS, 0n, MS);
    metrics.countReasons([{ check: 'velocity' }, { check: 'mode' }]);
    metrics.countReasons([{ check: 'velocity' }]);
    metrics.countReasons([]);
    expect(metrics.summary(START_NS, 0)).toMatchObject({ commands: 5, limited: 2, blocked: 2 });
    metrics.skippedTicks = 2;
    expect(metrics.summary(START_NS, 3).skippedTicks).toBe(5);
    expect(metrics.summary(START_NS, 0).reasons).toEqual({ velocity: 2, mode: 1 });
  });

  it('survives a tick at the time of the last one', () => {
    const metrics = new LoopMetrics();
    metrics.sent('pass', MS, MS, MS);
    metrics.sent('pass', MS, MS, MS);
    const { loopMs, latencyMs } = metrics.summary(START_NS, 0);
    expect([loopMs.max, latencyMs.max]).toEqual([0, 0]);
  });
});
