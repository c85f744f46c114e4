export { choosePrediction } from './load-model.js';
export { checkPolicy, loadPolicy } from './load-policy.js';
export { startMotion } from './start-motion.js';
