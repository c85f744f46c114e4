import { ForwardingMiddleware } from './forwarding-middleware.js';
import type { MessageInfo, Middleware, Publisher, QosProfile, Subscription } from './middleware.js';

/** The quality of service that an endpoint gets in the place of the one it asks for. */
type Override = (topic: string, entity: 'publisher' | 'subscription', qos: QosProfile) => QosProfile;

/** The same middleware, whose publishers and subscriptions get another quality of service than they ask for. */
export class OverriddenMiddleware extends ForwardingMiddleware {
  constructor(
    inner: Middleware,
    private readonly override: Override,
  ) {
    super(inner);
  }

  override createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    return super.createPublisher(topic, type, this.override(topic, 'publisher', qos));
  }

  override createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    return super.createSubscription(topic, type, this.override(topic, 'subscription', qos), onMessage);
  }
}
