import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { percentile, Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import { encodeObservations, historyWindows, observationSpec, WorldModel } from '../../../src/rl/index.js';
import { pairwiseDivergence } from '../../../src/rl/member-predictions.js';
import {
  modelSnapshotFromTensors,
  PlainModel,
  type ModelSnapshotMeta,
} from '../../../src/rl/model-snapshot.js';
import { presetConfig } from '../../../src/rl/presets.js';
import { expectClose } from './expect-close.js';
import { trackingTask } from './tracking-task.js';

const layout = robotLayout(['slide', 'pole'], ['slide'], ['pole']);
const observation = observationSpec(layout, { history: 2, previousActions: 1 });
const { frameSize: F, size: S, actionSize: A } = observation;
const COUNT = 300;
const preset = presetConfig('mbpo', 'cpu', { task: 'balance', delayed: true }).world!;
const windows = historyWindows(observation, COUNT);
const actions = new Float32Array(COUNT * A);

/** Rows [observation | action], and at the end of each the robot's domain, where the model tells domains apart. */
function inputsOf(domainInput: boolean): Float32Array {
  const observations = new Float32Array(COUNT * S);
  encodeObservations(observation, COUNT, windows.frames, windows.actions, observations);
  const width = S + A + (domainInput ? 1 : 0);
  const inputs = new Float32Array(COUNT * width).fill(1);
  for (let i = 0; i < COUNT; i++) {
    inputs.set(observations.subarray(i * S, (i + 1) * S), i * width);
    inputs.set(actions.subarray(i * A, (i + 1) * A), i * width + S);
  }
  return inputs;
}

/** A model after a short fit to smooth motion with noise, so that no part of it has its first value. */
async function fitted(
  target: 'delta' | 'next',
  probabilistic: boolean,
  domainInput = false,
): Promise<WorldModel> {
  const model = {
    ...preset.model,
    hidden: [24, 16],
    weightDecay: [0, 0, 0],
    maxGradientSteps: 60,
    probabilistic,
  };
  const config = { ...preset, target, reward: 'learned', model, domainInput } as const;
  const world = new WorldModel(layout, trackingTask, observation, config, new Rng(1));
  const D = F + 1;
  const rng = new Rng(3);
  const inputs = inputsOf(domainInput);
  if (domainInput) for (let i = S + A; i < inputs.length; i += 2 * (S + A + 1)) inputs[i] = 0; // every other one is simulated
  const targets = new Float32Array(COUNT * D).map(
    (_, i) => 0.1 * Math.sin(i) + (i % D) + rng.normal(0, 0.05),
  );
  await world.fitTo(
    { count: COUNT, inputs, targets, nextFrames: new Float32Array(0), ended: new Uint8Array(COUNT) },
    rng,
  );
  return world;
}

beforeAll(async () => {
  await selectBackend('wasm');
  const rng = new Rng(2);
  rng.fillNormal(windows.frames);
  rng.fillNormal(windows.actions);
  rng.fillNormal(actions);
});

describe.each([
  ['delta', true, false],
  ['next', true, false],
  ['delta', false, false],
  ['delta', true, true],
] as const)(
  'PlainModel that predicts the %s (probabilistic: %s, domainInput: %s)',
  (target, probabilistic, domainInput) => {
    let world: WorldModel;
    let plain: PlainModel;
    let inputs: Float32Array;
    /** [observation | action] of row i */
    const rowOf = (i: number) =>
      inputs.subarray((i * inputs.length) / COUNT, (i * inputs.length) / COUNT + S + A);
    beforeAll(async () => {
      world = await fitted(target, probabilistic, domainInput);
      inputs = inputsOf(domainInput);
      const meta = JSON.parse(JSON.stringify(world.snapshotMeta)) as ModelSnapshotMeta;
      plain = new PlainModel(modelSnapshotFromTensors(world.tensors(), meta));
    });
    afterAll(() => world.dispose());

    it('has mean and variance of every elite as the tensor library computes them, to 1e-4', () => {
      const D = F + 1;
      const expected = world.ensemble.predictElites(COUNT, inputs);
      const { elites } = world.ensemble;
      const next = new Float32Array(F);
      const own = {
        mean: new Float32Array(expected.mean.length),
        variance: new Float32Array(expected.mean.length),
      };
      for (let i = 0; i < COUNT; i++) {
        const frame = windows.frames.subarray(i * 2 * F, i * 2 * F + F);
        for (let k = 0; k < elites.length; k++) {
          plain.expect(k, rowOf(i), frame, next, true);
          for (const part of ['mean', 'variance'] as const) {
            own[part].set(plain.predictions[part].subarray(k * D, (k + 1) * D), (k * COUNT + i) * D);
          }
        }
      }
      expectClose(own.mean, expected.mean);
      for (let i = 0; i < own.variance.length; i++) {
        expect(Math.abs(own.variance[i]! / expected.variance[i]! - 1)).toBeLessThan(1e-4);
      }
      const divergence = pairwiseDivergence({ ...expected, ...own });
      expectClose(divergence, pairwiseDivergence(expected), 1e-3);
    });

    it('expects the frames that the world model expects, elite by elite', () => {
      const D = F + 1;
      world.ensemble.elites.forEach((member, k) => {
        const expected = world.expect(member, COUNT, windows, actions);
        const next = new Float32Array(F);
        for (let i = 0; i < COUNT; i++) {
          const frame = windows.frames.subarray(i * 2 * F, i * 2 * F + F);
          plain.expect(k, rowOf(i), frame, next);
          expectClose(next, expected.subarray(i * D, i * D + F));
        }
      });
    });

    it('carries the limit of disagreement that was measured on held-out rows: few rows like these exceed it, most strange ones do', () => {
      const { disagreementLimit } = plain.snapshot;
      expect(disagreementLimit).toBe(world.ensemble.disagreementLimit);
      const share = (rows: Float32Array): number => {
        const scores = pairwiseDivergence(world.ensemble.predictElites(COUNT, rows));
        return scores.filter((score) => score > disagreementLimit).length / COUNT;
      };
      expect(share(inputs)).toBeLessThan(0.1);
      expect(share(inputs.map((x) => 30 * x))).toBeGreaterThan(0.5);
    });
  },
);

describe('the limit of disagreement', () => {
  it('is the quantile 0.99 of the divergence of the rows that it is measured on, 1000 of them at most', async () => {
    const world = await fitted('delta', true);
    const { ensemble } = world;
    const rows = new Rng(5).fillNormal(new Float32Array(1500 * (S + A)));
    const scores = pairwiseDivergence(ensemble.predictElites(1000, rows.subarray(0, 1000 * (S + A))));
    ensemble.fitDisagreementLimit({ count: 1500, inputs: rows, targets: new Float32Array(0) });
    expectClose([ensemble.disagreementLimit], [percentile(scores, 99)], 1e-6);
    world.dispose();
  });

  it('is refused where it was never measured, and kept by a checkpoint where it was', async () => {
    const world = await fitted('delta', true);
    const { snapshotMeta: meta, ensemble } = world;
    const tensors = world.tensors();
    const never = { ...tensors, disagreementLimit: { shape: [1], data: Float32Array.of(NaN) } };
    expect(() => modelSnapshotFromTensors(never, meta)).toThrow(
      /limit of disagreement is NaN.*enabled: false/,
    );
    const measured = ensemble.disagreementLimit;
    ensemble.disagreementLimit = 1;
    world.load(tensors);
    expect(ensemble.disagreementLimit).toBe(measured);
    const { disagreementLimit: _, ...old } = tensors;
    world.load(old);
    expect(ensemble.disagreementLimit).toBeNaN();
    world.dispose();
  });
});

it('refuses tensors of a network of another size', async () => {
  const world = await fitted('delta', true);
  const meta = { ...world.snapshotMeta, hiddenWidths: [24, 17] };
  expect(() => modelSnapshotFromTensors(world.tensors(), meta)).toThrow(/shape/);
  world.dispose();
});
