import { badInput } from '../core/index.js';
import type { EnsembleConfig } from './ensemble-config.js';
import type { SacConfig } from './sac-config.js';

/** How a learner learns: SAC alone, or on imagined steps too where there is a `world` (MBPO). */
export interface LearnerConfig {
  readonly sac: SacConfig;
  /** H and P of the observation */
  readonly history: number;
  readonly previousActions: number;
  /** rows per policy update */
  readonly batchSize: number;
  /** policy updates per real step (UTD) */
  readonly updatesPerStep: number;
  /** uniformly random steps before learning begins */
  readonly initialRandomSteps: number;
  /** real steps between two fits of the observation normaliser and the world model */
  readonly fitEvery: number;
  readonly world?: WorldConfig;
}

/** The world model and the steps that are imagined with it. */
export interface WorldConfig {
  readonly model: EnsembleConfig;
  /** delta: the network predicts the change of the frame; next: the frame itself (arXiv 2510.01457, for tasks where changes are noise) */
  readonly target: 'delta' | 'next';
  /** task: computed where the task's reward can be told from frames, learned elsewhere; learned: always predicted by the network */
  readonly reward: 'task' | 'learned';
  /** task: the task's own rule on the predicted frame; learned: a classifier's */
  readonly termination: 'task' | 'learned';
  /** share of a policy batch that is recorded, not imagined */
  readonly realRatio: number;
  /** share of a policy batch from the prior replay (simulation, when refining on a robot); 0 without one */
  readonly priorRatio: number;
  readonly rollout: RolloutConfig;
}

export interface RolloutConfig {
  /** real steps between two rounds of rollouts */
  readonly every: number;
  /** branches in a round */
  readonly branches: number;
  /** most steps of a branch: `from` until real step `fromStep`, then linear to `to` at real step `toStep` */
  readonly length: {
    readonly from: number;
    readonly to: number;
    readonly fromStep: number;
    readonly toStep: number;
  };
  /** rounds that the model buffer holds */
  readonly retainedRounds: number;
  /** when a branch ends before that for want of certainty */
  readonly cut: CutConfig;
}

export type CutConfig =
  | { readonly kind: 'none' }
  /**
   * MACURA (Frauenknecht et al. 2024, arXiv 2405.19014): where the members' mean pairwise geometric Jensen-Shannon divergence exceeds
   * `scale` times its `percentile` over the first steps of the round. Deviation: their threshold is averaged over rounds.
   */
  | { readonly kind: 'macura'; readonly scale: number; readonly percentile: number }
  /**
   * Infoprop (Frauenknecht et al. 2025, arXiv 2501.16918): steps are drawn from the members' fused Gaussian; a branch ends where a
   * step loses more information than the quantile `stepQuantile` of recorded steps, or the branch more than `horizon` times the
   * quantile `pathQuantile`.
   */
  | {
      readonly kind: 'infoprop';
      readonly stepQuantile: number;
      readonly pathQuantile: number;
      readonly horizon: number;
    };

/** Most steps of a branch at a real step. */
export function rolloutLengthAt({ length }: RolloutConfig, step: number): number {
  const { from, to, fromStep, toStep } = length;
  const progress = toStep > fromStep ? (step - fromStep) / (toStep - fromStep) : step < fromStep ? 0 : 1;
  return Math.floor(from + (to - from) * Math.min(1, Math.max(0, progress)));
}

/** Refuses values that contradict each other. @throws BAD_INPUT that names the field and its value */
export function checkLearnerConfig(config: LearnerConfig): void {
  positiveIntegers({
    batchSize: config.batchSize,
    fitEvery: config.fitEvery,
    initialRandomSteps: config.initialRandomSteps,
  });
  if (!(config.updatesPerStep >= 0))
    throw badInput(`updatesPerStep is ${config.updatesPerStep}, expected >= 0`);
  if (config.world !== undefined) checkWorld(config.world);
}

function checkWorld({ realRatio, priorRatio, rollout }: WorldConfig): void {
  const { length, cut } = rollout;
  positiveIntegers({
    'rollout.every': rollout.every,
    'rollout.branches': rollout.branches,
    'rollout.retainedRounds': rollout.retainedRounds,
    'rollout.length.from': length.from,
  });
  if (!(realRatio >= 0 && priorRatio >= 0 && realRatio + priorRatio <= 1)) {
    throw badInput(`realRatio ${realRatio} and priorRatio ${priorRatio} must be shares of one batch`);
  }
  if (length.to < length.from || length.toStep < length.fromStep) {
    throw badInput('rollout.length must not shrink: from <= to and fromStep <= toStep');
  }
  if (cut.kind === 'macura' && !(cut.scale > 0 && cut.percentile >= 0 && cut.percentile <= 100)) {
    throw badInput(
      `rollout.cut: scale ${cut.scale} must be above 0, percentile ${cut.percentile} in [0, 100]`,
    );
  }
  if (cut.kind === 'infoprop') {
    const { stepQuantile, pathQuantile, horizon } = cut;
    const share = (q: number) => q >= 0 && q <= 1;
    if (!(share(stepQuantile) && share(pathQuantile) && horizon > 0)) {
      throw badInput(
        `rollout.cut: quantiles ${stepQuantile} and ${pathQuantile} must be in [0, 1], horizon ${horizon} above 0`,
      );
    }
  }
}

function positiveIntegers(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value) || value < 1)
      throw badInput(`${name} is ${value}, expected an integer >= 1`);
  }
}
