import {
  COMMAND_QOS,
  DIAGNOSTICS_QOS,
  EVENTS_QOS,
  QosOverrides,
  SENSOR_QOS,
  STATUS_QOS,
  type NodeArguments,
  type OverridableEndpoint,
} from '../io/ros/index.js';
import type { RobotConfig } from '../robot/index.js';

type Topics = Pick<RobotConfig, 'stateTopic' | 'commandTopic' | 'locks' | 'sensors'> & {
  readonly teleop: Pick<RobotConfig['teleop'], 'jointJog'>;
};

/** What moves the robot, or says that it may, counts for the time at which it comes. */
const NOT_NEW = 'what was said before would pass for new';
const QUEUE = 'what waits in a queue is old when it is read';
const REPLAYED = 'a controller that comes late, or comes back, would be sent commands of before';
const KEPT = 'more would only take memory';

/**
 * Quality of service of the guard's topics, where parameters set another than it has by itself. Throws BAD_INPUT for overrides of what is
 * not there, and for those that would let old states, velocities, permissions or commands pass for new ones.
 */
export function qosOfTopics(config: Topics, node: NodeArguments): QosOverrides {
  return new QosOverrides(
    [
      input(config.stateTopic, 10),
      ...(config.teleop.jointJog ? [input('~/joint_jog', 1)] : []),
      ...[...config.locks, ...config.sensors].map(({ topic }) => input(topic, 10)),
      input('/clock', 10),
      {
        topic: config.commandTopic,
        entity: 'publisher',
        qos: COMMAND_QOS,
        maxDepth: 1,
        whyDepth: REPLAYED,
        whyVolatile: REPLAYED,
      },
      output('~/status', STATUS_QOS, 100),
      output('/diagnostics', DIAGNOSTICS_QOS, 1_000),
      output('~/transition_event', DIAGNOSTICS_QOS, 1_000),
      output('/parameter_events', EVENTS_QOS, 1_000),
    ],
    node,
  );
}

function input(topic: string, maxDepth: number): OverridableEndpoint {
  const entity = 'subscription';
  return { topic, entity, qos: SENSOR_QOS, maxDepth, whyDepth: QUEUE, whyVolatile: NOT_NEW };
}

function output(topic: string, qos: OverridableEndpoint['qos'], maxDepth: number): OverridableEndpoint {
  return { topic, entity: 'publisher', qos, maxDepth, whyDepth: KEPT };
}
