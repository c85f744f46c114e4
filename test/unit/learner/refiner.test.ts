import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import type { RobotTask } from '../../../src/env/index.js';
import { Refiner, type Refinement, type RefinerOptions } from '../../../src/learner/refiner.js';
import { refinedConfig } from '../../../src/learner/refined-config.js';
import {
  Learner,
  observationSpec,
  presetConfig,
  ReplayView,
  type LearnerConfig,
  type NamedTensors,
  type RecordedEpisode,
} from '../../../src/rl/index.js';
import { PendulumEnv, pendulumTask } from '../rl/pendulum-env.js';

const { layout } = new PendulumEnv();
const observation = observationSpec(layout);
const base = refinedConfig(presetConfig('mbpo', 'cpu', { task: 'pendulum', delayed: false }), 'pendulum');
const world = base.world!;
const TINY: LearnerConfig = {
  ...base,
  sac: { ...base.sac, hidden: [8, 8] },
  batchSize: 16,
  updatesPerStep: 0.5,
  world: {
    ...world,
    model: { ...world.model, hidden: [8], weightDecay: [0, 0], maxGradientSteps: 4, batchSize: 16 },
    rollout: {
      ...world.rollout,
      every: 20,
      branches: 10,
      length: { from: 1, to: 1, fromStep: 0, toStep: 0 },
      cut: { kind: 'none' },
    },
  },
};

/** One episode under random torques. */
function drive(steps: number, seed: number): RecordedEpisode {
  const env = new PendulumEnv();
  const rng = new Rng(seed);
  env.reset(0, rng);
  const frames = [...env.frames];
  const actions: number[] = [];
  for (let t = 0; t < steps; t++) {
    actions.push(rng.uniform(-1, 1));
    frames.push(...env.step(Float32Array.of(actions[t]!)).frames);
  }
  return { frames: Float32Array.from(frames), actions: Float32Array.from(actions), terminated: false };
}

function options(config = TINY, task: RobotTask = pendulumTask): RefinerOptions {
  const simulated = new ReplayView(layout, observation, pendulumTask);
  simulated.addEpisode(drive(60, 1));
  return { layout, task, observation, config, seed: 1, simulated };
}

/** Of a learner with a fitted normaliser, as a training leaves it. */
function trainedTensors(opts: RefinerOptions): NamedTensors {
  const learner = new Learner({ ...opts, seed: 77 });
  learner.replay.addEpisode(drive(60, 2));
  learner.fitNormaliser();
  const tensors = learner.tensors();
  learner.dispose();
  return tensors;
}

const live: Refiner[] = [];
function make(opts = options(), tensors = trainedTensors(opts)): Refiner {
  const refiner = new Refiner(opts, tensors);
  live.push(refiner);
  return refiner;
}

const quiet = (): void => {};
async function learnWell(refiner: Refiner): Promise<Refinement> {
  const result = await refiner.learn(quiet);
  if ('divergence' in result) throw new Error(result.divergence);
  return result;
}

beforeAll(async () => {
  await selectBackend('wasm');
});
afterEach(() => live.splice(0).forEach((refiner) => refiner.dispose()));

