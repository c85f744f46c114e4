import type { Clock } from '../../core/index.js';
import { CodecCache } from './codec.js';
import { ForwardingMiddleware } from './forwarding-middleware.js';
import type { MessageInfo, Middleware, Publisher, QosProfile, Subscription } from './middleware.js';

/** One message that a node has received or sent. */
export interface Traffic {
  readonly received: boolean;
  /** resolved name, e.g. '/joint_states' */
  readonly topic: string;
  /** e.g. 'sensor_msgs/msg/JointState' */
  readonly type: string;
  /** what its publishers offer: ourselves where it was sent; what we asked for where nothing is known of others */
  readonly offers: readonly QosProfile[];
  /** CDR with its encapsulation header; not to be changed */
  readonly payload: Uint8Array;
  /** monotonic time of receipt or of sending [ns] */
  readonly atNs: bigint;
  /** wall clock of the publisher when it published [ns], where the wire carries it */
  readonly sourceNs?: bigint | undefined;
}

/** The offers of a topic are looked up again after so many of its messages. */
const LOOK_AGAIN = 1_000;

/**
 * The same middleware, telling of every message that goes through its publishers and subscriptions. The telling comes last: a message
 * is on the wire, and one that came has been handled, before `onTraffic` hears of it. Services are not told of.
 */
export class TappedMiddleware extends ForwardingMiddleware {
  private readonly codecs = new CodecCache();

  constructor(
    inner: Middleware,
    private readonly clock: Clock,
    private readonly onTraffic: (traffic: Traffic) => void,
  ) {
    super(inner);
  }

  override createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    const publisher = super.createPublisher<T>(topic, type, qos);
    const codec = this.codecs.get<T>(type);
    const offers = [qos];
    const send = (payload: Uint8Array): void => {
      publisher.publishBytes(payload);
      const atNs = this.clock.nowNs();
      this.onTraffic({ received: false, topic: publisher.topic, type, offers, payload, atNs });
    };
    return {
      topic: publisher.topic,
      get matched() {
        return publisher.matched;
      },
      publish: (message) => send(codec.encode(message)),
      publishBytes: send,
      close: () => publisher.close(),
    };
  }

  override createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    const codec = this.codecs.get<T>(type);
    let offers: readonly QosProfile[] = [];
    let count = 0;
    const subscription = super.createSubscription<T>(topic, type, qos, (message, info) => {
      onMessage(message, info);
      if (count++ % LOOK_AGAIN === 0) offers = this.offers(topic);
      const { receivedNs: atNs, sourceNs, payload = codec.encode(message) } = info;
      const known = offers.length > 0 ? offers : [qos];
      this.onTraffic({
        received: true,
        topic: subscription.topic,
        type,
        offers: known,
        payload,
        atNs,
        sourceNs,
      });
    });
    return subscription;
  }
}
