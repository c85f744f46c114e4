/**
 * The port to ROS 2. The node code above it does not know which adapter carries it: `rtps` (our own DDS participant, no ROS
 * installed) or, later, `rclnodejs`. Message values are plain objects in the field names of the .msg files.
 */
import type { MessageTypes, ServiceTypes } from './messages.js';

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
  /** resolved name, e.g. '/joint_states' */
  readonly topic: string;
  /** subscriptions that match now */
  readonly matched: number;
  /** Sends within the call. Throws BAD_INPUT when the value does not fit the type. */
  publish(message: T): void;
  /** Sends a message that is serialized already: CDR with its encapsulation header. The bytes are the publisher's from then on. */
  publishBytes(payload: Uint8Array): void;
  close(): void;
}

export interface MessageInfo {
  /** monotonic time of receipt [ns] */
  readonly receivedNs: bigint;
  /** wall clock of the publisher when it published [ns], where the wire carries it */
  readonly sourceNs?: bigint | undefined;
  /** the message as it came, CDR with its encapsulation header, where the adapter has it; not to be changed */
  readonly payload?: Uint8Array | undefined;
}

export interface Subscription {
  /** resolved name, e.g. '/joint_states' */
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
  /** Waits for a server if there is none. Rejects with UNAVAILABLE after `timeoutMs`. */
  call(request: Request, timeoutMs: number): Promise<Response>;
  close(): void;
}

/** Names are absolute ('/joint_states'), relative to the namespace ('joint_states') or private to the node ('~/status'). */
export interface Middleware {
  readonly name: 'rtps' | 'rclnodejs';
  /** @param type e.g. 'sensor_msgs/msg/JointState' */
  createPublisher<Name extends keyof MessageTypes>(
    topic: string,
    type: Name,
    qos: QosProfile,
  ): Publisher<MessageTypes[Name]>;
  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T>;
  /** `onMessage` runs within the socket's message event. */
  createSubscription<Name extends keyof MessageTypes>(
    topic: string,
    type: Name,
    qos: QosProfile,
    onMessage: (message: MessageTypes[Name], info: MessageInfo) => void,
  ): Subscription;
  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription;
  /** @param type e.g. 'std_srvs/srv/Trigger' */
  createService<Name extends keyof ServiceTypes>(
    service: string,
    type: Name,
    handle: (
      request: ServiceTypes[Name]['request'],
    ) => ServiceTypes[Name]['response'] | Promise<ServiceTypes[Name]['response']>,
  ): ServiceServer;
  createService<Request, Response>(
    service: string,
    type: string,
    handle: (request: Request) => Response | Promise<Response>,
  ): ServiceServer;
  createClient<Name extends keyof ServiceTypes>(
    service: string,
    type: Name,
  ): ServiceClient<ServiceTypes[Name]['request'], ServiceTypes[Name]['response']>;
  createClient<Request, Response>(service: string, type: string): ServiceClient<Request, Response>;
  /**
   * publishers of other nodes on a topic, as far as discovery knows
   * @param except name of a node that does not count
   */
  otherPublishers(topic: string, except?: string): number;
  /** what the publishers of other nodes on a topic offer, as far as discovery knows; a depth of 0 is not known. Default: nothing is known */
  offers?(topic: string): readonly QosProfile[];
  /** Why endpoints of other nodes on a topic and ours do not talk, for people; empty: all do. */
  mismatches(topic: string): readonly string[];
  /** Says goodbye on the wire and frees sockets. */
  close(): Promise<void>;
}
