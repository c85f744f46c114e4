import type {
  MessageInfo,
  Middleware,
  Publisher,
  QosProfile,
  ServiceClient,
  ServiceServer,
  Subscription,
} from './middleware.js';

/** The same middleware; what a subclass does not change is handed on. */
export class ForwardingMiddleware implements Middleware {
  constructor(protected readonly inner: Middleware) {}

  get name(): 'rtps' | 'rclnodejs' {
    return this.inner.name;
  }

  createPublisher<T>(topic: string, type: string, qos: QosProfile): Publisher<T> {
    return this.inner.createPublisher(topic, type, qos);
  }

  createSubscription<T>(
    topic: string,
    type: string,
    qos: QosProfile,
    onMessage: (message: T, info: MessageInfo) => void,
  ): Subscription {
    return this.inner.createSubscription(topic, type, qos, onMessage);
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
