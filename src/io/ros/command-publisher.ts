import type { Clock } from '../../core/index.js';
import type { GatedCommand } from '../../safety/index.js';
import type { Float64MultiArray, JointTrajectory } from './messages.js';
import { COMMAND_QOS, type Middleware, type Publisher } from './middleware.js';

/** The part of a robot that says how it takes commands; `Robot` has it. */
export interface CommandTarget {
  readonly config: {
    readonly commandTopic: string;
    readonly commandMessageType: 'std_msgs/msg/Float64MultiArray' | 'trajectory_msgs/msg/JointTrajectory';
    readonly controlRateHz: number;
  };
}

/**
 * Puts commands on the wire, and takes nothing but what the gate has made. Each is checked for expiry once more, and copied.
 * A trajectory is one point, one control period ahead.
 */
export class CommandPublisher {
  readonly topic: string;
  private readonly publisher: Publisher<Float64MultiArray> | Publisher<JointTrajectory>;
  private readonly send: (command: GatedCommand) => void;

  constructor(
    middleware: Middleware,
    { config }: CommandTarget,
    private readonly clock: Clock,
  ) {
    this.topic = config.commandTopic;
    if (config.commandMessageType === 'std_msgs/msg/Float64MultiArray') {
      const publisher = middleware.createPublisher<Float64MultiArray>(
        this.topic,
        config.commandMessageType,
        COMMAND_QOS,
      );
      this.publisher = publisher;
      this.send = (command) =>
        publisher.publish({ layout: { dim: [], data_offset: 0 }, data: command.copyValues() });
    } else {
      const publisher = middleware.createPublisher<JointTrajectory>(
        this.topic,
        config.commandMessageType,
        COMMAND_QOS,
      );
      this.publisher = publisher;
      this.send = (command) => publisher.publish(trajectory(command, 1 / config.controlRateHz));
    }
  }

  /** controllers that listen now */
  get matched(): number {
    return this.publisher.matched;
  }

  /** @returns false when the command had expired and was not sent */
  publish(command: GatedCommand): boolean {
    if (command.isExpired(this.clock.nowNs())) return false;
    this.send(command);
    return true;
  }
}

function trajectory(command: GatedCommand, aheadSeconds: number): JointTrajectory {
  const values = command.copyValues();
  const none = new Float64Array(0);
  const field = command.commandInterface;
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' }, // zero: start now
    joint_names: [...command.joints],
    points: [
      {
        positions: field === 'position' ? values : none,
        velocities: field === 'velocity' ? values : none,
        accelerations: none,
        effort: field === 'effort' ? values : none,
        time_from_start: { sec: 0, nanosec: Math.round(aheadSeconds * 1e9) },
      },
    ],
  };
}
