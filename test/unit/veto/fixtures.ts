import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { definitionsOf } from '../../../src/io/ros/definitions.js';
import type { VetoJoint, VetoLimits } from '../../../src/veto/index.js';

const START_NS = 5_000_000_000n;

/** Monotonic time `ms` after the start of a test [ns]. */
export const at = (ms: number): bigint => START_NS + BigInt(Math.round(ms * 1e6));

export function joint(overrides: Partial<VetoJoint> = {}): VetoJoint {
  return {
    name: 'elbow',
    unit: 'rad',
    minPosition: -1,
    maxPosition: 1,
    maxVelocity: 2,
    maxAcceleration: 10,
    maxDeceleration: 5,
    maxEffort: 30,
    ...overrides,
  };
}

export function limits(overrides: Partial<VetoLimits> = {}): VetoLimits {
  return {
    commandInterface: 'velocity',
    messageType: 'std_msgs/msg/Float64MultiArray',
    controlPeriod: 0.01,
    points: 1,
    joints: [joint()],
    ...overrides,
  };
}

const writers = {
  multiArray: new MessageWriter(definitionsOf('std_msgs/msg/Float64MultiArray')),
  trajectory: new MessageWriter(definitionsOf('trajectory_msgs/msg/JointTrajectory')),
  jointState: new MessageWriter(definitionsOf('sensor_msgs/msg/JointState')),
};

/** A Float64MultiArray as the library's encoder writes it, which shares no code with ours. */
export function multiArray(
  data: readonly number[],
  layout: object = { dim: [], data_offset: 0 },
): Uint8Array {
  return writers.multiArray.writeMessage({ layout, data: Float64Array.from(data) });
}

export interface TrajectoryParts {
  readonly names?: readonly string[];
  readonly frame?: string;
  readonly stamp?: { sec: number; nanosec: number };
  readonly ahead?: { sec: number; nanosec: number };
  readonly point?: object;
  readonly points?: number;
}

/** A JointTrajectory as the library's encoder writes it: by default one set-point of `elbow`, 10 ms ahead. */
export function trajectory(positions: readonly number[], parts: TrajectoryParts = {}): Uint8Array {
  const none = new Float64Array(0);
  const point = {
    positions: Float64Array.from(positions),
    velocities: none,
    accelerations: none,
    effort: none,
    time_from_start: parts.ahead ?? { sec: 0, nanosec: 10_000_000 },
    ...parts.point,
  };
  return writers.trajectory.writeMessage({
    header: { stamp: parts.stamp ?? { sec: 0, nanosec: 0 }, frame_id: parts.frame ?? '' },
    joint_names: parts.names ?? ['elbow'],
    points: Array.from({ length: parts.points ?? 1 }, () => point),
  });
}

/** A JointTrajectory of `elbow` through positions, by default 10 ms apart. */
export function points(
  positions: readonly number[],
  ahead = (k: number): number => (k + 1) * 10_000_000,
): Uint8Array {
  const none = new Float64Array(0);
  return writers.trajectory.writeMessage({
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
    joint_names: ['elbow'],
    points: positions.map((position, k) => ({
      positions: Float64Array.of(position),
      velocities: none,
      accelerations: none,
      effort: none,
      time_from_start: { sec: Math.floor(ahead(k) / 1e9), nanosec: ahead(k) % 1e9 },
    })),
  });
}

/** A JointState as the library's encoder writes it: by default velocities of `elbow`. */
export function jointState(velocities: readonly number[], parts: object = {}): Uint8Array {
  const none = new Float64Array(0);
  return writers.jointState.writeMessage({
    header: { stamp: { sec: 1_700_000_000, nanosec: 5 }, frame_id: '' },
    name: ['elbow'],
    position: none,
    velocity: Float64Array.from(velocities),
    effort: none,
    ...parts,
  });
}
