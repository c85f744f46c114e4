import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { TerminationModel } from '../../../src/rl/index.js';

/** Frames [x, y]; the task ends where x > 1. */
function frames(count: number, seed: number) {
  const rng = new Rng(seed, 'frames');
  const rows = Float32Array.from({ length: 2 * count }, () => rng.uniform(-2, 2));
  const ended = Uint8Array.from({ length: count }, (_, i) => (rows[2 * i]! > 1 ? 1 : 0));
  return { rows, ended };
}

describe('TerminationModel', () => {
  const models: TerminationModel[] = [];
  beforeAll(async () => {
    await selectBackend('wasm');
  });
  afterAll(() => models.forEach((model) => model.dispose()));
  const make = (seed: number) => {
    const model = new TerminationModel(2, [16], new Rng(seed));
    models.push(model);
    return model;
  };

  it('learns where a task ends, and tells it on frames that it has not seen', () => {
    const { numTensors } = tf.memory();
    const model = make(1);
    const seen = frames(500, 1);
    model.fit(seen.rows, seen.ended, 400, new Rng(2));
    const fresh = frames(400, 3);
    const probabilities = model.probabilities(400, fresh.rows);
    const right = probabilities.filter((p, i) => p > 0.5 === (fresh.ended[i] === 1)).length;
    expect(right / 400).toBeGreaterThan(0.95);
    expect(tf.memory().numTensors - numTensors).toBe(3); // parameters and Adam's moments
  });

  it('goes on identically after being saved and loaded', () => {
    const [one, other] = [make(4), make(5)];
    const { rows, ended } = frames(100, 6);
    one.fit(rows, ended, 10, new Rng(7));
    other.load(structuredClone(one.tensors()));
    for (const model of [one, other]) model.fit(rows, ended, 10, new Rng(8));
    expect(other.tensors()).toEqual(one.tensors());
  });
});
