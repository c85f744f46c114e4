import type { RobotModel } from '../../src/robot/index.js';

/** What stands between the command topic and the actuators, as ros2_control does it. */
export interface Controller {
  /** messages refused: wrong size, unknown joint, non-finite value */
  readonly rejected: number;
  /** setpoint of every commanded joint at `nowNs`; null before the first command */
  setpoint(nowNs: bigint): Float64Array | null;
}

/**
 * forward_command_controller: hands the newest command through and keeps it for ever, with no timeout
 * (ros2_controllers issue 95), which is why a dead commander leaves a robot moving.
 */
export class ForwardController implements Controller {
  rejected = 0;
  private last: Float64Array | null = null;

  constructor(private readonly joints: readonly string[]) {}

  /** @returns the accepted values, or null */
  onCommand(data: ArrayLike<number>): Float64Array | null {
    const values = Float64Array.from(data);
    if (values.length !== this.joints.length || !values.every(Number.isFinite)) {
      this.rejected++;
      return null;
    }
    this.last = values;
    return values;
  }

  setpoint(): Float64Array | null {
    return this.last;
  }
}

/** The part of sensor_msgs/JointState that is read. */
export interface JointStateLike {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  readonly velocity: ArrayLike<number>;
  readonly effort: ArrayLike<number>;
}

/** Takes commands as joint states, as simulators and topic_based_ros2_control do: by name, the newest one for ever. */
export class JointStateController implements Controller {
  rejected = 0;
  private last: Float64Array | null = null;

  constructor(
    private readonly joints: readonly string[],
    private readonly field: 'position' | 'velocity' | 'effort',
  ) {}

  /** @returns the accepted values in commanded order, or null */
  onCommand({ name, ...fields }: JointStateLike): Float64Array | null {
    const data = fields[this.field];
    const values = Float64Array.from(this.joints, (joint) => data[name.indexOf(joint)] ?? NaN);
    if (data.length !== name.length || name.length !== this.joints.length || !values.every(Number.isFinite)) {
      this.rejected++;
      return null;
    }
    this.last = values;
    return values;
  }

  setpoint(): Float64Array | null {
    return this.last;
  }
}

/** The part of trajectory_msgs/JointTrajectory that is read. */
export interface TrajectoryLike {
  readonly joint_names: readonly string[];
  readonly points: readonly {
    readonly positions: ArrayLike<number>;
    readonly velocities?: ArrayLike<number>;
    readonly time_from_start: { readonly sec: number; readonly nanosec: number };
  }[];
}

/**
 * joint_trajectory_controller in the part that a streamed command uses: interpolates linearly from where it is to each point,
 * then holds the last one. A velocity robot is sent the points' velocities, a position robot their positions.
 */
export class JointTrajectoryController implements Controller {
  rejected = 0;
  private from: Float64Array | null = null;
  private startNs = 0n;
  private points: { values: Float64Array; atNs: bigint }[] = [];

  constructor(
    private readonly model: Pick<RobotModel, 'commanded'>,
    private readonly field: 'positions' | 'velocities',
  ) {}

  /** @returns the values of each point, or null when the message was refused */
  onCommand(message: TrajectoryLike, nowNs: bigint): readonly Float64Array[] | null {
    const order = this.model.commanded.map((joint) => message.joint_names.indexOf(joint));
    const points = message.points.map((point) => {
      const data = point[this.field] ?? [];
      return {
        values: Float64Array.from(order, (index) => data[index] ?? NaN),
        atNs:
          nowNs + BigInt(point.time_from_start.sec) * 1_000_000_000n + BigInt(point.time_from_start.nanosec),
      };
    });
    if (points.length === 0 || !points.every((point) => point.values.every(Number.isFinite))) {
      this.rejected++;
      return null;
    }
    this.from = this.setpoint(nowNs) ?? points[0]!.values;
    this.startNs = nowNs;
    this.points = points;
    return points.map(({ values }) => values);
  }

  setpoint(nowNs: bigint): Float64Array | null {
    if (this.from === null) return null;
    let previous = this.from;
    let previousNs = this.startNs;
    for (const { values, atNs } of this.points) {
      if (nowNs < atNs) {
        const fraction = Number(nowNs - previousNs) / Number(atNs - previousNs);
        return previous.map((value, i) => value + fraction * (values[i]! - value));
      }
      previous = values;
      previousNs = atNs;
    }
    return previous;
  }
}
