import { badInput, didYouMean } from '../../core/index.js';
import type { Middleware, QosProfile } from './middleware.js';
import { nodeIdentity, resolveName, type NodeIdentity } from './names.js';
import { OverriddenMiddleware } from './overridden-middleware.js';
import type { ParameterDeclaration } from './parameter-server.js';
import type { NodeArguments, ParameterInput } from './ros-arguments.js';

export type Entity = 'publisher' | 'subscription';

/** A publisher or subscription of a node whose quality of service may be set when the node starts. */
export interface OverridableEndpoint {
  /** as the node writes it */
  readonly topic: string;
  readonly entity: Entity;
  /** where nothing is set */
  readonly qos: QosProfile;
  readonly maxDepth: number;
  /** why there is no greater depth, for people */
  readonly whyDepth: string;
  /** why the durability has to be volatile, for people; default: it need not */
  readonly whyVolatile?: string;
}

const PREFIX = 'qos_overrides.';
const NAME = /^qos_overrides\.(.+)\.([^.]+)\.([^.]+)$/;
const POLICIES = ['reliability', 'durability', 'history', 'depth'] as const;
type Policy = (typeof POLICIES)[number];
const SYSTEM_DEFAULT = 'system_default';

interface Endpoint extends OverridableEndpoint {
  /** resolved */
  readonly topic: string;
  readonly values: Record<Policy, string | number>;
}

/**
 * Quality of service by parameters, named as rclcpp does: `qos_overrides.<topic>.<publisher|subscription>.<policy>`, where the topic is
 * the full name after remapping (design.ros2.org, "ROS 2 QoS overrides"). `system_default` is what DDS has: a reliable publisher, a best
 * effort subscription, volatile. Set at start, read-only from then on.
 */
export class QosOverrides {
  private readonly node: NodeIdentity;
  private readonly endpoints: readonly Endpoint[];

  /** Throws BAD_INPUT for an override of what the node does not have, or that it does not allow. */
  constructor(endpoints: readonly OverridableEndpoint[], { nodeName, namespace, ...rest }: NodeArguments) {
    this.node = nodeIdentity(nodeName, namespace, rest.remaps);
    const resolved = endpoints.map((endpoint) => ({
      ...endpoint,
      topic: resolveName(endpoint.topic, this.node),
      values: { ...endpoint.qos, history: 'keep_last' },
    }));
    this.endpoints = resolved.filter(
      (one, i) => resolved.findIndex((other) => sameEndpoint(one, other)) === i,
    );
    for (const [name, value] of Object.entries(rest.parameters))
      if (name.startsWith(PREFIX)) this.take(name, value);
  }

  /** One read-only parameter for each policy of each endpoint, with the value in force. */
  get declarations(): ParameterDeclaration[] {
    return this.endpoints.flatMap((endpoint) =>
      POLICIES.map((policy) => ({
        name: `${PREFIX}${endpoint.topic}.${endpoint.entity}.${policy}`,
        kind: policy === 'depth' ? ('integer' as const) : ('string' as const),
        value: endpoint.values[policy],
        description: `set when the node starts; may be ${allowedText(endpoint, policy)}`,
      })),
    );
  }

  /** The same middleware, whose endpoints have the quality of service that is set. */
  of(middleware: Middleware): Middleware {
    return new OverriddenMiddleware(middleware, (topic, entity, qos) => this.profile(topic, entity, qos));
  }

  private profile(topic: string, entity: Entity, qos: QosProfile): QosProfile {
    const name = resolveName(topic, this.node);
    const found = this.endpoints.find((one) => one.topic === name && one.entity === entity);
    if (found === undefined) return qos;
    const { reliability, durability, depth } = found.values;
    const ofSystem = entity === 'publisher' ? 'reliable' : 'best_effort';
    return {
      reliability: (reliability === SYSTEM_DEFAULT ? ofSystem : reliability) as QosProfile['reliability'],
      durability: (durability === SYSTEM_DEFAULT ? 'volatile' : durability) as QosProfile['durability'],
      depth: depth as number,
    };
  }

  private take(name: string, value: ParameterInput): void {
    const [, topic, entity, policy] = NAME.exec(name) ?? [];
    if (topic === undefined || entity === undefined || policy === undefined)
      throw refused(name, `expected ${PREFIX}<topic>.<publisher|subscription>.<policy>`);
    const topics = [...new Set(this.endpoints.map((one) => one.topic))];
    if (!topics.includes(topic))
      throw refused(name, `the node has no topic '${topic}' to set it for${didYouMean(topic, topics)}`);
    const ofTopic = this.endpoints.filter((one) => one.topic === topic);
    const found = ofTopic.find((one) => one.entity === entity);
    if (found === undefined) {
      const entities = ofTopic.map((one) => one.entity);
      throw refused(name, `the node has no ${entity} on '${topic}'${didYouMean(entity, entities)}`);
    }
    if (!isPolicy(policy))
      throw refused(name, `there is no policy '${policy}'${didYouMean(policy, POLICIES)}`);
    if (!allows(found, policy, value))
      throw refused(name, `it is ${JSON.stringify(value)}, expected ${allowedText(found, policy)}`);
    found.values[policy] = value as string | number;
  }
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.topic === b.topic && a.entity === b.entity;
}

function isPolicy(text: string): text is Policy {
  return (POLICIES as readonly string[]).includes(text);
}

function allows({ maxDepth, whyVolatile }: Endpoint, policy: Policy, value: ParameterInput): boolean {
  switch (policy) {
    case 'reliability':
      return value === 'reliable' || value === 'best_effort' || value === SYSTEM_DEFAULT;
    case 'durability':
      return (
        value === 'volatile' || value === SYSTEM_DEFAULT || (value === 'transient_local' && !whyVolatile)
      );
    case 'history':
      return value === 'keep_last';
    case 'depth':
      return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxDepth;
  }
}

/** For people. */
function allowedText({ maxDepth, whyDepth, whyVolatile }: Endpoint, policy: Policy): string {
  switch (policy) {
    case 'reliability':
      return `reliable, best_effort or ${SYSTEM_DEFAULT}`;
    case 'durability':
      return whyVolatile === undefined
        ? `volatile, transient_local or ${SYSTEM_DEFAULT}`
        : `volatile or ${SYSTEM_DEFAULT}: ${whyVolatile}`;
    case 'history':
      return 'keep_last: a queue without an end would grow while nobody reads';
    case 'depth':
      return `${maxDepth === 1 ? '1' : `a whole number from 1 to ${maxDepth}`}: ${whyDepth}`;
  }
}

function refused(name: string, why: string): Error {
  return badInput(`parameter '${name}': ${why}`, { name });
}
