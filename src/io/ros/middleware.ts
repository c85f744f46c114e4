/**
 * The port to ROS 2. The node code above it does not know which adapter carries it: `rtps` (our own DDS participant, no ROS
 * installed) or, later, `rclnodejs`. Message values are plain objects in the field names of the .msg files.
 */
export interface QosProfile {
  readonly reliability: 'reliable' | 'best_effort';
  readonly durability: 'volatile' | 'transient_local';
  /** KEEP_LAST depth */
  readonly depth: number;
}

/** sensor_data: never back-pressures the robot and matches reliable writers too. */
export const SENSOR_QOS: QosProfile = { reliability: 'best_effort', durability: 'volatile', depth: 1 };
export const COMMAND_QOS: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 1 };
export const STATUS_QOS: QosProfile = { reliability: 'reliable', durability: 'transient_local', depth: 1 };
export const DIAGNOSTICS_QOS: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 10 };

export interface Publisher<T> {
  readonly topic: string;
  /** subscriptions that match now */
  readonly matched: number;
  publish(message: T): void;
  close(): void;
}

export interface MessageInfo {
  /** monotonic time of receipt [ns] */
  readonly receivedNs: bigint;
}

export interface Subscription {
  readonly topic: string;
  /** publishers that match now */
  readonly matched: number;
  close(): void;
}

export interface ServiceServer {
  readonly service: string;
  close(): void;
}

export interface ServiceClient<Request, Response> {
  readonly service: string;
  /** Resolves when a server can be called; rejects with UNAVAILABLE after `timeoutMs`. */
  waitForService(timeoutMs: number): Promise<void>;
  /** Rejects with UNAVAILABLE after `timeoutMs`. */
  call(request: Request, timeoutMs: number): Promise<Response>;
  close(): void;
}

export interface Middleware {
  readonly name: 'rtps' | 'rclnodejs';
  /** @param type e.g. 'sensor_msgs/msg/JointState' */
  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T>;
  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription;
  /** @param type e.g. 'std_srvs/srv/Trigger' */
  createService<Request, Response>(
    service: string,
    type: string,
    handle: (request: Request) => Response | Promise<Response>,
  ): ServiceServer;
  createClient<Request, Response>(service: string, type: string): ServiceClient<Request, Response>;
  /** Says goodbye on the wire and frees sockets. */
  close(): Promise<void>;
}
