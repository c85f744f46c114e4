export { EpisodeRecorder } from './episode-recorder.js';
export { jobOf, type TrainingJob } from './job.js';
export { frameQuantities, policyContract, sessionOf } from './policy-contract.js';
export {
  resumeTraining,
  startTraining,
  type NewRun,
  type TrainingListener,
  type TrainingSummary,
} from './session.js';
export { openTrainedRun, type TrainedRun } from './open-trained-run.js';
export { trainInThread } from './train-in-thread.js';
export { openWorld, STANDARD, type TrainingWorld } from './world.js';
