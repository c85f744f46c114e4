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

it('gives its contents away and takes them back in the same places, so that the same rows are drawn', () => {
  const buffer = new ModelBuffer(5, 2, 1);
  buffer.append(numbered(0, 8), all(8), 8); // overwritten once
  const other = new ModelBuffer(3, 2, 1);
  other.load(structuredClone(buffer.tensors()));
  for (const one of [buffer, other]) one.append(numbered(8, 1), all(1), 1);
  const drawn = [buffer, other].map((one) => {
    const batch = transitionBatch(50, 2, 1);
    one.fill(batch, 0, 50, new Rng(3));
    return batch;
  });
  expect(drawn[1]).toEqual(drawn[0]);
});

describe('ModelBuffer', () => {
  it('keeps the newest transitions', () => {
    const buffer = new ModelBuffer(4, 2, 1);
    buffer.append(numbered(0, 3), all(3), 3);
    expect(buffer.size).toBe(3);
    buffer.append(numbered(3, 3), all(3), 3);
    expect(buffer.size).toBe(4);
    expect([...held(buffer)].sort()).toEqual([2, 3, 4, 5]);
  });

  it('appends only the rows it is given', () => {
    const buffer = new ModelBuffer(10, 2, 1);
    buffer.append(numbered(0, 5), Int32Array.of(1, 3, 4), 2);
    expect([...held(buffer)].sort()).toEqual([1, 3]);
  });

  it.each([3, 6, 20])('keeps the newest when resized to %i', (capacity) => {
    const buffer = new ModelBuffer(5, 2, 1);
    buffer.append(numbered(0, 8), all(8), 8); // holds 3..7
    buffer.resize(capacity);
    buffer.append(numbered(8, 1), all(1), 1);
    const kept = [3, 4, 5, 6, 7, 8].slice(-Math.min(capacity, 6));
    expect([...held(buffer)].sort()).toEqual(kept);
  });

  it('refuses to be sampled when empty', () => {
    expect(() => held(new ModelBuffer(5, 2, 1))).toThrow('empty');
  });
});
