/** What dynabridge knows of a robot: the frozen result of URDF + joint_limits.yaml + robot.yaml. SI units, radians. */

export const COMMAND_INTERFACES = ['position', 'velocity', 'effort'] as const;
export type CommandInterface = (typeof COMMAND_INTERFACES)[number];

export const JOINT_TYPES = ['revolute', 'continuous', 'prismatic', 'fixed'] as const;
export type JointType = (typeof JOINT_TYPES)[number];

/**
 * commanded: we write it; observed: its state is read and it moves by its own actuator; passive: it has no actuator but its
 * state is read (a pole); mimic: follows another joint; fixed: does not move.
 */
export type JointRole = 'commanded' | 'observed' | 'passive' | 'mimic' | 'fixed';

/** Limits of one joint. [rad] and derivatives for revolute and continuous, [m] for prismatic; effort [N m] or [N]. */
export interface JointLimits {
  /** absent on continuous joints */
  readonly position?: { readonly min: number; readonly max: number };
  /** URDF safety_controller; inside `position` */
  readonly softPosition?: {
    readonly min: number;
    readonly max: number;
    readonly kPosition: number;
    readonly kVelocity: number;
  };
  /** k_velocity of the URDF's safety_controller or of joint_limits.yaml, where given [N m s/rad] or [N s/m] */
  readonly kVelocity?: number;
  readonly maxVelocity: number;
  readonly maxAcceleration?: number;
  /** magnitude; equals maxAcceleration where not given */
  readonly maxDeceleration?: number;
  readonly maxJerk?: number;
  readonly maxEffort: number;
  /** change of the requested effort per second [N m/s] or [N/s] */
  readonly maxEffortRate?: number;
}

