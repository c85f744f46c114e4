export { findStandardTask, listStandardTasks } from './find-standard-task.js';
export { loadStandardEnv, type StandardEnvOptions } from './load-standard-env.js';
export { StandardVectorEnv } from './standard-vector-env.js';
export type { StandardTask } from './world.js';
