import type { SensorConfig, SensorType } from './model.js';

/** One number of a sensor's reading, as a frame of the robot has it. */
export interface SensorField {
  /** e.g. `imu linear_acceleration x`, unique in a frame */
  readonly name: string;
  /** in the message, e.g. `linear_acceleration.x` */
  readonly field: string;
  readonly unit: string;
}

/** What is read of a message, in the order of a frame; each is a vector of x, y and z in the frame of the sensor's link. */
const QUANTITIES = {
  imu: [
    { vector: 'linear_acceleration', unit: 'm/s^2' },
    { vector: 'angular_velocity', unit: 'rad/s' },
  ],
  force_torque: [
    { vector: 'force', unit: 'N' },
    { vector: 'torque', unit: 'N m' },
  ],
} as const satisfies Readonly<Record<SensorType, readonly { vector: string; unit: string }[]>>;

const AXES = ['x', 'y', 'z'] as const;

/** numbers of one reading, of either type */
export const SENSOR_FIELD_COUNT = 6;

export function sensorFields({ name, type }: Pick<SensorConfig, 'name' | 'type'>): SensorField[] {
  return QUANTITIES[type].flatMap(({ vector, unit }) =>
    AXES.map((axis) => ({ name: `${name} ${vector} ${axis}`, field: `${vector}.${axis}`, unit })),
  );
}
