export { robotSkeleton, type RobotSkeleton } from './robot-skeleton.js';
