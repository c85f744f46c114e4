import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { ModelBuffer, transitionBatch } from '../../../src/rl/index.js';

/** Transitions whose every value is their number. */
function numbered(from: number, count: number) {
  const batch = transitionBatch(count, 2, 1);
  for (let i = 0; i < count; i++) {
    batch.observations.fill(from + i, i * 2, i * 2 + 2);
    batch.nextObservations.fill(from + i, i * 2, i * 2 + 2);
    batch.actions[i] = batch.rewards[i] = batch.terminated[i] = from + i;
  }
  return batch;
}

const all = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

function held(buffer: ModelBuffer): Set<number> {
  const batch = transitionBatch(400, 2, 1);
  buffer.fill(batch, 0, 400, new Rng(1));
  for (let i = 0; i < 400; i++) {
    const values = [
      batch.observations[i * 2],
      batch.nextObservations[i * 2 + 1],
      batch.actions[i],
      batch.terminated[i],
    ];
    expect(values).toEqual([batch.rewards[i], batch.rewards[i], batch.rewards[i], batch.rewards[i]]);
  }
  return new Set(batch.rewards);
}

describe('ModelBuffer', () => {
  it('keeps the last rounds, whole, whatever their sizes', () => {
    const buffer = new ModelBuffer(2, 1);
    const sizes = [3, 0, 5, 2, 9, 1, 4];
    let next = 0;
    sizes.forEach((size, round) => {
      buffer.startRound(3);
      const half = Math.floor(size / 2);
      for (const count of [half, size - half]) {
        buffer.append(numbered(next, count), all(count), count);
        next += count;
      }
      const kept = sizes.slice(Math.max(0, round - 2), round + 1).reduce((sum, n) => sum + n, 0);
      expect(buffer.size).toBe(kept);
      const newest = Array.from({ length: kept }, (_, i) => next - kept + i);
      expect([...held(buffer)].sort((a, b) => a - b)).toEqual(newest);
    });
  });

  it('appends only the rows it is given', () => {
    const buffer = new ModelBuffer(2, 1);
    buffer.append(numbered(0, 5), Int32Array.of(1, 3, 4), 2);
    expect([...held(buffer)].sort()).toEqual([1, 3]);
  });

  it('gives its contents away and takes them back, so that the same rows are drawn and dropped', () => {
    const buffer = new ModelBuffer(2, 1);
    for (let round = 0; round < 4; round++) {
      buffer.startRound(2);
      buffer.append(numbered(round * 8, 5), all(5), 5);
    }
    const other = new ModelBuffer(2, 1);
    other.append(numbered(100, 7), all(7), 7);
    other.load(structuredClone(buffer.tensors()));
    const drawn = [buffer, other].map((one) => {
      one.startRound(2);
      one.append(numbered(50, 1), all(1), 1);
      const batch = transitionBatch(50, 2, 1);
      one.fill(batch, 0, 50, new Rng(3));
      return batch;
    });
    expect(drawn[1]).toEqual(drawn[0]);
    expect([...held(other)].sort((a, b) => a - b)).toEqual([24, 25, 26, 27, 28, 50]);
  });

  it('refuses to be sampled when empty', () => {
    expect(() => held(new ModelBuffer(2, 1))).toThrow('empty');
  });
});
