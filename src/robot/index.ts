export { canonicalHash, canonicalJson } from './canonical-json.js';
export { contractDifferences } from './contract-differences.js';
export { parseContract } from './contract-schema.js';
export {
  CONTRACT_VERSION,
  ENCODINGS,
  contractHash,
  makeContract,
  type Contract,
  type ContractSource,
  type ObservationContract,
  type ObservedField,
  type SimulationFacts,
} from './contract.js';
export { findRobot, listRobots } from './find-robot.js';
export { loadRobot } from './load-robot.js';
export {
  COMMAND_INTERFACES,
  JOINT_ROLES,
  JOINT_TYPES,
  MESSAGE_TYPES,
  STOP_ACTIONS,
  type ActionConfig,
  type CommandInterface,
  type CommandMessageType,
  type DroppedTag,
  type Joint,
  type JointLimits,
  type JointRole,
  type JointType,
  type Robot,
  type RobotConfig,
  type RobotModel,
  type StopAction,
  type Vector3,
} from './model.js';
export { commandUnit, effortUnit, positionUnit, velocityUnit } from './units.js';
