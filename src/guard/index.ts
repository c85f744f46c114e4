export type { NewestCommand } from './command-stream.js';
export { supervisorNode, type GuardProcessConfig } from './guard-config.js';
export type { GuardSummary, Percentiles } from './loop-metrics.js';
export { whyNotDrive } from './engagement.js';
export { checkParameters } from './parameters.js';
export { qosOfTopics } from './qos-of-topics.js';
export { RestDetector } from './rest-detector.js';
export { StateDecimator } from './state-decimator.js';
export { subscribeMeasured } from './subscribe-measured.js';
