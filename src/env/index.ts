export {
  EVIDENCE_LIFETIME_PERIODS,
  PROPOSAL_LIFETIME_PERIODS,
  actionToCommand,
  commandToAction,
} from './action.js';
export {
  commandOffset,
  executedIn,
  layoutOf,
  positionOffset,
  robotLayout,
  sensorOffset,
  velocityOffset,
  type FrameLayout,
  type RobotLayout,
} from './frame.js';
export type { InitialState, RobotTask, Task } from './task.js';
export type { ControlTick, StepResult, VectorEnv } from './vector-env.js';
