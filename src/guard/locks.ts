import { SENSOR_QOS, type Middleware, type Subscription } from '../io/ros/index.js';
import type { LockConfig } from '../robot/index.js';
import { strongestLock, type EngagedLock, type LockInput } from '../safety/index.js';

/** The lock topics of robot.yaml. Each one locks until its publisher says false, and keeps saying so. */
export class Locks {
  private readonly heard: LockInput[];
  private readonly subscriptions: readonly Subscription[];

  constructor(middleware: Middleware, locks: readonly LockConfig[]) {
    this.heard = locks.map((lock) => ({ ...lock, locked: true, receivedNs: null }));
    this.subscriptions = locks.map((lock, i) =>
      middleware.createSubscription(
        lock.topic,
        'std_msgs/msg/Bool',
        SENSOR_QOS,
        ({ data }, { receivedNs }) => {
          this.heard[i] = { ...lock, locked: data, receivedNs };
        },
      ),
    );
  }

  strongest(nowNs: bigint): EngagedLock | null {
    return strongestLock(this.heard, nowNs);
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.close();
  }
}
