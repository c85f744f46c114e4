export type { GuardProcessConfig } from './guard-config.js';
export type { GuardSummary, Percentiles } from './loop-metrics.js';
export { RestDetector } from './rest-detector.js';
export { StateMapper } from './state-mapper.js';
