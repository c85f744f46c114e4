import { badInput } from '../../core/index.js';

/** Segments of a ROS 2 name: letters, digits and underscores, not starting with a digit (design.ros2.org, topic names). */
const NAME = /^\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/;
const TYPE = /^([a-z][a-z0-9_]*)\/(msg|srv)\/([A-Za-z][A-Za-z0-9]*)$/;

/** A node's full name parts, checked. */
export interface NodeIdentity {
  readonly nodeName: string;
  /** absolute, '/' for the root */
  readonly namespace: string;
}

export function nodeIdentity(nodeName: string, namespace = '/'): NodeIdentity {
  if (!NAME.test(nodeName) || nodeName.includes('/')) {
    throw badInput(
      `node name '${nodeName}' must be letters, digits and underscores, not starting with a digit`,
    );
  }
  const absolute = namespace.startsWith('/') ? namespace : `/${namespace}`;
  if (absolute !== '/' && !NAME.test(absolute)) {
    throw badInput(`namespace '${namespace}' is not a valid ROS 2 namespace, e.g. '/arm'`);
  }
  return { nodeName, namespace: absolute };
}

/** Absolute name of a topic or service as the node means it. */
export function resolveName(name: string, node: NodeIdentity): string {
  const prefix = node.namespace === '/' ? '' : node.namespace;
  const full = name.startsWith('~/')
    ? `${prefix}/${node.nodeName}/${name.slice(2)}`
    : name.startsWith('/')
      ? name
      : `${prefix}/${name}`;
  if (!NAME.test(full)) {
    throw badInput(
      `'${name}' is not a valid ROS 2 topic or service name, e.g. '/joint_states' or '~/status'`,
    );
  }
  return full;
}

/** DDS topic of a ROS 2 topic: '/joint_states' is 'rt/joint_states' (design.ros2.org, topic and service names). */
export function topicToDds(topic: string): string {
  return `rt${topic}`;
}

export function requestTopic(service: string): string {
  return `rq${service}Request`;
}

export function replyTopic(service: string): string {
  return `rr${service}Reply`;
}

/** 'std_srvs/srv/Trigger', 'Request' is 'std_srvs::srv::dds_::Trigger_Request_'. */
export function typeToDds(type: string, part: '' | 'Request' | 'Response' = ''): string {
  const match = TYPE.exec(type);
  if (!match) throw badInput(`'${type}' is not a ROS 2 type name, e.g. 'sensor_msgs/msg/JointState'`);
  const [, pkg, kind, name] = match;
  return `${pkg!}::${kind!}::dds_::${name!}_${part === '' ? '' : `${part}_`}`;
}

/** 'sensor_msgs::msg::dds_::JointState_' is 'sensor_msgs/msg/JointState'; other names are left as they are. */
export function typeFromDds(type: string): string {
  return type.replace(/^(\w+)::(msg|srv)::dds_::(\w+)_$/, '$1/$2/$3');
}
