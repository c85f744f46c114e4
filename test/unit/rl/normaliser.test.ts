import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Normaliser, RunningMoments } from '../../../src/rl/index.js';
import { expectClose } from './expect-close.js';

describe('Normaliser', () => {
  it('is the identity before it is fitted', () => {
    const out = new Float32Array(2);
    new Normaliser(2).apply(1, Float32Array.of(3, -4), out);
    expect(Array.from(out)).toEqual([3, -4]);
  });

  it('gives fitted rows mean 0 and standard deviation 1, and leaves constants centred', () => {
    const normaliser = new Normaliser(2);
    const rows = Float32Array.of(1, 7, 2, 7, 6, 7);
    normaliser.fit(3, rows);
    const out = new Float32Array(6);
    normaliser.apply(3, rows, out);
    const std = Math.sqrt(14 / 3);
    expectClose(out, [-2 / std, 0, -1 / std, 0, 3 / std, 0], 1e-6);
  });

  it('keeps precision where the mean is large against the spread', () => {
    const normaliser = new Normaliser(1);
    normaliser.fit(4, Float32Array.of(100000, 100000.25, 100000.5, 100000.75));
    expect(normaliser.std[0]).toBeCloseTo(Math.sqrt(0.078125), 6);
  });

  it('clips, and writes into wider rows without touching what is beside', () => {
    const out = new Float32Array(6).fill(9);
    new Normaliser(2, 1.5).apply(2, Float32Array.of(5, 1, -5, 0), out, 3);
    expect(Array.from(out)).toEqual([1.5, 1, 9, -1.5, 0, 9]);
  });

  it('is the same after saving and loading', () => {
    const normaliser = new Normaliser(1);
    normaliser.fit(3, Float32Array.of(0.1, 0.2, 0.7));
    const restored = new Normaliser(1);
    restored.load(normaliser.tensors());
    expect(restored.mean).toEqual(normaliser.mean);
    expect(restored.std).toEqual(normaliser.std);
  });

  it('refuses to be fitted to nothing', () => {
    expect(() => new Normaliser(1).fit(0, new Float32Array(0))).toThrow('no rows');
  });
});

describe('RunningMoments', () => {
  it('gives the same for one batch and for any split of it', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.nat(), (list, cut) => {
        const rows = Float32Array.from(list);
        const at = cut % rows.length;
        const [whole, split] = [new RunningMoments(1), new RunningMoments(1)];
        whole.add(rows.length, rows);
        split.add(at, rows.subarray(0, at));
        split.add(rows.length - at, rows.subarray(at));
        expect(split.count).toBe(whole.count);
        expect(split.mean[0]).toBeCloseTo(whole.mean[0]!, 9);
        expect(split.squares[0]).toBeCloseTo(whole.squares[0]!, 6);
      }),
    );
  });
});
