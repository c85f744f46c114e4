export { finetuneJobOf, type FinetuneJob } from './finetune-job.js';
export type { JudgedEpisode, LearnedRound } from './learner-messages.js';
export { LearnerProcess } from './learner-process.js';
export { firstCheckpoint } from './refined-checkpoint.js';
export { refinedConfig, requireSameNetworks } from './refined-config.js';
