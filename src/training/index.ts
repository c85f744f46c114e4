export { openTrainedRun } from './open-trained-run.js';
export {
  resumeTraining,
  startTraining,
  type NewRun,
  type TrainingListener,
  type TrainingSummary,
} from './session.js';
export type { TrainingJob } from './job.js';
export { openWorld, type TrainingWorld } from './world.js';
