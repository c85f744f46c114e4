export { maxPhysicsStep, stepsPerState } from './state-rate.js';
export { Twin, type TwinOptions, type TwinSummary } from './twin.js';
export { TwinTrace, type TraceLine } from './twin-trace.js';
export { Witness, type Violation, type ViolationKind } from './witness.js';
export {
  ForwardController,
  JointStateController,
  JointTrajectoryController,
  type Controller,
  type TrajectoryLike,
} from './controller.js';
