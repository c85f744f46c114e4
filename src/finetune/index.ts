export { Course, type Phase } from './course.js';
export { EpisodeRobot, type RobotEvent } from './episode-robot.js';
export { FinetuneMetrics } from './finetune-metrics.js';
export { parseReset, type Reset } from './reset.js';
export {
  FinetuneSession,
  type EarlierEpisode,
  type SessionListener,
  type SessionOptions,
  type SessionResult,
} from './session.js';
