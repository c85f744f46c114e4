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
  type JointJog,
  type ImuMessage,
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
  type Vector3Message,
  type WrenchStamped,
} from './messages.js';
export { LifecycleServer, type LifecycleChange, type LifecycleState } from './lifecycle-server.js';
export { whyNotRclnodejs } from './load-rclnodejs.js';
export { fullNodeName, nodeIdentity, resolveName } from './names.js';
export { EVENTS_QOS, ParameterServer, startValue, type ParameterDeclaration } from './parameter-server.js';
export type { ParameterValue } from './parameter-values.js';
export { QosOverrides, type OverridableEndpoint } from './qos-overrides.js';
export {
  argumentsOf,
  parseRosArguments,
  type NodeArguments,
  type ParameterInput,
  type RosArguments,
} from './ros-arguments.js';
export { ROBOT_DESCRIPTION, fetchRobotDescription } from './robot-description.js';
export { RosClock } from './ros-clock.js';
export { CONTROLLER_MANAGER, ControllerManagerClient, type ControllerState } from './controller-manager.js';
export { CodecCache } from './codec.js';
export { definitionText } from './definition-text.js';
export { TappedMiddleware, type Traffic } from './tapped-middleware.js';
export { callTrigger } from './call-trigger.js';
export { CommandPublisher, type CommandTarget } from './command-publisher.js';
export { createMiddleware, type MiddlewareAdapter, type MiddlewareOptions } from './create-middleware.js';
export { createRtpsMiddleware, type RtpsMiddleware, type RtpsMiddlewareOptions } from './rtps-middleware.js';
export { objectionToPlainDds, type Environment, type RosNetwork } from './ros-environment.js';
