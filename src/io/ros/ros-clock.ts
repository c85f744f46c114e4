import { NS_PER_S, systemClock } from '../../core/index.js';
import { SENSOR_QOS, type Middleware, type Subscription } from './middleware.js';

/**
 * The time for stamps: the wall clock, or `/clock` while `use_sim_time` is true. Limits and timeouts never ask it: what protects a
 * robot must not depend on a clock that others publish.
 */
export class RosClock {
  private subscription: Subscription | null = null;
  private simulatedNs = 0n;

  constructor(private readonly middleware: Middleware) {}

  /** [ns]; simulated time is 0 until the first message */
  wallNs(): bigint {
    return this.subscription ? this.simulatedNs : systemClock.wallNs();
  }

  useSimulatedTime(use: boolean): void {
    if (use === (this.subscription !== null)) return;
    this.subscription?.close();
    this.subscription = use
      ? this.middleware.createSubscription('/clock', 'rosgraph_msgs/msg/Clock', SENSOR_QOS, ({ clock }) => {
          this.simulatedNs = BigInt(clock.sec) * NS_PER_S + BigInt(clock.nanosec);
        })
      : null;
  }
}
