/** Named configurations. Where no source is named, a value was chosen by short trials on the standard tasks with seeds 1, 2 and 5. */
import { badInput } from '../core/index.js';
import { DEFAULT_ENSEMBLE } from './ensemble-config.js';
import type { LearnerConfig, RolloutConfig, WorldConfig } from './learner-config.js';
import { DEFAULT_SAC } from './sac-config.js';

export const ALGORITHMS = ['mbpo', 'sac'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export const PRESETS = ['cpu', 'official', 'sim'] as const;
export type Preset = (typeof PRESETS)[number];

/** What a preset depends on, besides its name. */
export interface PresetFor {
  /** Task.name */
  readonly task: string;
  /** the robot's commands act late: the last two frames and the last action determine what comes next, not the frame alone */
  readonly delayed: boolean;
}

/** For robots and tasks with few joints on a laptop: minutes on two cores. */
const CPU_WORLD: WorldConfig = {
  model: {
    ...DEFAULT_ENSEMBLE,
    learningRate: 3e-3,
    batchSize: 128,
    holdoutMax: 1000,
    minEpochSteps: 25, // a pass over few data is too short to judge
    initialMinLogVariance: -6, // simulators without noise otherwise drive it down until new states explode the loss
    maxGradientSteps: 600,
  },
  target: 'delta',
  reward: 'task',
  termination: 'task',
  realRatio: 0.1,
  domainInput: false,
  rollout: {
    every: 50,
    branches: 400,
    startShare: 0.25,
    length: { from: 5, to: 100, fromStep: 250, toStep: 1500 },
    retainedRounds: 10,
    cut: { kind: 'macura', scale: 2, percentile: 95 },
  },
};

const CPU: LearnerConfig = {
  sac: {
    ...DEFAULT_SAC,
    hidden: [128, 128],
    actorLearningRate: 1e-3,
    criticLearningRate: 1e-3,
    temperatureLearningRate: 3e-4, // faster, exploration ends before a swing-up is found
    tau: 0.01,
    actorTau: 1e-3,
    criticLayerNorm: true,
  },
  history: 1,
  previousActions: 0,
  batchSize: 128,
  updatesPerStep: 20,
  initialRandomSteps: 250,
  fitEvery: 125,
  world: CPU_WORLD,
};

/** What the cpu preset changes for a task. */
interface CpuChanges {
  readonly fitEvery?: number;
  readonly model?: Partial<WorldConfig['model']>;
  readonly rollout?: Partial<RolloutConfig>;
}

/** Where models are worse, at joint stops, branches are shorter, and grow later. */
const REACHER: CpuChanges = { rollout: { length: { from: 5, to: 50, fromStep: 250, toStep: 2500 } } };

/** Contacts at every step: a fit takes long to get right, and goes on from the last one; many branches, as short as MBPO's. */
const LOCOMOTION: CpuChanges = {
  fitEvery: 500,
  model: { shrink: 1, learningRate: 1e-3, batchSize: 256, maxGradientSteps: 2500 },
  rollout: {
    branches: 2000,
    startShare: 0,
    length: { from: 5, to: 15, fromStep: 250, toStep: 1500 },
    retainedRounds: 20,
  },
};

const CPU_TASKS: Readonly<Record<string, CpuChanges>> = {
  'reacher-easy': REACHER,
  'reacher-hard': REACHER,
  hopper: LOCOMOTION,
  walker2d: LOCOMOTION,
  'half-cheetah': LOCOMOTION,
};

/**
 * jannerm/mbpo `examples/config/<env>/0.py` and `mbpo/models/constructor.py`. Deviations: the policy sees normalised observations, as with
 * every preset; its log standard deviation is bounded smoothly; batches that are not full are left out of an epoch of the model.
 */
const OFFICIAL_WORLD: WorldConfig = {
  model: {
    ...DEFAULT_ENSEMBLE,
    members: 7,
    elites: 5,
    hidden: [200, 200, 200, 200],
    weightDecay: [2.5e-5, 5e-5, 7.5e-5, 7.5e-5, 1e-4],
    normaliseTargets: false,
    calibrated: false,
    shrink: 1,
    maxGradientSteps: 1e9, // the paper has no bound
  },
  target: 'delta',
  reward: 'learned',
  termination: 'task',
  realRatio: 0.05,
  domainInput: false,
  rollout: {
    every: 250,
    branches: 100_000,
    startShare: 0,
    length: { from: 1, to: 1, fromStep: 20_000, toStep: 150_000 },
    retainedRounds: 4, // one epoch of 1000 steps
    cut: { kind: 'none' },
  },
};

const OFFICIAL: LearnerConfig = {
  sac: DEFAULT_SAC,
  history: 1,
  previousActions: 0,
  batchSize: 256,
  updatesPerStep: 20,
  initialRandomSteps: 5000,
  fitEvery: 250,
  world: OFFICIAL_WORLD,
};

/** What the official files change for each environment; target entropies are theirs too. Others get the `custom` template's. */
const OFFICIAL_TASKS: Readonly<Record<string, OfficialChanges>> = {
  'inverted-pendulum': { targetEntropy: -0.05, updatesPerStep: 10, initialRandomSteps: 500, epochSteps: 250 },
  'inverted-double-pendulum': { targetEntropy: -0.5, initialRandomSteps: 500, epochSteps: 250 },
  hopper: { targetEntropy: -1, longest: 15 },
  walker2d: { targetEntropy: -3 },
  'half-cheetah': { targetEntropy: -3, updatesPerStep: 40 },
};

interface OfficialChanges {
  readonly targetEntropy?: number;
  readonly updatesPerStep?: number;
  readonly initialRandomSteps?: number;
  /** default 1000 */
  readonly epochSteps?: number;
  /** rollout length in the end; default 1 */
  readonly longest?: number;
}

const CUSTOM: OfficialChanges = { targetEntropy: -1, longest: 15 };

/**
 * For simulators, whose steps cost nothing beside a gradient step: many at once and few updates, to be used with SAC alone before
 * any robot is touched. Layer normalisation in the critics for stability.
 */
const SIM: LearnerConfig = {
  ...CPU,
  batchSize: 256,
  updatesPerStep: 0.25,
  initialRandomSteps: 2000,
  fitEvery: 2000,
};

/** SAC's common settings for small tasks without a model: one update per step (Stable-Baselines3 zoo, CleanRL). */
const SAC_ALONE = { updatesPerStep: 1, initialRandomSteps: 1000, fitEvery: 1000 } as const;

/**
 * The configuration of a preset. `sac` is the same learner without its world model.
 * @throws BAD_INPUT for an unknown name
 */
export function presetConfig(
  algorithm: Algorithm,
  preset: Preset,
  { task, delayed }: PresetFor,
): LearnerConfig {
  const observation = delayed ? { history: 2, previousActions: 1 } : {};
  if (!ALGORITHMS.includes(algorithm)) throw unknownName('algorithm', algorithm, ALGORITHMS);
  if (!PRESETS.includes(preset)) throw unknownName('preset', preset, PRESETS);
  const base = { cpu: cpu(task), official: official(task), sim: SIM }[preset];
  const config = { ...base, ...observation };
  if (algorithm === 'mbpo') return config;
  const { world: _, sac, ...rest } = config;
  const alone = { ...rest, sac: { ...sac, actorTau: 1 } }; // an average of 1000 updates is of 1000 steps here, and late
  return preset === 'sim' ? alone : { ...alone, ...SAC_ALONE };
}

function unknownName(what: string, name: string, known: readonly string[]) {
  return badInput(`${what} '${name}', expected one of ${known.join(', ')}`);
}

function cpu(task: string): LearnerConfig {
  const { fitEvery = CPU.fitEvery, model, rollout } = CPU_TASKS[task] ?? {};
  const world = {
    ...CPU_WORLD,
    model: { ...CPU_WORLD.model, ...model },
    rollout: { ...CPU_WORLD.rollout, ...rollout },
  };
  return { ...CPU, fitEvery, world };
}

function official(task: string): LearnerConfig {
  const { targetEntropy, longest = 1, epochSteps = 1000, ...changes } = OFFICIAL_TASKS[task] ?? CUSTOM;
  const random = changes.initialRandomSteps ?? OFFICIAL.initialRandomSteps;
  const rollout: RolloutConfig = {
    ...OFFICIAL_WORLD.rollout,
    length: {
      ...OFFICIAL_WORLD.rollout.length,
      // its epochs are counted from the end of the random steps
      fromStep: random + 20 * epochSteps,
      toStep: random + 150 * epochSteps,
      to: longest,
    },
    retainedRounds: Math.max(1, epochSteps / OFFICIAL_WORLD.rollout.every),
  };
  return {
    ...OFFICIAL,
    ...changes,
    sac: { ...OFFICIAL.sac, ...(targetEntropy !== undefined && { targetEntropy }) },
    world: { ...OFFICIAL_WORLD, rollout },
  };
}
