export { compileRobot } from './compile-robot.js';
export { CompiledRobot } from './compiled-robot.js';
export { loadEngine, type Engine } from './engine.js';
export type { WorldOptionsInput } from './world-options.js';
