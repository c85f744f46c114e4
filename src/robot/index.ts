export { canonicalHash, canonicalJson } from './canonical-json.js';
export { contractDifferences } from './contract-differences.js';
export { parseContract } from './contract-schema.js';
export {
  contractHash,
  makeContract,
  type Contract,
  type ContractSource,
  type ObservationContract,
  type ObservedField,
  type SimulationFacts,
} from './contract.js';
export { installedMeshes, meshCandidates } from './check-meshes.js';
export { displayPath, findRobot, findUrdfs, listRobots } from './find-robot.js';
export { kinematicChain, linkPosition, rotate, type KinematicChain } from './kinematics.js';
export { loadRobot } from './load-robot.js';
export type {
  ActionConfig,
  AgentConfig,
  CollisionShape,
  CommandInterface,
  CommandMessageType,
  DroppedTag,
  Joint,
  JointLimits,
  JointRole,
  JointType,
  LockConfig,
  Robot,
  RobotConfig,
  RobotModel,
  SensorConfig,
  StopAction,
  TeleopConfig,
  Vector3,
} from './model.js';
export { substituteUrdf, type RobotDescription } from './substitute-urdf.js';
export { robotSkeleton, type RobotSkeleton } from './skeleton/index.js';
export { SENSOR_FIELD_COUNT, sensorFields, type SensorField } from './sensor-fields.js';
export { commandUnit, positionUnit, velocityUnit } from './units.js';
export { CONTROLLER_KINDS, withController, type ControllerKind } from './with-controller.js';