describe('Refiner', () => {
  it('makes so many policy updates for each new step, on a model of all steps, and has learned from them then', async () => {
    const refiner = make();
    refiner.add([drive(30, 3), drive(11, 4)]);
    expect(refiner).toMatchObject({ steps: 41, newSteps: 41 });
    const told: [number, number][] = [];
    const first = await refiner.learn((...progress) => void told.push(progress));
    expect(first).toMatchObject({
      updates: 21,
      model: { rows: 41 + 60, holdoutRows: 8 },
      rollout: { transitions: 10 },
    });
    expect(told).toEqual(Array.from({ length: 21 }, (_, i) => [i + 1, 21]));
    expect(refiner).toMatchObject({ steps: 41, newSteps: 0 });
    refiner.add([drive(10, 5)]);
    expect(refiner).toMatchObject({ steps: 51, newSteps: 10 });
    expect(await refiner.learn(quiet)).toMatchObject({ updates: 5, model: { rows: 51 + 60 } });
  });

  it('does not learn again from what an earlier sitting learned from, but fits the model to it', async () => {
    const refiner = make();
    refiner.add([drive(30, 3)]);
    refiner.skip();
    expect(refiner).toMatchObject({ steps: 30, newSteps: 0 });
    refiner.add([drive(10, 4)]);
    expect(await refiner.learn(quiet)).toMatchObject({ updates: 5, model: { rows: 40 + 60 } });
  });

  it('adds up the rewards that the task gives', () => {
    const parts = [drive(30, 3), drive(7, 4)];
    let expected = 0;
    for (const { frames, actions } of parts) {
      actions.forEach((action, t) => {
        const [q, rate] = frames.subarray(3 * t, 3 * t + 2);
        const angle = ((((q! + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
        expected -= angle ** 2 + 0.1 * rate! ** 2 + 0.001 * (2 * action) ** 2;
      });
    }
    const refiner = make();
    expect(refiner.add(parts)).toBeCloseTo(expected, 2);
    expect(refiner.add([])).toBe(0);
  });

  it('goes on from the networks and optimisers that it is given, and changes them', async () => {
    const opts = options();
    const tensors = trainedTensors(opts);
    const [count] = tensors['sac/adam/actor/count']!.data;
    const refiner = make(opts, tensors);
    expect(refiner.tensors()).toEqual(tensors);
    const learner = new Learner(opts);
    learner.load(tensors);
    expect(refiner.policy()).toEqual(learner.policy());
    expect(refiner.explorer()).toEqual(learner.explorer());
    learner.dispose();
    refiner.add([drive(20, 3)]);
    await learnWell(refiner);
    const after = refiner.tensors();
    expect(after['sac/adam/actor/count']!.data[0]).toBe(count! + 10);
    expect(after['sac/actor/dense0/kernel']).not.toEqual(tensors['sac/actor/dense0/kernel']);
    expect(after['model/member0/dense0/kernel']).not.toEqual(tensors['model/member0/dense0/kernel']);
  });

  it('keeps the normaliser of the observation, in whose units the policy was trained', async () => {
    const opts = options();
    const tensors = trainedTensors(opts);
    const refiner = make(opts, tensors);
    refiner.add([drive(40, 3)]);
    await learnWell(refiner);
    for (const name of ['mean', 'std'])
      expect(refiner.tensors()[`sac/normaliser/${name}`]).toEqual(tensors[`sac/normaliser/${name}`]);
  });

  it('gives the policy and the explorer of the tensors that it gives', async () => {
    const opts = options();
    const refiner = make(opts);
    refiner.add([drive(20, 3)]);
    await learnWell(refiner);
    const copy = make(opts, refiner.tensors());
    expect(copy.policy()).toEqual(refiner.policy());
    expect(copy.explorer()).toEqual(refiner.explorer());
    expect(refiner.simulatedTensors()).toEqual(opts.simulated.tensors());
    expect(refiner.modelMeta).toMatchObject({ domainInput: true, hiddenWidths: [8] });
    expect(refiner.outputs).toEqual(layout.fields);
  });

  it('imagines anew after every so many steps, also where that is no whole number of updates', async () => {
    let rollouts = 0;
    const task: RobotTask = {
      ...pendulumTask,
      terminated: (batch, ...rest) => {
        rollouts++; // branches of one step: once for each round
        pendulumTask.terminated(batch, ...rest);
      },
    };
    const rollout = { ...TINY.world!.rollout, every: 50 };
    const config = { ...TINY, updatesPerStep: 0.07, world: { ...TINY.world!, rollout } };
    const refiner = make(options(config, task));
    refiner.add([drive(200, 3)]);
    expect(await refiner.learn(quiet)).toMatchObject({ updates: 15 });
    expect(rollouts).toBe(4); // 3.5 updates for 50 steps: at updates 0, 4, 8 and 12
  });

  describe.each([
    {
      what: 'the model cannot be fitted to frames that are no numbers',
      config: TINY,
      task: pendulumTask,
      spoil: (frames: Float32Array) => frames.fill(NaN, 30, 33),
      divergence: /world model's training loss is NaN/,
    },
    {
      what: 'a reward is no number',
      config: TINY,
      task: {
        ...pendulumTask,
        reward: (
          batch: number,
          _layout: unknown,
          _frames: unknown,
          _actions: unknown,
          _next: unknown,
          out: Float32Array,
        ) => void out.fill(NaN, 0, batch),
      },
      spoil: () => {},
      divergence: /^criticLoss is NaN$/,
    },
    {
      what: 'values explode',
      config: {
        ...TINY,
        updatesPerStep: 20,
        sac: { ...TINY.sac, criticLearningRate: 100, tau: 1, criticLayerNorm: false },
      },
      task: pendulumTask,
      spoil: () => {},
      divergence: /^the critics' mean target is .*, beyond /,
    },
  ])('where $what', ({ config, task, spoil, divergence }) => {
    it('says so, and everything is as it was before; so it is after the next attempt', async () => {
      const refiner = make(options(config, task));
      const before = [refiner.tensors(), refiner.policy(), refiner.explorer()];
      const episode = drive(40, 3);
      spoil(episode.frames);
      refiner.add([episode]);
      for (let attempt = 0; attempt < 2; attempt++) {
        const result = await refiner.learn(quiet);
        expect((result as { divergence: string }).divergence).toMatch(divergence);
        expect([refiner.tensors(), refiner.policy(), refiner.explorer()]).toEqual(before);
        expect(refiner).toMatchObject({ steps: 40, newSteps: 40 });
      }
    });
  });

  it('goes back to the newest round that went well', async () => {
    const refiner = make();
    refiner.add([drive(20, 3)]);
    await learnWell(refiner);
    const good = [refiner.tensors(), refiner.policy(), refiner.explorer()];
    const episode = drive(20, 4);
    episode.frames.fill(NaN, 9, 12);
    refiner.add([episode]);
    expect(await refiner.learn(quiet)).toHaveProperty('divergence');
    expect([refiner.tensors(), refiner.policy(), refiner.explorer()]).toEqual(good);
    expect(refiner).toMatchObject({ steps: 40, newSteps: 20 });
  });

  it('lets the event loop turn while it learns', async () => {
    const refiner = make();
    refiner.add([drive(100, 3)]);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await learnWell(refiner);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it('keeps no tensors beyond its parameters, and none after its end', async () => {
    const empty = tf.memory().numTensors;
    const refiner = make();
    const round = async () => {
      refiner.add([drive(20, 3)]);
      await refiner.learn(quiet);
    };
    await round();
    const { numTensors } = tf.memory();
    await round();
    expect(tf.memory().numTensors).toBe(numTensors);
    refiner.dispose();
    live.pop();
    expect(tf.memory().numTensors).toBe(empty);
  });
});
