/**
 * The part of rclnodejs 2 that the adapter uses. Written down here since the package, with its own types, is only there where ROS 2
 * was sourced when dynabridge was installed.
 */
export interface Rclnodejs {
  readonly Context: new () => RclContext;
  readonly Node: new (
    nodeName: string,
    namespace: string,
    context: RclContext,
    options: RclNodeOptions,
  ) => RclNode;
  readonly NodeOptions: new () => RclNodeOptions;
  readonly QoS: (new (history: number, depth: number, reliability: number, durability: number) => RclQos) & {
    readonly HistoryPolicy: Readonly<Record<'RMW_QOS_POLICY_HISTORY_KEEP_LAST', number>>;
    readonly ReliabilityPolicy: Readonly<
      Record<'RMW_QOS_POLICY_RELIABILITY_RELIABLE' | 'RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT', number>
    >;
    readonly DurabilityPolicy: Readonly<
      Record<'RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL' | 'RMW_QOS_POLICY_DURABILITY_VOLATILE', number>
    >;
  };
  init(context: RclContext, argv: readonly string[]): Promise<void>;
  shutdown(context: RclContext): void;
  removeSignalHandlers(): void;
}

export interface RclContext {
  isValid(): boolean;
}

export type RclQos = object;

export interface RclNodeOptions {
  startParameterServices: boolean;
  startTypeDescriptionService: boolean;
  enableRosout: boolean;
}

/** Of another endpoint on a topic. Policies are the values of rmw's enumerations, the same as in `QoS`. */
export interface RclEndpointInfo {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  readonly qos_profile: { readonly reliability: number; readonly durability: number };
}

export interface RclNode {
  /** @param timeoutMs of one wait for something to do */
  spin(timeoutMs: number): void;
  stop(): void;
  createPublisher(type: string, topic: string, options: { readonly qos: RclQos }): RclPublisher;
  createSubscription(
    type: string,
    topic: string,
    options: { readonly qos: RclQos; readonly isRaw: true },
    onMessage: (payload: Buffer) => void,
  ): RclSubscription;
  createService(
    type: string,
    service: string,
    options: object,
    onRequest: (request: object, response: { send(value: object): void }) => void,
  ): object;
  createClient(type: string, service: string, options: object): RclClient;
  destroyPublisher(publisher: RclPublisher): void;
  destroySubscription(subscription: RclSubscription): void;
  destroyService(service: object): void;
  destroyClient(client: RclClient): void;
  getPublishersInfoByTopic(topic: string): readonly RclEndpointInfo[];
  getSubscriptionsInfoByTopic(topic: string): readonly RclEndpointInfo[];
}

export interface RclPublisher {
  readonly subscriptionCount: number;
  publish(payload: Buffer): void;
}

export interface RclSubscription {
  readonly publisherCount: number;
}

export interface RclClient {
  isServiceServerAvailable(): boolean;
  sendRequestAsync(request: object, options: { readonly timeout: number }): Promise<object>;
}
