import { badInput } from '../../core/index.js';

/** Segments of a ROS 2 name: letters, digits and underscores, not starting with a digit (design.ros2.org, topic names). */
const NAME = /^\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/;
const TYPE = /^([a-z][a-z0-9_]*)\/(msg|srv)\/([A-Za-z][A-Za-z0-9]*)$/;

/** Another name for a topic or service, as `--remap from:=to`; names as the node may write them. */
export interface Remap {
  readonly from: string;
  readonly to: string;
}

/** A node's full name parts, checked. */
export interface NodeIdentity {
  readonly nodeName: string;
  /** absolute, '/' for the root */
  readonly namespace: string;
  /** the first that fits is taken */
  readonly remaps: readonly Remap[];
}

/** Throws BAD_INPUT for names that are none. */
export function nodeIdentity(nodeName: string, namespace = '/', remaps: readonly Remap[] = []): NodeIdentity {
  if (!NAME.test(nodeName) || nodeName.includes('/')) {
    throw badInput(
      `node name '${nodeName}' must be letters, digits and underscores, not starting with a digit`,
    );
  }
  const absolute = namespace.startsWith('/') ? namespace : `/${namespace}`;
  if (absolute !== '/' && !NAME.test(absolute)) {
    throw badInput(`namespace '${namespace}' is not a valid ROS 2 namespace, e.g. '/arm'`);
  }
  const node = { nodeName, namespace: absolute, remaps };
  for (const { from, to } of remaps) for (const name of [from, to]) expandName(name, node);
  return node;
}

/** e.g. '/arm/dynabridge' */
export function fullNodeName({ nodeName, namespace }: Pick<NodeIdentity, 'nodeName' | 'namespace'>): string {
  const prefix = namespace === '/' ? '' : namespace.startsWith('/') ? namespace : `/${namespace}`;
  return `${prefix}/${nodeName}`;
}

/** Absolute name under which a topic or service of the node is known to others. */
export function resolveName(name: string, node: NodeIdentity): string {
  const full = expandName(name, node);
  const remap = node.remaps.find(({ from }) => expandName(from, node) === full);
  return remap ? expandName(remap.to, node) : full;
}

function expandName(name: string, node: NodeIdentity): string {
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
