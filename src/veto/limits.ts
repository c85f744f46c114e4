/** The veto's own idea of a robot: only what a command can be judged by. SI units, radians. */

export type VetoInterface = 'position' | 'velocity' | 'effort';
export type VetoMessageType =
  'std_msgs/msg/Float64MultiArray' | 'trajectory_msgs/msg/JointTrajectory' | 'sensor_msgs/msg/JointState';

export interface VetoJoint {
  readonly name: string;
  /** of positions; velocities are in this per second */
  readonly unit: 'rad' | 'm';
  /** [unit]; -Infinity and Infinity where nothing limits the joint */
  readonly minPosition: number;
  readonly maxPosition: number;
  /** [unit/s] */
  readonly maxVelocity: number;
  /** by which a speed may grow [unit/s^2] */
  readonly maxAcceleration: number;
  /** by which the substitute brakes [unit/s^2] */
  readonly maxDeceleration: number;
  /** [N m or N] */
  readonly maxEffort: number;
}

export interface VetoLimits {
  readonly commandInterface: VetoInterface;
  /** how the bytes carry the values */
  readonly messageType: VetoMessageType;
  /** [s] */
  readonly controlPeriod: number;
  /** of a trajectory, at most */
  readonly points: number;
  /** in the order of the command */
  readonly joints: readonly VetoJoint[];
}
