export {
  calibrationCurve,
  calibrationError,
  calibrationErrorByChance,
  centralCoverage,
  LEVELS,
} from './calibration.js';
export { collectEpisodes, type CollectOptions } from './collect-episodes.js';
export { diagnoseModel, type ModelDiagnostics } from './diagnose-model.js';
export { auroc, conformalLimit, disagreement } from './disagreement.js';
export { mixtureCdf, mixtureMoments, mixtureNll, type MixtureMoments } from './mixture.js';
export { normalCdf } from './normal-cdf.js';
export { openLoopErrors, type OpenLoopError, type OpenLoopModel } from './open-loop.js';
export { pushOutside } from './push-outside.js';
export { fitRecalibration, isotonicRegression, recalibrate, type Recalibration } from './recalibration.js';
