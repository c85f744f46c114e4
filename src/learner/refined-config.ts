import { badInput } from '../core/index.js';
import type { LearnerConfig, WorldConfig } from '../rl/learner-config.js';
import { presetConfig } from '../rl/presets.js';

/** Adam's default (Kingma and Ba 2015), also SAC's; the cpu preset's 1e-3 made policies worse before it made them better. */
const LEARNING_RATE = 3e-4;
const MODEL_LEARNING_RATE = 1e-3;

/**
 * How to learn on from what a simulation taught, in minutes of a real robot. What is to be learned is the dynamics, so the world model goes
 * on from its weights (no shrink and perturb), on real steps and on simulated ones that it tells apart by an input, and the policy follows
 * on steps imagined with it. Simulated steps are not among the policy's: they are of another robot. Chosen by trials on the
 * cart-pole with a weak drive and the pendulum with a heavy rod, seeds 1 to 3, one minute of robot time: docs/DECISIONS.md, D-071.
 *
 * @param trained the configuration of the training; one without a world model (SAC alone) gets that of the cpu preset
 */
export function refinedConfig(trained: LearnerConfig, task: string): LearnerConfig {
  const { sac } = trained;
  const world = trained.world ?? presetConfig('mbpo', 'cpu', { task, delayed: true }).world!;
  return {
    ...trained,
    sac: {
      ...sac,
      actorLearningRate: Math.min(sac.actorLearningRate, LEARNING_RATE),
      criticLearningRate: Math.min(sac.criticLearningRate, LEARNING_RATE),
    },
    updatesPerStep: 20, // MBPO's
    world: refinedWorld(world),
  };
}

function refinedWorld(world: WorldConfig): WorldConfig {
  const { model, rollout } = world;
  return {
    ...world,
    domainInput: true,
    model: {
      ...model,
      shrink: 1,
      learningRate: Math.min(model.learningRate, MODEL_LEARNING_RATE),
    },
    realRatio: 0.2,
    rollout: {
      ...rollout,
      every: 50,
      branches: 400,
      length: { from: 60, to: 60, fromStep: 0, toStep: 0 },
      retainedRounds: 10,
      cut: { kind: 'macura', scale: 2, percentile: 95 },
    },
  };
}

/** What the networks of a learner are made of: a refined one goes on with those that were trained. */
function networksOf({ sac, history, previousActions, world }: LearnerConfig) {
  return {
    history,
    previousActions,
    'sac.hidden': sac.hidden.join(),
    'sac.criticLayerNorm': sac.criticLayerNorm,
    'world.domainInput': world?.domainInput,
    'world.target': world?.target,
    'world.reward': world?.reward,
    'world.termination': world?.termination,
    'world.model.hidden': world?.model.hidden.join(),
    'world.model.members': world?.model.members,
    'world.model.elites': world?.model.elites,
    'world.model.probabilistic': world?.model.probabilistic,
  };
}

/** @throws BAD_INPUT where `changed` would need other networks than `refined`, naming the value */
export function requireSameNetworks(refined: LearnerConfig, changed: LearnerConfig, where: string): void {
  const before = networksOf(refined);
  const after = networksOf(changed);
  for (const key of Object.keys(before) as (keyof typeof before)[]) {
    if (before[key] === after[key]) continue;
    throw badInput(
      `${where}: ${key} is ${String(after[key])}, but the networks were trained with ${String(before[key])}; leave it out`,
      { key },
    );
  }
}
