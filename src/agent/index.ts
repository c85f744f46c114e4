export { choosePrediction } from './load-model.js';
export { loadPolicy } from './load-policy.js';
