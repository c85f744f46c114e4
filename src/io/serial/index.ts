export { cobsDecode, cobsEncode, FrameSplitter } from './cobs.js';
export { decodeFrame, encodeFrame, type Frame, type FrameError } from './frame.js';
export {
  decodeMessage,
  encodeMessage,
  HELLO_RESULTS,
  STATUS_OWNERS,
  jointSetHash,
  schemaOf,
  type Hello,
  type HelloResult,
  type Message,
  type Status,
  type TeleopCommand,
  type TeleopMode,
} from './messages.js';
export {
  MODE_RESULTS,
  WANTED_MODES,
  type ModeReply,
  type ModeResult,
  type WantedMode,
} from './mode-messages.js';
export {
  ROBOT_FAULTS,
  ROBOT_MODES,
  type RobotFault,
  type RobotState,
  type SetPoint,
} from './motion-messages.js';
export { positionOf, positionShare, velocityShare, type Envelope } from './envelope.js';
export {
  DEFAULT_TIMEOUTS,
  OperatorLink,
  type Dropped,
  type LinkLoss,
  type OperatorCommand,
  type OperatorLinkConfig,
  type OperatorLinkEvents,
  type OperatorSetPoint,
} from './operator-link.js';
export {
  SerialConnection,
  type SerialConnectionEvents,
  type SerialConnectionOptions,
} from './serial-connection.js';
export { DeviceLink, type DeviceLinkConfig, type DeviceLinkEvents } from './device-link.js';
export { VirtualPort, type VirtualPortEvents } from './virtual-port.js';
export { findPorts, type FoundPort } from './find-ports.js';
