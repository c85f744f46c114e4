export { PROPOSAL_LIFETIME_PERIODS, actionToCommand } from './action.js';
export { commandOffset, frameLayout, positionOffset, velocityOffset, type FrameLayout } from './frame.js';
export type { InitialState, Task } from './task.js';
export type { ControlTick, StepResult, VectorEnv } from './vector-env.js';
