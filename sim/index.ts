export {
  CompiledRobot,
  compileRobot,
  loadEngine,
  type Engine,
  type WorldOptionsInput,
} from './engine/index.js';
export { SimulatedVectorEnv, type SimulatedEnvOptions } from './env/index.js';
export {
  nominalImperfections,
  parseImperfections,
  realLikeImperfections,
  type Imperfections,
  type ImperfectionsInput,
} from './imperfections.js';
export { SimulatedRobot, type Push, type Reading, type Truth } from './plant/index.js';
export {
  findStandardTask,
  listStandardTasks,
  loadStandardEnv,
  StandardVectorEnv,
  type StandardEnvOptions,
  type StandardTask,
} from './standard/index.js';
export { cartpoleBalance, cartpoleSwingUp, findTask, listTasks, pendulumSwingUp } from './tasks/index.js';
