import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import { refinedConfig } from '../../../src/learner/refined-config.js';
import { withRobotModel } from '../../../src/learner/robot-model.js';
import type { RefinerOptions } from '../../../src/learner/refiner.js';
import {
  observationSpec,
  presetConfig,
  ReplayView,
  withoutPrefix,
  withPrefix,
  WorldModel,
  type WorldConfig,
} from '../../../src/rl/index.js';
import { expectClose } from '../rl/expect-close.js';
import { trackingTask } from '../rl/tracking-task.js';

const layout = robotLayout(['slide'], ['slide']);
const observation = observationSpec(layout);
const trained = presetConfig('mbpo', 'cpu', { task: 'tracking', delayed: false });
const base = refinedConfig(trained, 'tracking');
const model = {
  ...base.world!.model,
  members: 3,
  elites: 2,
  hidden: [24],
  weightDecay: [0, 0],
  learningRate: 1e-2,
  maxGradientSteps: 400,
};
const N = 300;

/** A linear simulation: [position, velocity, command] -> [position + 0.1 velocity, velocity + 0.5 action, action]. */
const simulation = ([p, v]: Float32Array, a: number): Float32Array =>
  Float32Array.of(p! + 0.1 * v!, v! + 0.5 * a, a);

function steps(seed: number): ReplayView {
  const replay = new ReplayView(layout, observation, trackingTask);
  const rng = new Rng(seed);
  for (let i = 0; i < N; i++) {
    const frame = Float32Array.of(rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-1, 1));
    const action = rng.uniform(-1, 1);
    replay.begin(frame);
    replay.append(Float32Array.of(action), simulation(frame, action), 0, i % 5 === 0, true);
  }
  return replay;
}

function options(changes: Partial<WorldConfig> = {}): RefinerOptions {
  const config = { ...base, world: { ...base.world!, model, ...changes } };
  return { layout, task: trackingTask, observation, config, seed: 1, simulated: steps(1) };
}

const live: WorldModel[] = [];
function worldOf({ config }: RefinerOptions, domainInput: boolean, seed = 8): WorldModel {
  const world = new WorldModel(
    layout,
    trackingTask,
    observation,
    { ...config.world!, domainInput },
    new Rng(seed),
  );
  live.push(world);
  return world;
}

/** Means of all elites for fresh steps, taken for the robot's and then for the simulation's. */
function meansOfDomains(world: WorldModel): { robot: Float32Array; simulated: Float32Array } {
  const replay = steps(2);
  const { count, inputs } = world.dataset(replay, { replay, rows: replay.transitions() });
  const half = inputs.length / 2;
  const mean = (rows: Float32Array) => world.ensemble.predictElites(count / 2, rows).mean;
  return { robot: mean(inputs.subarray(0, half)), simulated: mean(inputs.subarray(half)) };
}

beforeAll(async () => {
  await selectBackend('wasm');
});
afterEach(() => live.splice(0).forEach((world) => world.dispose()));

describe('withRobotModel', () => {
  it('gives a policy without a world model one that predicts its simulation, as yet the same for the robot', async () => {
    const opts = options();
    const sac = { 'sac/anything': { shape: [1], data: Float32Array.of(7) } };
    const tensorsBefore = tf.memory().numTensors;
    const tensors = await withRobotModel(sac, undefined, opts);
    expect(tf.memory().numTensors).toBe(tensorsBefore);
    expect(tensors).toMatchObject(sac);
    const world = worldOf(opts, true);
    const error = (): number => {
      const replay = steps(2);
      const { count, inputs } = world.dataset(replay);
      const { mean: shift, std } = world.ensemble.targetNormaliser;
      const { members, mean } = world.ensemble.predictElites(count, inputs);
      const rows = replay.transitions();
      let worst = 0;
      for (let i = 0; i < mean.length; i++) {
        const { frame, action } = replay.step(rows[Math.floor(i / 3) % count]!);
        const change = simulation(frame, action[0]!)[i % 3]! - frame[i % 3]!;
        worst = Math.max(worst, Math.abs(mean[i]! * std[i % 3]! + shift[i % 3]! - change));
      }
      expect(mean.length).toBe(members * count * 3);
      return worst;
    };
    expect(error()).toBeGreaterThan(0.5); // changes are up to 0.1, 0.5 and 2
    world.load(withoutPrefix('model', tensors));
    expect(error()).toBeLessThan(0.1);
    const { robot, simulated } = meansOfDomains(world);
    expect(robot).toEqual(simulated);
  });

  it.each(['task', 'learned'] as const)(
    'keeps what a model predicts, for both domains (termination: %s)',
    async (termination) => {
      const opts = options({ termination });
      const before = worldOf(opts, false);
      await before.fitTo(before.dataset(opts.simulated), new Rng(3));
      const other = { 'sac/anything': { shape: [1], data: Float32Array.of(7) } };
      const given = { ...other, ...withPrefix('model', before.tensors()) };
      const after = worldOf(opts, true);
      const tensors = await withRobotModel(given, before.snapshotMeta, opts);
      after.load(withoutPrefix('model', tensors));
      const expected = meansOfDomains(before);
      const actual = meansOfDomains(after);
      expectClose(actual.robot, expected.robot, 1e-5);
      expectClose(actual.simulated, expected.robot, 1e-5);
      expect(withoutPrefix('termination', after.tensors())).toEqual(
        withoutPrefix('termination', before.tensors()),
      );
      expect(tensors).toMatchObject(other);
    },
  );

  it('passes on a model that tells them apart already', async () => {
    const tensors = { anything: { shape: [1], data: Float32Array.of(7) } };
    expect(await withRobotModel(tensors, { domainInput: true }, options())).toBe(tensors);
  });
});
