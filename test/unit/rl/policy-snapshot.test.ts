import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import { DEFAULT_SAC, observationSpec, Sac } from '../../../src/rl/index.js';
import {
  PlainPolicy,
  RandomPolicy,
  snapshotFromTensors,
  snapshotToTensors,
} from '../../../src/rl/policy-snapshot.js';
import { expectClose } from './expect-close.js';

const observation = observationSpec(robotLayout(['slide', 'pole'], ['slide', 'pole'], ['pole']), {
  history: 2,
  previousActions: 1,
});
const COUNT = 64;
let sac: Sac;
let observations: Float32Array;

beforeAll(async () => {
  await selectBackend('wasm');
  sac = new Sac(observation, { ...DEFAULT_SAC, hidden: [32, 24] }, new Rng(1));
  observations = new Rng(2).fillNormal(new Float32Array(COUNT * observation.size)).map((x) => 3 * x + 1);
  sac.normaliser.fit(COUNT, observations);
});
afterAll(() => sac.dispose());

const row = (i: number) => observations.subarray(i * observation.size, (i + 1) * observation.size);

describe('PlainPolicy', () => {
  it('equals the tfjs actor to 1e-5, deterministic and with the same noise', () => {
    const { actionSize } = observation;
    const expected = new Float32Array(COUNT * actionSize);
    const own = new Float32Array(actionSize);
    const noise = new Rng(9, 'noise').fillNormal(new Float32Array(COUNT * actionSize));
    for (const normals of [null, noise]) {
      sac.act(COUNT, observations, normals, expected);
      const policy = new PlainPolicy(
        sac.snapshot('newest'),
        normals === null ? undefined : new Rng(9, 'noise'),
      );
      for (let i = 0; i < COUNT; i++) {
        policy.act(row(i), own);
        for (let j = 0; j < actionSize; j++) {
          expect(Math.abs(own[j]! - expected[i * actionSize + j]!)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it('is a copy: later learning does not change it', () => {
    const snapshot = sac.snapshot('newest');
    const before = snapshot.mean.kernel.slice();
    sac.actor.write(sac.actor.read().fill(0.5));
    expect(snapshot.mean.kernel).toEqual(before);
  });

  it('carries history and its own last action from step to step', () => {
    const policy = new PlainPolicy(sac.snapshot('newest'));
    const carry = policy.begin();
    const [first, second] = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(6, 5, 4, 3, 2, 1)];
    const action = policy.step(carry, first).action.slice();
    expect(Array.from(carry.history.frames)).toEqual([...first, ...first]);
    expect(Array.from(carry.history.actions)).toEqual([0, 0]);
    policy.step(carry, second);
    expect(Array.from(carry.history.frames)).toEqual([...second, ...first]);
    expect(carry.history.actions).toEqual(action);
  });

  it('remembers an action that was taken in place of its own', () => {
    const policy = new PlainPolicy(sac.snapshot('newest'));
    const carry = policy.begin();
    policy.step(carry, new Float32Array(6));
    carry.override(Float32Array.of(0.25, -0.5));
    policy.step(carry, new Float32Array(6));
    expect(Array.from(carry.history.actions)).toEqual([0.25, -0.5]);
  });

  it('acts the same after its snapshot went through tensors and JSON', () => {
    const { tensors, meta } = snapshotToTensors(sac.snapshot('newest'));
    const restored = snapshotFromTensors(tensors, JSON.parse(JSON.stringify(meta)) as typeof meta);
    const [a, b] = [new Float32Array(2), new Float32Array(2)];
    new PlainPolicy(sac.snapshot('newest')).act(row(0), a);
    new PlainPolicy(restored).act(row(0), b);
    expect(b).toEqual(a);
  });

  it('refuses layers that do not fit together', () => {
    const snapshot = sac.snapshot('newest');
    expect(() => new PlainPolicy({ ...snapshot, hidden: snapshot.hidden.slice(1) })).toThrow('expected');
  });
});

describe('RandomPolicy', () => {
  it('draws uniformly from [-1, 1]', () => {
    const policy = new RandomPolicy(1, new Rng(1));
    const carry = policy.begin();
    const drawn = Array.from({ length: 2000 }, () => policy.step(carry).action[0]!);
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(1);
    expectClose([mean + 1], [1], 0.06);
  });
});
