import { badInput } from '../core/index.js';
import type { BackendChoice } from '../compute/backend-names.js';
import { parseLearnerConfig, type LearnerConfig } from '../rl/learner-config.js';
import type { Algorithm, Preset } from '../rl/presets.js';

/** All that decides a training, resolved: plain JSON, kept as config.yaml, so that a run can be repeated and resumed. */
export interface TrainingJob {
  /** folder of a robot of ours, absolute; null: a standard task, which has no robot */
  readonly robot: string | null;
  readonly task: string;
  /** MJCF file to simulate in place of a standard task's own, absolute */
  readonly mjcf: string | null;
  /** SHA-256 of that file when the run began; its includes and meshes are not in it */
  readonly mjcfSha256?: string;
  readonly algo: Algorithm;
  readonly preset: Preset;
  readonly seed: number;
  /** environment frames in all; for robots a frame is a policy step */
  readonly steps: number;
  /** simulators stepped together */
  readonly envs: number;
  /** domain randomisation: masses, friction, damping and drives differ by up to this share between simulators */
  readonly randomise: number;
  /** environment frames between evaluations */
  readonly evaluateEvery: number;
  /** episodes of an evaluation while training */
  readonly evaluationEpisodes: number;
  /** draw other starts for each evaluation */
  readonly freshStarts: boolean;
  /** episodes of the final evaluation */
  readonly episodes: number;
  /** end as soon as two evaluations in a row reach the task's goal */
  readonly untilGoal: boolean;
  readonly backend: BackendChoice;
  /** null: one for each core */
  readonly threads: number | null;
  readonly besideRobot: boolean;
  readonly learner: LearnerConfig;
}

/**
 * The job that a run was started with.
 * @param config content of its config.yaml
 * @throws BAD_INPUT when it is not that of a training
 */
export function jobOf(config: unknown, runPath: string): TrainingJob {
  const job = config as Partial<TrainingJob> | null;
  if (job?.learner === undefined || job.algo === undefined || job.task === undefined) {
    throw badInput(
      `${runPath}/config.yaml is not that of a training (no learner, algo or task); give a run made by dynabridge train; one made by dynabridge finetune goes on with its --resume`,
      { path: runPath },
    );
  }
  return {
    ...(job as TrainingJob),
    learner: parseLearnerConfig(job.learner, `${runPath}/config.yaml: learner`),
  };
}
