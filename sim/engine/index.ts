export { compileRobot } from './compile-robot.js';
export { CompiledRobot, type JointAddress } from './compiled-robot.js';
export { loadEngine, type Engine } from './engine.js';
export {
  defaultGravity,
  parseWorldOptions,
  type WorldOptions,
  type WorldOptionsInput,
} from './world-options.js';
