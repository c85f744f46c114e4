import type { Clock } from '../../core/index.js';
import type { GatedCommand } from '../../safety/index.js';
import type { Veto } from '../../veto/index.js';
import { codecFor } from './codec.js';
import { definitionsOf } from './definitions.js';
import { rosTime, type Float64MultiArray, type JointState, type JointTrajectory } from './messages.js';
import { COMMAND_QOS, type Middleware, type Publisher } from './middleware.js';

/** The part of a robot that says how it takes commands; `Robot` has it. */
export interface CommandTarget {
  readonly config: {
    readonly commandTopic: string;
    readonly commandMessageType:
      'std_msgs/msg/Float64MultiArray' | 'trajectory_msgs/msg/JointTrajectory' | 'sensor_msgs/msg/JointState';
    readonly controlRateHz: number;
  };
}

const NONE = new Float64Array(0);

/** @param ahead points after the command, for trajectories alone */
type Serializer = (command: GatedCommand, values: Float64Array, ahead: readonly GatedCommand[]) => Uint8Array;

/**
 * Puts commands on the wire, and takes nothing but what the gate has made. Each is checked for expiry once more and serialized; the
 * veto looks at these very bytes. After a veto its substitute is sent instead, for good. A trajectory has its first point one control
 * period ahead, and any others one period after each other; a JointState names the joints and carries the one field that the interface
 * takes.
 */
export class CommandPublisher {
  readonly topic: string;
  private readonly publisher: Publisher<unknown>;
  private readonly serialize: Serializer;

  /** @param veto of this publisher alone */
  constructor(
    middleware: Middleware,
    { config }: CommandTarget,
    private readonly veto: Veto,
    private readonly clock: Clock,
  ) {
    this.topic = config.commandTopic;
    const { commandMessageType: type } = config;
    this.publisher = middleware.createPublisher<unknown>(this.topic, type, COMMAND_QOS);
    this.serialize = serializer(config, clock);
  }

  /** controllers that listen now */
  get matched(): number {
    return this.publisher.matched;
  }

  /**
   * @param command null: there is none
   * @param nowNs monotonic time of the gate's tick
   * @param ahead what the gate would send at the next ticks; for trajectories of several points
   * @returns the values that are on the wire now; null when nothing was sent, because the command had expired or there was none
   */
  publish(
    command: GatedCommand | null,
    nowNs: bigint,
    ahead: readonly GatedCommand[] = [],
  ): Float64Array | null {
    if (this.veto.reason !== null) return this.sendSubstitute(nowNs);
    if (command === null || command.isExpired(this.clock.nowNs())) return null;
    const values = command.copyValues();
    const bytes = this.serialize(command, values, ahead);
    if (this.veto.check(bytes, nowNs) !== null) return this.sendSubstitute(nowNs);
    this.publisher.publishBytes(bytes);
    return values;
  }

  /** See {@link Veto.fallSilent}. */
  fallSilent(): void {
    this.veto.fallSilent();
  }

  /** why a command was vetoed, for people; null: none was */
  get vetoed(): string | null {
    return this.veto.reason;
  }

  /** Leaves the topic to others. */
  close(): void {
    this.publisher.close();
  }

  private sendSubstitute(nowNs: bigint): Float64Array | null {
    const substitute = this.veto.substitute(nowNs);
    if (substitute === null) return null;
    this.publisher.publishBytes(substitute.bytes);
    return substitute.values;
  }
}

function serializer(
  { commandMessageType: type, controlRateHz }: CommandTarget['config'],
  clock: Clock,
): Serializer {
  switch (type) {
    case 'std_msgs/msg/Float64MultiArray': {
      const codec = codecFor<Float64MultiArray>(definitionsOf(type));
      return (_command, data) => codec.encode({ layout: { dim: [], data_offset: 0 }, data });
    }
    case 'trajectory_msgs/msg/JointTrajectory': {
      const codec = codecFor<JointTrajectory>(definitionsOf(type));
      return (command, values, ahead) => {
        const rows = [values, ...ahead.map((point) => point.copyValues())];
        return codec.encode(trajectory(command, rows, 1 / controlRateHz));
      };
    }
    case 'sensor_msgs/msg/JointState': {
      const codec = codecFor<JointState>(definitionsOf(type));
      return (command, values) => codec.encode(jointState(command, values, clock.wallNs()));
    }
  }
}

function jointState(
  { commandInterface: field, joints }: GatedCommand,
  values: Float64Array,
  wallNs: bigint,
): JointState {
  return {
    header: { stamp: rosTime(wallNs), frame_id: '' },
    name: joints,
    position: field === 'position' ? values : NONE,
    velocity: field === 'velocity' ? values : NONE,
    effort: field === 'effort' ? values : NONE,
  };
}

/** @param rows of points (m), `period` [s] after each other */
function trajectory(
  { commandInterface: field, joints }: GatedCommand,
  rows: readonly Float64Array[],
  period: number,
): JointTrajectory {
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' }, // zero: start now
    joint_names: [...joints],
    points: rows.map((values, k) => ({
      positions: field === 'position' ? values : NONE,
      velocities: field === 'velocity' ? values : NONE,
      accelerations: NONE,
      effort: field === 'effort' ? values : NONE,
      time_from_start: duration((k + 1) * period),
    })),
  };
}

function duration(seconds: number): { sec: number; nanosec: number } {
  const ns = Math.round(seconds * 1e9);
  return { sec: Math.floor(ns / 1e9), nanosec: ns % 1e9 };
}
