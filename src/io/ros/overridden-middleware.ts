import type {
  MessageInfo,
  Middleware,
  Publisher,
  QosProfile,
  ServiceClient,
  ServiceServer,
  Subscription,
} from './middleware.js';

/** The quality of service that an endpoint gets in the place of the one it asks for. */
type Override = (topic: string, entity: 'publisher' | 'subscription', qos: QosProfile) => QosProfile;

/** The same middleware, whose publishers and subscriptions get another quality of service than they ask for. */
export class OverriddenMiddleware implements Middleware {
  constructor(
    private readonly inner: Middleware,
    private readonly override: Override,
  ) {}

  get name(): 'rtps' | 'rclnodejs' {
    return this.inner.name;
  }

  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    return this.inner.createPublisher(topic, type, this.override(topic, 'publisher', qos));
  }

  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    return this.inner.createSubscription(topic, type, this.override(topic, 'subscription', qos), onMessage);
  }

  createService<Request, Response>(
    service: string,
    type: string,
    handle: (request: Request) => Response | Promise<Response>,
  ): ServiceServer {
    return this.inner.createService(service, type, handle);
  }

  createClient<Request, Response>(service: string, type: string): ServiceClient<Request, Response> {
    return this.inner.createClient(service, type);
  }

  otherPublishers(topic: string, except?: string): number {
    return this.inner.otherPublishers(topic, except);
  }

  offers(topic: string): readonly QosProfile[] {
    return this.inner.offers?.(topic) ?? [];
  }

  mismatches(topic: string): readonly string[] {
    return this.inner.mismatches(topic);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
