import * as v from 'valibot';
import { badInput } from '../core/index.js';
import type { EnsembleConfig } from './ensemble-config.js';
import { learnerSchema } from './learner-schema.js';
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
  /**
   * one more input of the network: 1 for steps of the robot, 0 for those of its simulation, so that it can learn from both, what they
   * have in common and in what they differ; false where all steps are of one kind
   */
  readonly domainInput: boolean;
  /** share of a policy batch that is recorded, not imagined */
  readonly realRatio: number;
  readonly rollout: RolloutConfig;
}

export interface RolloutConfig {
  /** real steps between two rounds of rollouts */
  readonly every: number;
  /** branches in a round */
  readonly branches: number;
  /**
   * share of them that begin where episodes began, the others at any recorded step (MBPO: 0); what an episode is like after a
   * failure, or once its goal is reached, fills the records otherwise
   */
  readonly startShare: number;
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

/**
 * A configuration from outside, checked: types, ranges, and values that contradict each other.
 * @param where names its source in the message, e.g. a file
 * @throws BAD_INPUT that names the first wrong field, its value and what was expected
 */
export function parseLearnerConfig(config: unknown, where: string): LearnerConfig {
  const result = v.safeParse(learnerSchema, config);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? 'the configuration';
  if (issue.type === 'check') throw badInput(`${where}: ${field}: ${issue.message}`, { field });
  const { expected, received, message } = issue;
  const what =
    expected === 'never'
      ? `there is no '${field}'`
      : received === 'undefined'
        ? `'${field}' is missing`
        : `${field} is ${received}, expected ${expected ?? message}`;
  throw badInput(`${where}: ${what}; see src/rl/learner-config.ts`, { field });
}
