import type { ImuMessage, Vector3Message, WrenchStamped } from '../io/ros/index.js';
import { SENSOR_FIELD_COUNT, type SensorConfig } from '../robot/index.js';

export type SensorMessage = ImuMessage | WrenchStamped;

interface Reader {
  readonly messageType: string;
  /** numbers of a reading */
  readonly size: number;
  /** @param out written in the order of a frame (see sensorFields), unless the message cannot be used @returns false then */
  readonly read: (message: never, out: Float64Array) => boolean;
}

/** In the first element of a covariance: this quantity is not measured (sensor_msgs/msg/Imu). */
const NOT_MEASURED = -1;

const READERS = {
  imu: {
    messageType: 'sensor_msgs/msg/Imu',
    size: SENSOR_FIELD_COUNT,
    read: (message: ImuMessage, out) =>
      message.linear_acceleration_covariance[0] !== NOT_MEASURED &&
      message.angular_velocity_covariance[0] !== NOT_MEASURED &&
      write(message.linear_acceleration, message.angular_velocity, out),
  },
  force_torque: {
    messageType: 'geometry_msgs/msg/WrenchStamped',
    size: SENSOR_FIELD_COUNT,
    read: ({ wrench }: WrenchStamped, out) => write(wrench.force, wrench.torque, out),
  },
} satisfies Readonly<Record<SensorConfig['type'], Reader>>;

/** What is subscribed for each type of sensor, and how its message is read. */
export const SENSOR_MESSAGES = READERS as Readonly<
  Record<
    SensorConfig['type'],
    Omit<Reader, 'read'> & { read: (message: SensorMessage, out: Float64Array) => boolean }
  >
>;

function write(a: Vector3Message, b: Vector3Message, out: Float64Array): boolean {
  if (!Number.isFinite(a.x + a.y + a.z + b.x + b.y + b.z)) return false;
  out[0] = a.x;
  out[1] = a.y;
  out[2] = a.z;
  out[3] = b.x;
  out[4] = b.y;
  out[5] = b.z;
  return true;
}
