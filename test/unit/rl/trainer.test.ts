import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend, tf } from '../../../src/compute/index.js';
import { loadStandardEnv } from '../../../sim/index.js';
import { ManualClock, Rng } from '../../../src/core/index.js';
import {
  ALGORITHMS,
  evaluatePolicy,
  Learner,
  observationSpec,
  parseLearnerConfig,
  PlainPolicy,
  presetConfig,
  PRESETS,
  randomPolicyReturn,
  ReplayView,
  rolloutLengthAt,
  train,
  Trainer,
  type LearnerConfig,
  type StepRecorder,
  type TrainingOptions,
  type WorldConfig,
} from '../../../src/rl/index.js';
import { engine } from '../sim/robots.js';
import { PendulumEnv, pendulumTask } from './pendulum-env.js';

const CPU = presetConfig('mbpo', 'cpu', { task: 'pendulum', delayed: false });
const TINY_WORLD: WorldConfig = {
  ...CPU.world!,
  model: { ...CPU.world!.model, hidden: [8], weightDecay: [0, 0], maxGradientSteps: 4, batchSize: 16 },
  rollout: {
    every: 20,
    branches: 10,
    startShare: 0.5,
    length: { from: 1, to: 2, fromStep: 40, toStep: 60 },
    retainedRounds: 2,
    cut: { kind: 'none' },
  },
};
const TINY: LearnerConfig = {
  ...CPU,
  sac: { ...CPU.sac, hidden: [8, 8] },
  batchSize: 16,
  updatesPerStep: 0.5,
  initialRandomSteps: 30,
  fitEvery: 40,
  world: TINY_WORLD,
};
const tinyWorld = (changes: Partial<WorldConfig>): LearnerConfig => ({
  ...TINY,
  world: { ...TINY_WORLD, ...changes },
});
const env = new PendulumEnv();
const observation = observationSpec(env.layout);
const options = (more: Partial<TrainingOptions> = {}): TrainingOptions => ({
  env: new PendulumEnv(),
  observation,
  config: TINY,
  seed: 1,
  clock: new ManualClock(),
  steps: 100,
  ...more,
});
const live: { dispose(): void }[] = [];
function trainer(opts = options()): Trainer {
  const made = new Trainer(opts);
  live.push(made);
  return made;
}
const values = (part: Trainer | Learner) =>
  Object.values(('learner' in part ? part.learner : part).tensors()).flatMap(({ data }) => Array.from(data));

beforeAll(async () => {
  await selectBackend('wasm');
});
afterEach(() => live.splice(0).forEach((part) => part.dispose()));

