import { describe, expect, it } from 'vitest';
import { refinedConfig, requireSameNetworks } from '../../../src/learner/refined-config.js';
import {
  ALGORITHMS,
  parseLearnerConfig,
  presetConfig,
  PRESETS,
  type LearnerConfig,
} from '../../../src/rl/index.js';

const TASKS = ['swing-up', 'balance', 'hopper', 'reacher-easy', 'inverted-pendulum'];
const CASES = ALGORITHMS.flatMap((algorithm) =>
  PRESETS.flatMap((preset) => TASKS.map((task) => ({ algorithm, preset, task }))),
);

describe.each(CASES)(
  'refinedConfig of $algorithm, preset $preset, for $task',
  ({ algorithm, preset, task }) => {
    const trained = presetConfig(algorithm, preset, { task, delayed: true });
    const refined = refinedConfig(trained, task);

    it('is a valid configuration, and refining it again changes nothing', () => {
      expect(parseLearnerConfig(JSON.parse(JSON.stringify(refined)), 'test')).toEqual(refined);
      expect(refinedConfig(refined, task)).toEqual(refined);
    });

    it('keeps networks and observation as they were trained', () => {
      const { history, previousActions, sac } = trained;
      const { hidden, criticLayerNorm, gamma, observationClip } = sac;
      const kept = { history, previousActions, sac: { hidden, criticLayerNorm, gamma, observationClip } };
      expect(refined).toMatchObject(kept);
      if (trained.world === undefined) return;
      const { target, reward, termination, model } = trained.world;
      const { members, elites, hidden: widths, normaliseTargets, probabilistic } = model;
      const world = { target, reward, termination };
      expect(refined.world).toMatchObject({
        ...world,
        model: { members, elites, hidden: widths, normaliseTargets, probabilistic },
      });
    });

    it('learns with a world model that tells domains apart and goes on from its weights, no faster than the training', () => {
      expect(refined.world).toMatchObject({ domainInput: true, model: { shrink: 1 } });
      for (const rate of ['actorLearningRate', 'criticLearningRate', 'temperatureLearningRate'] as const)
        expect(refined.sac[rate]).toBeLessThanOrEqual(trained.sac[rate]);
      if (trained.world !== undefined)
        expect(refined.world!.model.learningRate).toBeLessThanOrEqual(trained.world.model.learningRate);
    });
  },
);

it('gives a policy that SAC alone trained the world model of the cpu preset', () => {
  const alone = presetConfig('sac', 'cpu', { task: 'swing-up', delayed: false });
  const { world } = presetConfig('mbpo', 'cpu', { task: 'swing-up', delayed: false });
  const { members, hidden, batchSize } = world!.model;
  expect(refinedConfig(alone, 'swing-up').world!.model).toMatchObject({ members, hidden, batchSize });
});

describe('requireSameNetworks', () => {
  const refined = refinedConfig(presetConfig('mbpo', 'cpu', { task: 'balance', delayed: true }), 'balance');

  it('lets rates, ratios and bounds be changed', () => {
    const world = {
      ...refined.world!,
      realRatio: 0.5,
      model: { ...refined.world!.model, maxGradientSteps: 9 },
    };
    expect(() =>
      requireSameNetworks(refined, { ...refined, updatesPerStep: 1, world }, 'test'),
    ).not.toThrow();
  });

  it.each<[string, LearnerConfig]>([
    ['sac.hidden', { ...refined, sac: { ...refined.sac, hidden: [64] } }],
    ['world.domainInput', { ...refined, world: { ...refined.world!, domainInput: false } }],
    [
      'world.model.members',
      { ...refined, world: { ...refined.world!, model: { ...refined.world!.model, members: 7 } } },
    ],
  ])('refuses another %s, and names it', (key, changed) => {
    expect(() => requireSameNetworks(refined, changed, 'test')).toThrow(
      expect.objectContaining({
        code: 'BAD_INPUT',
        message: expect.stringContaining(`test: ${key} is`) as string,
      }),
    );
  });
});
