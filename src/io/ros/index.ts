export {
  COMMAND_QOS,
  DIAGNOSTICS_QOS,
  SENSOR_QOS,
  STATUS_QOS,
  type MessageInfo,
  type Middleware,
  type Publisher,
  type QosProfile,
  type ServiceClient,
  type ServiceServer,
  type Subscription,
} from './middleware.js';
export {
  DIAGNOSTIC_LEVEL,
  rosTime,
  type BoolMessage,
  type ClockMessage,
  type DiagnosticArray,
  type DiagnosticStatus,
  type Float64MultiArray,
  type Header,
  type JointState,
  type JointTrajectory,
  type JointTrajectoryPoint,
  type KeyValue,
  type MessageTypes,
  type NumberSequence,
  type RosTime,
  type ServiceTypes,
  type SetBoolRequest,
  type SetBoolResponse,
  type StringMessage,
  type TriggerRequest,
  type TriggerResponse,
} from './messages.js';
export { CommandPublisher, type CommandTarget } from './command-publisher.js';
export { createMiddleware, type MiddlewareAdapter, type MiddlewareOptions } from './create-middleware.js';
export { createRtpsMiddleware, type RtpsMiddleware, type RtpsMiddlewareOptions } from './rtps-middleware.js';
export type { Environment, RosNetwork } from './ros-environment.js';
