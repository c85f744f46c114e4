/**
 * Message values as plain objects in the field names of the .msg files (common_interfaces, ROS 2 Humble to Jazzy). Decoded
 * arrays of numbers are typed arrays; anything indexable and iterable may be published.
 */
export interface NumberSequence extends Iterable<number> {
  readonly length: number;
  readonly [index: number]: number;
}

/** builtin_interfaces/Time and Duration */
export interface RosTime {
  readonly sec: number;
  readonly nanosec: number;
}

export interface Header {
  readonly stamp: RosTime;
  readonly frame_id: string;
}

/** std_msgs/String */
export interface StringMessage {
  readonly data: string;
}

export interface MultiArrayDimension {
  readonly label: string;
  readonly size: number;
  readonly stride: number;
}

export interface MultiArrayLayout {
  readonly dim: readonly MultiArrayDimension[];
  readonly data_offset: number;
}

export interface Float64MultiArray {
  readonly layout: MultiArrayLayout;
  readonly data: NumberSequence;
}

/** Positions [rad or m], velocities [rad/s or m/s] and efforts [Nm or N]; each empty or as long as `name`. */
export interface JointState {
  readonly header: Header;
  readonly name: readonly string[];
  readonly position: NumberSequence;
  readonly velocity: NumberSequence;
  readonly effort: NumberSequence;
}

export interface JointTrajectoryPoint {
  readonly positions: NumberSequence;
  readonly velocities: NumberSequence;
  readonly accelerations: NumberSequence;
  readonly effort: NumberSequence;
  readonly time_from_start: RosTime;
}

export interface JointTrajectory {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly points: readonly JointTrajectoryPoint[];
}

/** control_msgs/JointJog: displacements [rad or m] and velocities [rad/s or m/s], each empty or as long as `joint_names`. */
export interface JointJog {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly displacements: NumberSequence;
  readonly velocities: NumberSequence;
  /** how long it is meant to be obeyed [s] */
  readonly duration: number;
}

/** geometry_msgs/Vector3 */
export interface Vector3Message {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/**
 * sensor_msgs/Imu: linear acceleration [m/s^2] with gravity, angular velocity [rad/s]. Covariances are 3 x 3 by rows; all zero: not
 * known, -1 in the first element: the quantity is not measured.
 */
export interface ImuMessage {
  readonly header: Header;
  readonly orientation: Vector3Message & { readonly w: number };
  readonly orientation_covariance: NumberSequence;
  readonly angular_velocity: Vector3Message;
  readonly angular_velocity_covariance: NumberSequence;
  readonly linear_acceleration: Vector3Message;
  readonly linear_acceleration_covariance: NumberSequence;
}

/** geometry_msgs/WrenchStamped: force [N] and torque [N m] */
export interface WrenchStamped {
  readonly header: Header;
  readonly wrench: { readonly force: Vector3Message; readonly torque: Vector3Message };
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** diagnostic_msgs/DiagnosticStatus.level */
export const DIAGNOSTIC_LEVEL = { ok: 0, warn: 1, error: 2, stale: 3 } as const;

export interface DiagnosticStatus {
  /** one of {@link DIAGNOSTIC_LEVEL} */
  readonly level: number;
  readonly name: string;
  readonly message: string;
  readonly hardware_id: string;
  readonly values: readonly KeyValue[];
}

export interface DiagnosticArray {
  readonly header: Header;
  readonly status: readonly DiagnosticStatus[];
}

/** std_srvs/Trigger and SetBool */
export type TriggerRequest = Readonly<Record<string, never>>;

export interface TriggerResponse {
  readonly success: boolean;
  readonly message: string;
}

export interface SetBoolRequest {
  readonly data: boolean;
}

export type SetBoolResponse = TriggerResponse;

/** rosgraph_msgs/Clock */
export interface ClockMessage {
  readonly clock: RosTime;
}

export interface BoolMessage {
  readonly data: boolean;
}

/** Value types by message type name. */
export interface MessageTypes {
  'rosgraph_msgs/msg/Clock': ClockMessage;
  'std_msgs/msg/Bool': BoolMessage;
  'std_msgs/msg/String': StringMessage;
  'std_msgs/msg/Float64MultiArray': Float64MultiArray;
  'sensor_msgs/msg/JointState': JointState;
  'sensor_msgs/msg/Imu': ImuMessage;
  'geometry_msgs/msg/WrenchStamped': WrenchStamped;
  'trajectory_msgs/msg/JointTrajectory': JointTrajectory;
  'control_msgs/msg/JointJog': JointJog;
  'diagnostic_msgs/msg/DiagnosticStatus': DiagnosticStatus;
  'diagnostic_msgs/msg/DiagnosticArray': DiagnosticArray;
}

/** Value types by service type name. */
export interface ServiceTypes {
  'std_srvs/srv/Trigger': { readonly request: TriggerRequest; readonly response: TriggerResponse };
  'std_srvs/srv/SetBool': { readonly request: SetBoolRequest; readonly response: SetBoolResponse };
}

const NS_PER_S = 1_000_000_000n;

/** @param wallNs time since the Unix epoch [ns] */
export function rosTime(wallNs: bigint): RosTime {
  return { sec: Number(wallNs / NS_PER_S), nanosec: Number(wallNs % NS_PER_S) };
}