describe('Trainer', () => {
  it('acts at random first, then fits, imagines and updates when each is due', async () => {
    const training = trainer();
    const updates: number[] = [];
    const fits: number[] = [];
    for (let i = 0; i < 100; i++) {
      const report = await training.step();
      expect(report.step).toBe(i + 1);
      expect(report.random).toBe(i < 30);
      if (report.sac !== undefined) updates.push(report.step);
      if (report.model !== undefined) fits.push(report.step);
    }
    expect(fits).toEqual([31, 71]);
    expect(updates[0]).toBe(32); // every second step: 0.5 updates per step
    expect(updates.length).toBe(35);
    expect(training.learner.replay.steps).toBe(100);
    expect(training.learner.imagined).toBe(2 * 10 * 2);
  });

  it('repeats bit for bit from the same seed, and differs with another', async () => {
    const run = async (seed: number) => {
      const training = trainer(options({ seed }));
      for (let i = 0; i < 60; i++) await training.step();
      return values(training);
    };
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('keeps no tensors beyond its parameters', async () => {
    const empty = tf.memory().numTensors;
    const training = trainer();
    for (let i = 0; i < 35; i++) await training.step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 45; i++) await training.step();
    expect(tf.memory().numTensors).toBe(numTensors);
    training.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  it('tells the recorder of every step in order', async () => {
    const log: string[] = [];
    const recorder: StepRecorder = {
      begin: (frame) => log.push(`begin ${frame.length}`),
      step: (action, result) => {
        expect(Math.abs(action[0]!)).toBeLessThanOrEqual(1);
        expect(result.frames[2]).toBeCloseTo(2 * action[0]!, 5);
        log.push('step');
      },
      end: ({ episode, length }) => log.push(`end ${episode} ${length}`),
    };
    const training = trainer(options({ recorder, config: { ...TINY, initialRandomSteps: 1000 } }));
    for (let i = 0; i < 201; i++) await training.step();
    expect(log[0]).toBe('begin 3');
    expect(log.slice(201)).toEqual(['end 0 200', 'begin 3', 'step']);
  });

  it('goes on bit for bit from its state, with many environments in the middle of their episodes', async () => {
    const make = () => {
      const many = loadStandardEnv({ engine, task: 'pendulum-v1', count: 3 });
      const spec = observationSpec(many.layout, { history: 2, previousActions: 1 });
      const cut = { kind: 'macura', scale: 2, percentile: 95 } as const;
      const world = {
        ...TINY_WORLD,
        rollout: { ...TINY_WORLD.rollout, cut },
        termination: 'learned' as const,
      };
      live.push(many);
      return trainer(
        options({ env: many, observation: spec, config: { ...TINY, world, updatesPerStep: 0.4 } }),
      );
    };
    const [whole, first, second] = [make(), make(), make()];
    for (let i = 0; i < 45; i++) await whole.step();
    for (let i = 0; i < 25; i++) await first.step();
    const { tensors, parts } = first.state();
    second.restore({ tensors, parts: JSON.parse(JSON.stringify(parts)) as typeof parts });
    for (let i = 25; i < 45; i++) await second.step();
    expect(second.stepCount).toBe(135);
    expect(second.state()).toEqual(whole.state());
  });

  it('takes no random steps when it starts with a learned policy', async () => {
    const report = await trainer(options({ warmStart: true })).step();
    expect(report.random).toBe(false);
  });
});

describe('Learner', () => {
  function learnerOn(config: LearnerConfig, seed = 1, simulated?: ReplayView): Learner {
    const learner = new Learner({
      layout: env.layout,
      task: pendulumTask,
      observation,
      config,
      seed,
      ...(simulated && { simulated }),
    });
    live.push(learner);
    return learner;
  }

  function record(replay: ReplayView, steps: number, seed: number): void {
    const rng = new Rng(seed);
    env.reset(0, rng);
    replay.begin(env.frames.slice());
    for (let t = 0; t < steps; t++) {
      const action = Float32Array.of(rng.uniform(-1, 1));
      const { rewards } = env.step(action);
      replay.append(action, env.frames.slice(), rewards[0]!, false, t === steps - 1);
    }
  }

  async function learn(learner: Learner): Promise<void> {
    learner.fitNormaliser();
    await learner.fitWorld();
    learner.imagine(100);
    for (let i = 0; i < 3; i++) learner.updatePolicy();
  }

  it('continues identically after saving and loading networks and random states', async () => {
    const oneRound = { rollout: { ...TINY_WORLD.rollout, retainedRounds: 1 } };
    // one round of rollouts is retained: imagined steps are made anew, not saved
    const [c, d] = [learnerOn(tinyWorld(oneRound), 1), learnerOn(tinyWorld(oneRound), 2)];
    for (const learner of [c, d]) record(learner.replay, 60, 5);
    await learn(c);
    d.load(structuredClone(c.tensors()));
    d.loadRandomStates(JSON.parse(JSON.stringify(c.randomStates())) as ReturnType<Learner['randomStates']>);
    await learn(c);
    await learn(d);
    expect(values(d)).toEqual(values(c));
  });

  it('forgets what was imagined with the networks that it had before others are loaded', async () => {
    const learner = learnerOn(TINY);
    record(learner.replay, 60, 5);
    const before = learner.tensors();
    await learn(learner);
    expect(learner.imagined).toBeGreaterThan(0);
    learner.load(before);
    expect(learner.imagined).toBe(0);
    expect(() => learner.updatePolicy()).not.toThrow(); // on recorded steps alone
    expect(learner.imagine(100)?.transitions).toBe(learner.imagined);
  });

  it('fits its world model to simulated steps as well, and tells them apart', async () => {
    const simulated = new ReplayView(env.layout, observation, pendulumTask);
    record(simulated, 80, 9);
    const learner = learnerOn(tinyWorld({ domainInput: true }), 1, simulated);
    record(learner.replay, 40, 5);
    learner.fitNormaliser();
    const report = await learner.fitWorld();
    expect(report?.rows).toBe(120);
    expect(report?.holdoutRows).toBe(Math.floor(40 * TINY_WORLD.model.holdoutRatio));
    expect(learner.imagine(100)?.transitions).toBe(20);
    learner.updatePolicy();
  });
});

describe('train', () => {
  it('runs to the end, evaluates after episodes and returns the best policy', async () => {
    const steps: number[] = [];
    const episodes: number[] = [];
    const fits: number[] = [];
    const evaluations: { step: number; best: boolean; meanReturn: number }[] = [];
    const result = await train(
      options({
        steps: 400,
        evaluateEvery: 150,
        evaluationEpisodes: 1,
        evaluationEnv: new PendulumEnv(),
        onStep: ({ step }) => steps.push(step),
        onEpisode: ({ step }) => episodes.push(step),
        onModel: (_report, step) => fits.push(step),
        onEvaluation: (report) => evaluations.push(report),
      }),
    );
    live.push(result.trainer);
    expect(steps.length).toBe(400);
    expect(episodes).toEqual([200, 400]);
    expect(fits.length).toBe(10);
    expect(evaluations.map(({ step }) => step)).toEqual([150, 300, 400]);
    const returns = evaluations.map(({ meanReturn }) => meanReturn);
    expect(result.bestEvaluation?.meanReturn).toBe(Math.max(...returns));
    expect(result).toMatchObject({ steps: 400, episodes: 2, ended: 'steps' });
  });

  it('stops when asked and keeps what was learned', async () => {
    let asked = 0;
    const result = await train(options({ shouldStop: () => ++asked > 40 }));
    live.push(result.trainer);
    expect(result).toMatchObject({ steps: 40, ended: 'stopped' });
    expect(result.policy).toEqual(result.trainer.learner.policy());
  });

  it('evaluates once more when steps follow the last evaluation, but not where it was stopped', async () => {
    const steps: number[] = [];
    const more = {
      onEvaluation: ({ step }: { step: number }) => void steps.push(step),
      evaluationEpisodes: 1,
    };
    const done = await train(options({ ...more, steps: 250, evaluateEvery: 150 }));
    live.push(done.trainer);
    expect(steps).toEqual([200, 250]);
    expect(done.bestEvaluation).toBeDefined();
    let asked = 0;
    const stopped = await train(options({ ...more, shouldStop: () => ++asked > 60 }));
    live.push(stopped.trainer);
    expect(steps).toEqual([200, 250]);
    expect(stopped).toMatchObject({ ended: 'stopped', progress: { lastEvaluation: 0 } });
  });

  it('does not train on where the goal was confirmed', async () => {
    const progress = { lastEvaluation: 40, reached: true, confirmed: true };
    const result = await train(options({ progress }));
    live.push(result.trainer);
    expect(result).toMatchObject({ ended: 'goal', steps: 0 });
  });

  it('evaluates nothing where nothing was learned', async () => {
    const evaluated: unknown[] = [];
    const opts = options({ steps: 30, onEvaluation: (report) => evaluated.push(report) });
    const result = await train(opts);
    live.push(result.trainer);
    expect(await train(opts, result.trainer)).not.toHaveProperty('bestEvaluation');
    expect(evaluated).toEqual([]);
  });

  it('goes on after its last evaluation as if it had not been, in the same environment too', async () => {
    const parted = await train(options({ steps: 60 }));
    live.push(parted.trainer);
    await train(options({ steps: 90 }), parted.trainer);
    const whole = trainer();
    for (let i = 0; i < 90; i++) await whole.step();
    expect(values(parted.trainer)).toEqual(values(whole));
    expect(parted.trainer.learner.replay.steps).toBe(90);
  });

  it('selects by other starts than those of the final evaluation', async () => {
    const judge = new PendulumEnv();
    const result = await train(options({ steps: 60, evaluationEpisodes: 3, evaluationEnv: judge }));
    live.push(result.trainer);
    const returnsFrom = (stream: string) =>
      evaluatePolicy(judge, new PlainPolicy(result.policy), 3, new Rng(1, stream)).returns;
    expect(result.bestEvaluation!.returns).toEqual(returnsFrom('selection'));
    expect(result.bestEvaluation!.returns).not.toEqual(returnsFrom('evaluation'));
  });

  it('lets the event loop turn while it learns', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const result = await train(options({ steps: 80 }));
    clearInterval(timer);
    live.push(result.trainer);
    expect(turns).toBeGreaterThan(3);
  });

  it('stops when two evaluations in a row reach the goal, not at the first', async () => {
    const more = { steps: 400, evaluateEvery: 100, evaluationEpisodes: 1, evaluationEnv: new PendulumEnv() };
    const result = await train(options({ ...more, stopAtReturn: -1e9 }));
    live.push(result.trainer);
    expect(result).toMatchObject({ steps: 200, ended: 'goal' });
    const never = await train(options({ ...more, stopAtReturn: 1 }));
    live.push(never.trainer);
    expect(never).toMatchObject({ steps: 400, ended: 'steps' });
  });
});

describe('evaluatePolicy', () => {
  it('sums rewards over whole episodes', () => {
    const falling = {
      begin: () => new Float32Array(1),
      step: (carry: Float32Array) => ({ action: carry, carry }),
    };
    const { returns, lengths, terminated, meanReturn } = evaluatePolicy(env, falling, 2, new Rng(3));
    expect(Array.from(lengths)).toEqual([200, 200]);
    expect(terminated).toBe(0);
    expect(meanReturn).toBeCloseTo((returns[0]! + returns[1]!) / 2, 9);
    env.reset(0, new Rng(3));
    let sum = 0;
    for (let t = 0; t < 200; t++) sum += env.step(new Float32Array(1)).rewards[0]!;
    expect(returns[0]).toBeCloseTo(sum, 6);
  });

  it('gives the random policy of Pendulum-v1 its known return of about -1200', () => {
    const { meanReturn } = randomPolicyReturn(env, 30, 1);
    expect(meanReturn).toBeLessThan(-1000);
    expect(meanReturn).toBeGreaterThan(-1450);
  });
});

describe('LearnerConfig', () => {
  it('has presets that are consistent', () => {
    for (const algorithm of ALGORITHMS) {
      for (const preset of PRESETS) {
        for (const task of ['hopper', 'half-cheetah', 'inverted-pendulum', 'swing-up']) {
          const config = presetConfig(algorithm, preset, { task, delayed: false });
          expect(() => parseLearnerConfig(config, 'test')).not.toThrow();
          expect(config.world === undefined).toBe(algorithm === 'sac');
        }
      }
    }
  });

  it.each<LearnerConfig>([
    { ...TINY, batchSize: 0 },
    { ...TINY, updatesPerStep: -1 },
    { ...TINY, updatesPerStep: Infinity },
    { ...TINY, sac: { ...TINY.sac, gamma: 1 } },
    tinyWorld({ target: 'detla' as 'delta' }),
    tinyWorld({ model: { ...TINY_WORLD.model, weightDecay: [0] } }),
    tinyWorld({ model: { ...TINY_WORLD.model, elites: 6 } }),
    tinyWorld({ rollout: { ...TINY_WORLD.rollout, cut: { kind: 'macurra' } as never } }),
    tinyWorld({ realRatio: 1.1 }),
    tinyWorld({ rollout: { ...TINY_WORLD.rollout, length: { from: 3, to: 1, fromStep: 0, toStep: 1 } } }),
    tinyWorld({ rollout: { ...TINY_WORLD.rollout, cut: { kind: 'macura', scale: 0, percentile: 95 } } }),
    tinyWorld({
      rollout: {
        ...TINY_WORLD.rollout,
        cut: { kind: 'infoprop', stepQuantile: 1.1, pathQuantile: 0.1, horizon: 1 },
      },
    }),
  ])('refuses contradictions (%#)', (wrong) => {
    expect(() => parseLearnerConfig(wrong, 'test')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });

  it('lengthens rollouts linearly between two real steps, as MBPO does on Hopper', () => {
    const { rollout } = presetConfig('mbpo', 'official', { task: 'hopper', delayed: false }).world!;
    const at = (step: number) => rolloutLengthAt(rollout, step);
    // epochs are counted from the end of 5000 random steps
    expect([0, 25_000, 90_000, 154_999, 155_000, 1e6].map(at)).toEqual([1, 1, 8, 14, 15, 15]);
  });
});
