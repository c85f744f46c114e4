import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { StateDecimator } from '../../../src/guard/state-decimator.js';

/** ticks in the last half of `seconds` of states at `rateHz`, each late by up to `jitterMs` */
function ticksPerSecond(controlHz: number, rateHz: number, jitterMs: number, seconds = 20): number {
  const decimator = new StateDecimator(controlHz);
  const rng = new Rng(1);
  let ticks = 0;
  for (let i = 0; i < rateHz * seconds; i++) {
    const ns = BigInt(Math.round((i * 1e9) / rateHz + rng.uniform(0, jitterMs) * 1e6));
    const tick = decimator.isTick(ns);
    if (tick && i >= (rateHz * seconds) / 2) ticks++;
  }
  return ticks / (seconds / 2);
}

describe('StateDecimator', () => {
  it('ticks on every state where states come at the control rate, jitter or not', () => {
    expect(ticksPerSecond(100, 100, 0)).toBe(100);
    expect(ticksPerSecond(100, 100, 4)).toBe(100);
  });

  it('ticks on every k-th state where they come k times as fast', () => {
    expect(ticksPerSecond(100, 500, 0.5)).toBeCloseTo(100, 0);
    expect(ticksPerSecond(100, 1000, 0.2)).toBeCloseTo(100, 0);
  });

  it('ticks on every state where they come more slowly', () => {
    expect(ticksPerSecond(100, 50, 1)).toBe(50);
  });

  it('takes one tick from a burst and counts the rest', () => {
    const decimator = new StateDecimator(100);
    for (let i = 0; i < 50; i++) decimator.isTick(BigInt(i) * 10_000_000n);
    const burst = 600_000_000n;
    expect(decimator.isTick(burst)).toBe(true);
    expect(decimator.isTick(burst + 100_000n)).toBe(false);
    expect(decimator.isTick(burst + 200_000n)).toBe(false);
    expect(decimator.bursts).toBe(2);
  });
});
