import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateEnvelope } from '../../../../sim/twin/rate-envelope.js';

const SLACK = 0.01;

describe('RateEnvelope', () => {
  it('agrees with comparing every value with every earlier one', () => {
    let beyond = 0;
    const sample = fc.record({
      step: fc.integer({ min: -50, max: 50 }).map((mm) => mm / 1e3),
      elapsed: fc.integer({ min: 0, max: 20 }).map((ms) => ms / 1e3),
    });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), (samples) => {
        const [rise, fall] = [2, 3];
        const envelope = new RateEnvelope(SLACK);
        const past: { value: number; time: number }[] = [];
        let [value, time] = [0, 0];
        for (const { step, elapsed } of samples) {
          value += step;
          time += elapsed;
          const above = Math.max(0, ...past.map((p) => value - p.value - rise * (time - p.time + SLACK)));
          const below = Math.min(0, ...past.map((p) => value - p.value + fall * (time - p.time + SLACK)));
          const excess = envelope.excess(value, elapsed, rise, fall);
          expect(excess).toBeCloseTo(above > 1e-9 ? above : below, 8);
          if (excess !== 0) beyond++;
          past.push({ value, time });
        }
      }),
    );
    expect(beyond).toBeGreaterThan(0);
  });

  it('lets a sum of small excesses through only up to the slack', () => {
    const envelope = new RateEnvelope(SLACK);
    const excesses = Array.from({ length: 40 }, (_, i) => envelope.excess(1.05 * 0.01 * i, 0.01, 1, 1));
    expect(excesses.findIndex((excess) => excess > 0)).toBe(21); // 20 steps of 5 per cent use up one step
  });

  it('takes a first value wherever it is', () => {
    expect(new RateEnvelope(SLACK).excess(1e6, 0, 1, 1)).toBe(0);
  });

  it('bounds one direction where the other has no limit', () => {
    const envelope = new RateEnvelope(SLACK);
    envelope.excess(0, 0, Infinity, 1);
    expect(envelope.excess(100, 0, Infinity, 1)).toBe(0);
    expect(envelope.excess(99, 0, Infinity, 1)).toBeCloseTo(-0.99, 9);
  });

  it('says so of a value that is no number, and goes on as if it had not come', () => {
    const envelope = new RateEnvelope(SLACK);
    envelope.excess(0, 0, 1, 1);
    expect(envelope.excess(NaN, 0, 1, 1)).toBeNaN();
    expect(envelope.excess(0.5, 0.01, 1, 1)).toBeCloseTo(0.48, 9);
  });
});
