import { DynabridgeError, systemClock, type Clock } from '../../core/index.js';
import { CodecCache } from './codec.js';
import { loadRclnodejs } from './load-rclnodejs.js';
import { mismatchText } from './mismatch-text.js';
import type {
  MessageInfo,
  Middleware,
  Publisher,
  QosProfile,
  ServiceClient,
  ServiceServer,
  Subscription,
} from './middleware.js';
import { fullNodeName, nodeIdentity, resolveName, type NodeIdentity, type Remap } from './names.js';
import type { RclEndpointInfo, RclNode, RclQos, Rclnodejs } from './rclnodejs-api.js';
import type { Environment } from './ros-environment.js';

export interface RclMiddlewareOptions {
  readonly nodeName: string;
  /** Default '/' */
  readonly namespace?: string;
  readonly remaps?: readonly Remap[];
  /** Default `process.env` */
  readonly env?: Environment;
  /** time base of `receivedNs`. Default: CLOCK_MONOTONIC */
  readonly clock?: Clock;
  /** told of what a callback of ours throws, which must not reach rclnodejs: it would abort the process */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Longest wait of the thread that waits for messages [ms]; it wakes at once when there is one. */
const SPIN_MS = 100;
const SERVICE_POLL_MS = 20;

/**
 * Joins the ROS 2 graph through rcl, where ROS 2 is sourced: whatever rmw and security it is set up with. Messages pass as bytes
 * through our own codec. Throws UNAVAILABLE where rclnodejs cannot be used, BAD_INPUT for names that are none.
 */
export async function createRclMiddleware(options: RclMiddlewareOptions): Promise<Middleware> {
  const node = nodeIdentity(options.nodeName, options.namespace, options.remaps);
  const rclnodejs = await loadRclnodejs(options.env ?? process.env);
  const context = new rclnodejs.Context();
  // Names and parameters are resolved here, the same way as without ROS, so that rcl is given no arguments.
  await rclnodejs.init(context, []);
  const nodeOptions = new rclnodejs.NodeOptions();
  nodeOptions.startParameterServices = false; // ours serve both adapters
  nodeOptions.startTypeDescriptionService = false;
  nodeOptions.enableRosout = false; // nothing is logged through rcl
  const rclNode = new rclnodejs.Node(node.nodeName, node.namespace, context, nodeOptions);
  rclNode.spin(SPIN_MS);
  const { clock = systemClock, onError = reportError } = options;
  const close = () => {
    rclNode.stop();
    rclnodejs.shutdown(context);
  };
  return new RclMiddleware(rclnodejs, rclNode, node, clock, onError, close);
}

interface OwnEndpoint {
  readonly topic: string;
  readonly type: string;
  readonly isWriter: boolean;
  readonly qos: QosProfile;
}

class RclMiddleware implements Middleware {
  readonly name = 'rclnodejs';
  private readonly codecs = new CodecCache();
  private readonly endpoints = new Set<OwnEndpoint>();
  private closed = false;

  constructor(
    private readonly rclnodejs: Rclnodejs,
    private readonly rclNode: RclNode,
    private readonly node: NodeIdentity,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
    private readonly closeContext: () => void,
  ) {}

  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    const name = resolveName(topic, this.node);
    const codec = this.codecs.get<T>(type);
    const publisher = this.rclNode.createPublisher(type, name, { qos: this.rclQos(qos) });
    const release = this.own({ topic: name, type, isWriter: true, qos });
    return {
      topic: name,
      get matched() {
        return publisher.subscriptionCount;
      },
      publish: (message) => {
        publisher.publish(codec.encode(message));
      },
      publishBytes: (payload) => {
        publisher.publish(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
      },
      close: () => {
        if (release()) this.rclNode.destroyPublisher(publisher);
      },
    };
  }

  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    const name = resolveName(topic, this.node);
    const codec = this.codecs.get<T>(type);
    const receive = (payload: Buffer): void => {
      const receivedNs = this.clock.nowNs();
      let message: T;
      try {
        message = codec.decode(payload);
      } catch {
        return; // not of this type, whatever its name
      }
      // What throws within a callback of rclnodejs aborts the process.
      try {
        onMessage(message, { receivedNs });
      } catch (error) {
        this.onError(error);
      }
    };
    const options = { qos: this.rclQos(qos), isRaw: true } as const;
    const subscription = this.rclNode.createSubscription(type, name, options, receive);
    const release = this.own({ topic: name, type, isWriter: false, qos });
    return {
      topic: name,
      get matched() {
        return subscription.publisherCount;
      },
      close: () => {
        if (release()) this.rclNode.destroySubscription(subscription);
      },
    };
  }

  createService<Request, Response>(
    service: string,
    type: string,
    handle: (request: Request) => Response | Promise<Response>,
  ): ServiceServer {
    const name = resolveName(service, this.node);
    const answer = async (request: object, response: { send(value: object): void }): Promise<void> => {
      const value = await handle(request as Request);
      if (!this.closed) response.send(value as object);
    };
    const server = this.rclNode.createService(type, name, {}, (request, response) => {
      answer(request, response).catch(this.onError);
    });
    return {
      service: name,
      close: () => {
        if (!this.closed) this.rclNode.destroyService(server);
      },
    };
  }

