import { sensorFields, type Robot } from '../robot/index.js';

/**
 * A frame is all that a policy step knows of its world at one instant: named numbers, raw SI units. Simulator, guard, recordings,
 * replay and imagined rollouts all speak frames.
 */
export interface FrameLayout {
  /** a name for each number of a frame (F), unique */
  readonly fields: readonly string[];
  /** fields that are angles turning without end [rad]: observations hold their sine and cosine, and their changes are wrapped */
  readonly angles: readonly string[];
  /** a name for each number of an action (A) */
  readonly actions: readonly string[];
  /** F */
  readonly size: number;
}

/**
 * A robot's frame: [positions (n) | velocities (n) | last executed commands (m) | sensor readings (s)], joints in `measured` and
 * `commanded` order, sensors in that of robot.yaml.
 */
export interface RobotLayout extends FrameLayout {
  /** measured joints (n): RobotModel.measured */
  readonly measured: readonly string[];
  /** commanded joints (m): RobotModel.commanded */
  readonly commanded: readonly string[];
  /** fields of the sensors besides the joint states (s), e.g. `imu angular_velocity z`; none for most robots */
  readonly sensors: readonly string[];
}

/**
 * @param continuous the measured joints that turn without end
 * @param sensors fields of further sensors
 */
export function robotLayout(
  measured: readonly string[],
  commanded: readonly string[],
  continuous: readonly string[] = [],
  sensors: readonly string[] = [],
): RobotLayout {
  const named = (joints: readonly string[], quantity: string) =>
    joints.map((joint) => `${joint} ${quantity}`);
  return {
    measured,
    commanded,
    sensors,
    fields: [
      ...named(measured, 'position'),
      ...named(measured, 'velocity'),
      ...named(commanded, 'command'),
      ...sensors,
    ],
    angles: named(continuous, 'position'),
    actions: commanded,
    size: 2 * measured.length + commanded.length + sensors.length,
  };
}

/** The layout of a robot's frames. */
export function layoutOf({ model, config }: Robot): RobotLayout {
  const { measured, commanded, joints } = model;
  const continuous = measured.filter((name) => joints.find((j) => j.name === name)?.type === 'continuous');
  const sensors = config.sensors.flatMap((sensor) => sensorFields(sensor).map(({ name }) => name));
  return robotLayout(measured, commanded, continuous, sensors);
}

/** Offset of a joint's position in a frame; its velocity is `measured.length` further on. */
export function positionOffset(layout: RobotLayout, joint: string): number {
  return layout.measured.indexOf(joint);
}

export function velocityOffset(layout: RobotLayout, joint: string): number {
  return layout.measured.length + layout.measured.indexOf(joint);
}

export function commandOffset(layout: RobotLayout, joint: string): number {
  return 2 * layout.measured.length + layout.commanded.indexOf(joint);
}

/** Offset of the first sensor reading in a frame. */
export function sensorOffset({ size, sensors }: RobotLayout): number {
  return size - sensors.length;
}

/** The commands (m) in a frame, not copied. */
export function executedIn({ measured, commanded }: RobotLayout, frame: Float64Array): Float64Array {
  return frame.subarray(2 * measured.length, 2 * measured.length + commanded.length);
}
