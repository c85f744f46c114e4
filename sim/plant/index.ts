export type { Push } from './pushes.js';
export { SimulatedRobot, type Reading, type Truth } from './simulated-robot.js';
