import { SENSOR_QOS, type JointState, type Middleware, type Subscription } from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import type { Measured } from '../safety/index.js';
import { StateMapper } from './state-mapper.js';

/** Hands on every usable state of the commanded joints as it comes, mapped by name; the vectors are the receiver's. */
export function subscribeMeasured(
  middleware: Middleware,
  { model, config }: Robot,
  take: (measured: Measured) => void,
): Subscription {
  const mapper = new StateMapper(model);
  const m = model.commanded.length; // commanded joints come first in measured order
  return middleware.createSubscription<JointState>(
    config.stateTopic,
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
    (message, { receivedNs }) => {
      if (!mapper.map(message, receivedNs)) return;
      const positions = mapper.positions.slice(0, m);
      take({ positions, velocities: mapper.velocities.slice(0, m), receivedNs });
    },
  );
}
