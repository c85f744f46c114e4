import {
  SENSOR_QOS,
  type ImuMessage,
  type Middleware,
  type Publisher,
  type RosTime,
  type Vector3Message,
  type WrenchStamped,
} from '../../src/io/ros/index.js';
import { SENSOR_FIELD_COUNT, type SensorConfig } from '../../src/robot/index.js';

/** Sensors' drivers publish reliably by default; best-effort readers match that too. */
const QOS = { ...SENSOR_QOS, reliability: 'reliable' } as const;
/** 3 x 3, all zero: not known */
const UNKNOWN = new Float64Array(9);
/** -1 in the first element: not measured */
const NOT_MEASURED = Float64Array.of(-1, 0, 0, 0, 0, 0, 0, 0, 0);

/** Each sensor on its topic, as its driver publishes it. */
export class SensorPublishers {
  private readonly topics: readonly ((readings: Float64Array, stamp: RosTime) => void)[];
  private paused = false;

  constructor(middleware: Middleware, sensors: readonly SensorConfig[]) {
    this.topics = sensors.map((sensor, i) => publisherOf(middleware, sensor, i * SENSOR_FIELD_COUNT));
  }

  /** Services that silence the sensors, and let them speak again, while joint states go on. */
  serve(service: (name: string, act: () => string) => void): void {
    service('pause_sensors', () => {
      this.paused = true;
      return 'the sensors are silent';
    });
    service('resume_sensors', () => {
      this.paused = false;
      return 'the sensors speak';
    });
  }

  /** @param readings of all sensors (s), in the order of a frame */
  publish(readings: Float64Array, stamp: RosTime): void {
    if (this.paused) return;
    for (const publish of this.topics) publish(readings, stamp);
  }
}

function publisherOf(middleware: Middleware, { type, topic, link }: SensorConfig, from: number) {
  const vector = (readings: Float64Array, at: number): Vector3Message => ({
    x: readings[at]!,
    y: readings[at + 1]!,
    z: readings[at + 2]!,
  });
  if (type === 'imu') {
    const imu: Publisher<ImuMessage> = middleware.createPublisher(topic, 'sensor_msgs/msg/Imu', QOS);
    return (readings: Float64Array, stamp: RosTime) =>
      imu.publish({
        header: { stamp, frame_id: link },
        orientation: { x: 0, y: 0, z: 0, w: 1 },
        orientation_covariance: NOT_MEASURED,
        angular_velocity: vector(readings, from + 3),
        angular_velocity_covariance: UNKNOWN,
        linear_acceleration: vector(readings, from),
        linear_acceleration_covariance: UNKNOWN,
      });
  }
  const wrench: Publisher<WrenchStamped> = middleware.createPublisher(
    topic,
    'geometry_msgs/msg/WrenchStamped',
    QOS,
  );
  return (readings: Float64Array, stamp: RosTime) =>
    wrench.publish({
      header: { stamp, frame_id: link },
      wrench: { force: vector(readings, from), torque: vector(readings, from + 3) },
    });
}
