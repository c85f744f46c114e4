export { DEFAULT_ENSEMBLE, type EnsembleConfig } from './ensemble-config.js';
export { fitEnsemble, type FitReport } from './ensemble-fit.js';
export { Ensemble, type ModelDataset, type ModelEvaluation } from './ensemble.js';
export { evaluatePolicy, type PolicyEvaluation } from './evaluate-policy.js';
export { FrameModel, wrapAngle, type DynamicsModel } from './frame-model.js';
export {
  checkMbpoConfig,
  DEFAULT_MBPO,
  MBPO_PRESETS,
  rolloutLengthAt,
  SMALL_MBPO,
  type MbpoConfig,
  type MbpoPreset,
} from './mbpo-config.js';
export { MbpoLearner, type MbpoLearnerOptions } from './mbpo-learner.js';
export {
  MbpoTrainer,
  randomPolicyReturn,
  trainMbpo,
  type EpisodeReport,
  type EvaluationReport,
  type MbpoTrainerOptions,
  type MbpoTrainingOptions,
  type MbpoTrainingResult,
  type StepRecorder,
  type StepReport,
} from './mbpo.js';
export { ModelBuffer } from './model-buffer.js';
export { withPrefix, type NamedTensor, type NamedTensors } from './named-tensors.js';
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
  snapshotToTensors,
  type DenseWeights,
  type Policy,
  type PolicySnapshot,
  type PolicySnapshotMeta,
} from './policy-snapshot.js';
export { historyWindows, ReplayView, type HistoryWindows, type RecordedEpisode } from './replay.js';
export { drawStarts, rollout, type BatchPolicy, type RolloutParts, type RolloutReport } from './rollout.js';
export { DEFAULT_SAC, type SacConfig } from './sac-config.js';
export { Sac, type SacNoise, type SacReport } from './sac.js';
export { transitionBatch, type TransitionBatch } from './transition-batch.js';
