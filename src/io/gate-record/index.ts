export {
  inputsOf,
  measuredOf,
  requestToMessage,
  stateOf,
  stateToMessage,
  tickToMessage,
  type GateRequest,
  type GateTick,
} from './gate-record.js';
export {
  GATE_TOPICS,
  type GateEventMessage,
  type GateStateMessage,
  type GateTickMessage,
} from './messages.js';
