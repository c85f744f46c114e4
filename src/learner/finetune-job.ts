import type { BackendChoice } from '../compute/backend-names.js';
import { badInput } from '../core/index.js';
import { parseLearnerConfig, type LearnerConfig } from '../rl/learner-config.js';

/** All that decides how a policy is refined on a robot: plain JSON, kept as config.yaml of the run. */
export interface FinetuneJob {
  /** run directory whose policy it began with, absolute */
  readonly trained: string;
  /** and the environment step of its checkpoint */
  readonly trainedStep: number;
  readonly task: string;
  readonly seed: number;
  /** time under the agent's control, evaluations included [s] */
  readonly budget: number;
  /** episodes without exploration before anything is learned, and as many at the end */
  readonly evaluationEpisodes: number;
  /** how the robot comes back to a start: see src/finetune/reset.ts */
  readonly reset: string;
  readonly backend: BackendChoice;
  /** null: all but one, which is the robot's */
  readonly threads: number | null;
  readonly learner: LearnerConfig;
}

/**
 * @param config content of a run's config.yaml
 * @throws BAD_INPUT when it is not that of a fine-tuning
 */
export function finetuneJobOf(config: unknown, runPath: string): FinetuneJob {
  const job = config as Partial<FinetuneJob> | null;
  if (job?.trained === undefined || job.budget === undefined || job.learner === undefined) {
    throw badInput(
      `${runPath}/config.yaml is not that of a fine-tuning (no trained, budget or learner); give a run made by dynabridge finetune`,
      { path: runPath },
    );
  }
  return {
    ...(job as FinetuneJob),
    learner: parseLearnerConfig(job.learner, `${runPath}/config.yaml: learner`),
  };
}