  createClient<Request, Response>(service: string, type: string): ServiceClient<Request, Response> {
    const name = resolveName(service, this.node);
    const client = this.rclNode.createClient(type, name, {});
    const waitForService = async (timeoutMs: number): Promise<void> => {
      for (let waitedMs = 0; !client.isServiceServerAvailable(); waitedMs += SERVICE_POLL_MS) {
        if (waitedMs >= timeoutMs)
          throw unavailable(
            name,
            `no server answered within ${timeoutMs} ms; is it running in the same ROS domain?`,
          );
        await new Promise((resolve) => setTimeout(resolve, SERVICE_POLL_MS));
      }
    };
    return {
      service: name,
      waitForService,
      call: async (request, timeoutMs) => {
        await waitForService(timeoutMs);
        try {
          return (await client.sendRequestAsync(request as object, { timeout: timeoutMs })) as Response;
        } catch {
          throw unavailable(name, `no reply within ${timeoutMs} ms`);
        }
      },
      close: () => {
        if (!this.closed) this.rclNode.destroyClient(client);
      },
    };
  }

  otherPublishers(topic: string, except?: string): number {
    const name = resolveName(topic, this.node);
    const exempt = except === undefined ? undefined : resolveName(except, this.node);
    const others = this.rclNode
      .getPublishersInfoByTopic(name)
      .filter(
        (info) => fullNodeName({ nodeName: info.node_name, namespace: info.node_namespace }) !== exempt,
      );
    const own = [...this.endpoints].filter((endpoint) => endpoint.isWriter && endpoint.topic === name).length;
    return Math.max(0, others.length - own);
  }

  offers(topic: string): readonly QosProfile[] {
    const { ReliabilityPolicy, DurabilityPolicy } = this.rclnodejs.QoS;
    const { RMW_QOS_POLICY_RELIABILITY_RELIABLE: reliable } = ReliabilityPolicy;
    const { RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL: transientLocal } = DurabilityPolicy;
    const ours = fullNodeName(this.node);
    return this.rclNode
      .getPublishersInfoByTopic(resolveName(topic, this.node))
      .filter((info) => fullNodeName({ nodeName: info.node_name, namespace: info.node_namespace }) !== ours)
      .map(({ qos_profile: qos }) => ({
        reliability: qos.reliability === reliable ? 'reliable' : 'best_effort',
        durability: qos.durability === transientLocal ? 'transient_local' : 'volatile',
        depth: 0, // discovery does not tell it, whatever the rmw fills in
      }));
  }

  mismatches(topic: string): readonly string[] {
    const name = resolveName(topic, this.node);
    const locals = [...this.endpoints].filter((endpoint) => endpoint.topic === name);
    return locals.flatMap((local) => {
      const remotes = local.isWriter
        ? this.rclNode.getSubscriptionsInfoByTopic(name)
        : this.rclNode.getPublishersInfoByTopic(name);
      return remotes.flatMap((remote) => {
        const reason = this.incompatibility(local, remote);
        if (reason === undefined) return [];
        const { topic_type: type } = remote;
        return [mismatchText(name, { local, remote: { type, isWriter: !local.isWriter }, reason })];
      });
    });
  }

  close(): Promise<void> {
    if (!this.closed) this.closeContext();
    this.closed = true;
    return Promise.resolve();
  }

  private incompatibility(
    local: OwnEndpoint,
    remote: RclEndpointInfo,
  ): 'type' | 'reliability' | 'durability' | undefined {
    if (remote.topic_type !== local.type) return 'type';
    const { ReliabilityPolicy, DurabilityPolicy } = this.rclnodejs.QoS;
    const theirs = {
      reliable: remote.qos_profile.reliability === ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_RELIABLE,
      kept: remote.qos_profile.durability === DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL,
    };
    const ours = {
      reliable: local.qos.reliability === 'reliable',
      kept: local.qos.durability === 'transient_local',
    };
    const [offered, asked] = local.isWriter ? [ours, theirs] : [theirs, ours];
    if (asked.reliable && !offered.reliable) return 'reliability';
    if (asked.kept && !offered.kept) return 'durability';
    return undefined;
  }

  private own(endpoint: OwnEndpoint): () => boolean {
    this.endpoints.add(endpoint);
    return () => this.endpoints.delete(endpoint) && !this.closed;
  }

  private rclQos({ reliability, durability, depth }: QosProfile): RclQos {
    const { QoS } = this.rclnodejs;
    return new QoS(
      QoS.HistoryPolicy.RMW_QOS_POLICY_HISTORY_KEEP_LAST,
      depth,
      reliability === 'reliable'
        ? QoS.ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_RELIABLE
        : QoS.ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT,
      durability === 'transient_local'
        ? QoS.DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL
        : QoS.DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_VOLATILE,
    );
  }
}

function unavailable(service: string, why: string): DynabridgeError {
  return new DynabridgeError('UNAVAILABLE', `service '${service}': ${why}`, { service });
}

/** As the rtps adapter does: an exception of a callback of ours is the process's own. */
function reportError(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
