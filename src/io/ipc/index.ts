export { readProcessConfig, writeProcessConfig } from './process-config.js';
export { IpcConnection, connect, listen } from './connection.js';
export { FrameDecoder, MAX_PAYLOAD_BYTES, encodeFrame } from './frame-codec.js';
export type {
  DeployMessage,
  Deployment,
  EpisodeEndCause,
  EpisodeEndMessage,
  PolicyDeployment,
  StartDeployment,
} from './deploy-message.js';
export {
  EVIDENCE_REASONS,
  decodeMessage,
  encodeMessage,
  type EventMessage,
  type EvidenceMessage,
  type EvidenceReason,
  type ExitMessage,
  type HeartbeatMessage,
  type HelloMessage,
  type IpcMessage,
  type ObservationMessage,
  type ProposalMessage,
  type RequestMessage,
  type TickMessage,
} from './messages.js';
export type { OfferedQos, TrafficMessage } from './traffic-message.js';
