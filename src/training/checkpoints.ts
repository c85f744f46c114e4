/** A training's state in its run directory: see {@link saveTraining}. */
import { badInput } from '../core/index.js';
import type { RunDirectory, StoredCheckpoint } from '../data/index.js';
import {
  snapshotFromTensors,
  snapshotToTensors,
  withPrefix,
  withoutPrefix,
  type EvaluationReport,
  type PolicySnapshot,
  type PolicySnapshotMeta,
  type Trainer,
  type TrainerState,
  type TrainingProgress,
} from '../rl/index.js';

/** checkpoints kept; the second newest is there in case the newest gets damaged */
const KEPT = 2;

/** JSON of {@link TrainingProgress}; the policy itself is among the tensors. */
interface SavedProgress {
  readonly lastEvaluation: number;
  readonly reached: boolean;
  readonly confirmed: boolean;
  readonly best: SavedEvaluation | null;
  /** rows of metrics.jsonl by then */
  readonly metricsRows: number;
  /** wall clock of training by then [s] */
  readonly seconds: number;
  /** environment frames to train to */
  readonly steps: number;
}

interface SavedEvaluation extends Omit<EvaluationReport, 'returns' | 'lengths'> {
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
}

export interface SavedTraining {
  readonly state: TrainerState;
  readonly progress: TrainingProgress;
  /** what drives a robot */
  readonly policy: PolicySnapshot;
  readonly metricsRows: number;
  readonly seconds: number;
  readonly steps: number;
}

/**
 * Keeps everything that training needs to go on bit for bit, and beside it the best policy so far under `policy/`, which is what
 * drives a robot. The process beside the robot reads policy and world model by their descriptions `policy` and `model` in the parts.
 */
export function saveTraining(
  run: RunDirectory,
  trainer: Trainer,
  progress: TrainingProgress,
  { metricsRows, seconds, steps }: Pick<SavedProgress, 'metricsRows' | 'seconds' | 'steps'>,
): void {
  const state = trainer.state();
  const policy = snapshotToTensors(progress.best?.policy ?? trainer.learner.policy());
  const saved: SavedProgress = {
    lastEvaluation: progress.lastEvaluation,
    reached: progress.reached,
    confirmed: progress.confirmed,
    best: progress.best === undefined ? null : plainEvaluation(progress.best.report),
    metricsRows,
    seconds,
    steps,
  };
  const model = trainer.learner.world?.snapshotMeta;
  const parts = structuredClone({
    policy: policy.meta,
    ...(model && { model }), // of the tensors below training/learner/model
    trainer: state.parts,
    progress: saved,
  });
  run.saveCheckpoint(
    {
      step: trainer.stepCount,
      tensors: { ...withPrefix('policy', policy.tensors), ...withPrefix('training', state.tensors) },
      parts: parts as never,
    },
    KEPT,
  );
}

/** @throws BAD_INPUT when the run has no checkpoint, or one that holds no training */
export function loadTraining(run: RunDirectory): SavedTraining {
  const checkpoint = run.loadCheckpoint();
  const { trainer, progress } = checkpoint.parts as unknown as {
    readonly trainer?: TrainerState['parts'];
    readonly progress?: SavedProgress;
  };
  if (trainer === undefined || progress === undefined) {
    throw badInput(`checkpoint ${checkpoint.path} holds a policy but no training; train again`, {
      path: checkpoint.path,
    });
  }
  const { best, lastEvaluation, reached, confirmed, metricsRows, seconds, steps } = progress;
  const policy = policyOf(checkpoint);
  const report = best && {
    ...best,
    returns: Float64Array.from(best.returns),
    lengths: Int32Array.from(best.lengths),
  };
  return {
    state: { tensors: withoutPrefix('training', checkpoint.tensors), parts: trainer },
    progress: { lastEvaluation, reached, confirmed, ...(report && { best: { report, policy } }) },
    policy,
    metricsRows,
    seconds,
    steps,
  };
}

function policyOf({ tensors, parts }: StoredCheckpoint): PolicySnapshot {
  return snapshotFromTensors(
    withoutPrefix('policy', tensors),
    parts['policy'] as unknown as PolicySnapshotMeta,
  );
}

function plainEvaluation(report: EvaluationReport): SavedEvaluation {
  return { ...report, returns: Array.from(report.returns), lengths: Array.from(report.lengths) };
}
