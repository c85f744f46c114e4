export type { DenseWeights } from './dense.js';
export { DEFAULT_ENSEMBLE, type EnsembleConfig } from './ensemble-config.js';
export { withDomainInput } from './domain.js';
export { fitEnsemble, type FitReport } from './ensemble-fit.js';
export { Ensemble, type ModelDataset, type ModelEvaluation } from './ensemble.js';
export { evaluatePolicy, type PolicyEvaluation } from './evaluate-policy.js';
export { Learner, type LearnerOptions } from './learner.js';
export {
  parseLearnerConfig,
  rolloutLengthAt,
  type CutConfig,
  type LearnerConfig,
  type RolloutConfig,
  type WorldConfig,
} from './learner-config.js';
export { ModelBuffer } from './model-buffer.js';
export { withoutPrefix, withPrefix, type NamedTensor, type NamedTensors } from './named-tensors.js';
export { Normaliser, RunningMoments } from './normaliser.js';
export {
  encodeObservations,
  ObservationHistory,
  observationSpec,
  type FieldEncoding,
  type ObservationOptions,
  type ObservationSpec,
} from './observation.js';
export {
  PlainPolicy,
  snapshotFromTensors,
  snapshotToTensors,
  type Policy,
  type PolicySnapshot,
  type PolicySnapshotMeta,
} from './policy-snapshot.js';
export { historyWindows, ReplayView, type HistoryWindows, type RecordedEpisode } from './replay.js';
export { ALGORITHMS, PRESETS, presetConfig, type Algorithm, type Preset } from './presets.js';
export { drawStarts, rollout, type BatchPolicy, type RolloutParts, type RolloutReport } from './rollout.js';
export { DEFAULT_SAC, type SacConfig } from './sac-config.js';
export { Sac, type SacNoise, type SacReport } from './sac.js';
export { transitionBatch, type TransitionBatch } from './transition-batch.js';
export { TerminationModel } from './termination-model.js';
export { TIME_PARTS, type TimePart } from './time-split.js';
export {
  randomPolicyReturn,
  train,
  type EvaluationReport,
  type TrainingOptions,
  type TrainingProgress,
  type TrainingResult,
} from './train.js';
export {
  Trainer,
  type EpisodeReport,
  type StepRecorder,
  type StepReport,
  type TrainerOptions,
  type TrainerState,
} from './trainer.js';
export { WorldModel, type DynamicsModel } from './world-model.js';