export interface Vector3 {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Joint {
  readonly name: string;
  readonly type: JointType;
  readonly role: JointRole;
  readonly parent: string;
  readonly child: string;
  /** unit vector in the joint frame */
  readonly axis: Vector3;
  readonly origin: { readonly xyz: Vector3; readonly rpy: Vector3 };
  /** absent on fixed joints, and on passive joints that declare none */
  readonly limits?: JointLimits;
  /** viscous damping [N m s/rad] or [N s/m], dry friction [N m] or [N]; 0 when absent */
  readonly dynamics: { readonly damping: number; readonly friction: number };
  readonly mimic?: { readonly joint: string; readonly multiplier: number; readonly offset: number };
  /** what the ros2_control tag offers, when there is one */
  readonly ros2Control?: {
    readonly commandInterfaces: readonly string[];
    readonly stateInterfaces: readonly string[];
  };
}

/** A <collision> of a link. Sizes in [m]; cylinders and capsules lie along z, a capsule's length is that of its cylinder. */
export interface CollisionShape {
  readonly link: string;
  /** in the link's frame [m], [rad] */
  readonly xyz: Vector3;
  readonly rpy: Vector3;
  readonly geometry:
    | { readonly kind: 'sphere'; readonly radius: number }
    | { readonly kind: 'cylinder' | 'capsule'; readonly radius: number; readonly length: number }
    | { readonly kind: 'box'; readonly size: Vector3 }
    | { readonly kind: 'other'; readonly tag: string };
}

/** A tag or attribute of the URDF that dynabridge does not use, so that nothing vanishes silently. */
export interface DroppedTag {
  /** e.g. `robot/link[base]/visual` */
  readonly path: string;
  readonly reason: string;
}

export interface RobotModel {
  readonly name: string;
  readonly rootLink: string;
  readonly links: readonly string[];
  /** depth-first from the root; joint names are unique */
  readonly joints: readonly Joint[];
  /** names in the order of robot.yaml; this is the order of every command vector */
  readonly commanded: readonly string[];
  /** commanded, then observed and passive joints: the order of every measurement vector */
  readonly measured: readonly string[];
  readonly collisions: readonly CollisionShape[];
  readonly dropped: readonly DroppedTag[];
  /** the URDF text itself, for the simulator */
  readonly urdf: string;
  /** absolute path of the URDF, for mesh look-up and messages */
  readonly urdfPath: string;
  readonly urdfSha256: string;
}

export const MESSAGE_TYPES = [
  'std_msgs/msg/Float64MultiArray',
  'trajectory_msgs/msg/JointTrajectory',
  'sensor_msgs/msg/JointState',
] as const;
export type CommandMessageType = (typeof MESSAGE_TYPES)[number];

/** uniform: what limits one joint slows all, so that the direction of motion is kept; per_joint: each is limited for itself. */
export const LIMIT_SCALINGS = ['per_joint', 'uniform'] as const;
export type LimitScaling = (typeof LIMIT_SCALINGS)[number];

/** What an effort-controlled joint does on a stop; robot.yaml must say, there is no default (zero drops an arm). */
export const STOP_ACTIONS = ['damping', 'gravity_hold', 'zero'] as const;
export type StopAction = (typeof STOP_ACTIONS)[number];

export const SENSOR_TYPES = ['imu', 'force_torque'] as const;
export type SensorType = (typeof SENSOR_TYPES)[number];

/** What is observed besides the joint states: a sensor of one link, on a topic of its own. */
export interface SensorConfig {
  readonly name: string;
  /**
   * imu: a sensor_msgs/msg/Imu, its linear acceleration with gravity, as accelerometers measure it (at rest g, upwards).
   * force_torque: a geometry_msgs/msg/WrenchStamped of the joint that carries `link`: what the link and all behind it exert on what
   * carries them, about the link's origin (a mass that hangs pulls by m g, downwards).
   */
  readonly type: SensorType;
  /** its values are in the frame of this link */
  readonly link: string;
  readonly topic: string;
  /** a reading older than this is stale [ms] */
  readonly timeoutMs: number;
}

/** robot.yaml, resolved. */
export interface RobotConfig {
  readonly commandInterface: CommandInterface;
  /** e.g. /forward_command_controller/commands */
  readonly commandTopic: string;
  readonly commandMessageType: CommandMessageType;
  /** of a trajectory, one control period apart; those after the first are what the gate would send if it heard nothing more */
  readonly commandPoints: number;
  readonly stateTopic: string;
  /** guard ticks per second [Hz] */
  readonly controlRateHz: number;
  /** policy steps per second [Hz]; divides controlRateHz */
  readonly policyRateHz: number;
  /** declared time from sending a command to the actuator acting on it [s] */
  readonly commandLatency: number;
  /** declared first-order time constant of the actuator [s] */
  readonly actuatorLag: number;
  /** kept clear of each position limit, for measurement noise and unmodelled compliance [rad] or [m] */
  readonly positionMargin: number;
  /** a state older than this is stale [ms] */
  readonly stateTimeoutMs: number;
  /** a state that repeats exactly for this long while motion is commanded is frozen [ms] */
  readonly stateFrozenMs: number;
  readonly limitScaling: LimitScaling;
  /** shares of max_velocity and max_acceleration for `duration` [s] after somebody is given authority */
  readonly onTransition: {
    readonly velocityScale: number;
    readonly accelerationScale: number;
    readonly duration: number;
  };
  /** kept between links that do not touch at home [m]; absent: self-collisions are not checked */
  readonly selfCollisionThreshold?: number;
  /** pairs of links that may come closer, as in an SRDF */
  readonly disabledCollisions: readonly (readonly [string, string])[];
  /** box in the root link's frame that no moving link leaves [m]; absent: not checked */
  readonly workspace?: { readonly min: Vector3; readonly max: Vector3 };
  /** present for effort interfaces only */
  readonly stopAction?: StopAction;
  /** what the black box keeps of the time before a trip [s] */
  readonly blackBoxSeconds: number;
  /** how an agent's action in [-1, 1] becomes a command */
  readonly action: ActionConfig;
  /** joint name -> position [rad] or [m] where episodes start */
  readonly homePose: Readonly<Record<string, number>>;
  readonly prediction: PredictionConfig;
  readonly teleop: TeleopConfig;
  readonly agent: AgentConfig;
  readonly locks: readonly LockConfig[];
  /** in the order of a frame */
  readonly sensors: readonly SensorConfig[];
  readonly downstream: DownstreamConfig;
}

/** What takes the commands. */
export interface DownstreamConfig {
  /** a controller that keeps the last velocity or effort for ever may be driven */
  readonly acceptNoTimeout: boolean;
}

/** Whether the policy's world model looks ahead while the robot is driven, and may lower the policy's authority. */
export interface PredictionConfig {
  /** true has no effect where a run has no world model */
  readonly enabled: boolean;
  /** policy steps */
  readonly horizon: number;
}

/** The operator at a teleoperation device. */
export interface TeleopConfig {
  /** a command is acted on no longer than this, nor than its own ttl [ms] */
  readonly commandTimeoutMs: number;
  /** no valid frame, or no progress of the device's loop, for so long ends the link [ms] */
  readonly linkTimeoutMs: number;
  /** full deflection is this share of a joint's maxVelocity, or of its maxEffort */
  readonly maxVelocityScale: number;
  /** a stick this close to its middle is at rest, 1 being its end */
  readonly deadBand: number;
  /** how often the device is told where the robot is [Hz] */
  readonly stateRateHz: number;
  /** the device may ask for the agent to be engaged; false: ~/engage alone can */
  readonly mayEngage: boolean;
  /** above the agent's */
  readonly priority: number;
  /** the agent drives only while the operator's device is linked */
  readonly required: boolean;
  /** an operator may drive over the network as well, by control_msgs/msg/JointJog; a device that is linked comes first */
  readonly jointJog: boolean;
}

export interface AgentConfig {
  /** without an answer for so long it loses its authority [ms] */
  readonly timeoutMs: number;
  readonly priority: number;
}

/** A topic of std_msgs/msg/Bool: true, or silence, locks every source of lower priority. */
export interface LockConfig {
  readonly topic: string;
  /** silence of this long counts as true [ms] */
  readonly timeoutMs: number;
  readonly priority: number;
}

/**
 * absolute: command = scale * action. increment: command = last executed command + scale * action, so that a bounded action
 * is a bounded rate. Scale is in the unit of the command interface.
 */
export interface ActionConfig {
  readonly mode: 'absolute' | 'increment';
  readonly scale: readonly number[];
}

/** A robot as loaded from its folder. */
export interface Robot {
  readonly model: RobotModel;
  readonly config: RobotConfig;
  /** absolute path of the robot's folder */
  readonly folder: string;
}
