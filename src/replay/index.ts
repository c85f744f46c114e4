export type { Difference } from './differences.js';
export { GateReplay, type CommandTraces, type ReplayOptions } from './gate-replay.js';
export { restoreRobot } from './restore-robot.js';
