import { CdrReader } from './cdr-reader.js';
import type { VetoLimits } from './limits.js';

export interface DecodedCommand {
  /** what the robot is told to do one after the other, a control period apart; only a trajectory has more than one */
  readonly points: readonly DecodedPoint[];
  /** as the message names them; null where it names none */
  readonly joints: readonly string[] | null;
  readonly littleEndian: boolean;
}

export interface DecodedPoint {
  readonly values: readonly number[];
  /** byte where the first value lies */
  readonly at: number;
}

/** the message's time to its set-point may differ from the control period by its rounding to 1 ns [s] */
const TIME_ROUNDING = 1e-9;

/**
 * The values in the bytes of a command, or why there are none. Anything that would change what the values mean to the robot
 * (an offset, other fields, points at other times, a start at another time) is a failure. Never throws.
 */
export function decodeCommand(bytes: Uint8Array, limits: VetoLimits): DecodedCommand | string {
  const reader = new CdrReader(bytes);
  const command = read(reader, limits);
  reader.end();
  return reader.failure ?? command;
}

function read(reader: CdrReader, limits: VetoLimits): DecodedCommand {
  switch (limits.messageType) {
    case 'std_msgs/msg/Float64MultiArray':
      return multiArray(reader);
    case 'trajectory_msgs/msg/JointTrajectory':
      return trajectory(reader, limits);
    case 'sensor_msgs/msg/JointState':
      return jointState(reader, limits.commandInterface);
  }
}

/** std_msgs/msg/Float64MultiArray */
function multiArray(reader: CdrReader): DecodedCommand {
  const dimensions = reader.uint32();
  if (dimensions !== 0) reader.fail(`a layout of ${dimensions} dimensions, expected none`);
  const dataOffset = reader.uint32();
  if (dataOffset !== 0) reader.fail(`data offset ${dataOffset}, expected 0`);
  return { points: [reader.doubles()], joints: null, littleEndian: reader.littleEndian };
}

/** trajectory_msgs/msg/JointTrajectory of points that are one control period apart, the first one period ahead */
function trajectory(reader: CdrReader, limits: VetoLimits): DecodedCommand {
  const start = seconds(reader);
  if (start !== 0) reader.fail(`a start at ${start} s, expected 0 (now)`);
  reader.string(); // frame_id means nothing to joints
  const joints = reader.strings();
  const count = reader.uint32();
  const { points: most } = limits;
  if (count < 1 || count > most)
    reader.fail(`${count} trajectory points, expected ${most === 1 ? '1' : `1 to ${most}`}`);
  const points: DecodedPoint[] = [];
  while (points.length < count && reader.failure === null)
    points.push(trajectoryPoint(reader, limits, points.length + 1));
  return { points, joints, littleEndian: reader.littleEndian };
}

/** @param place of the point, from 1 */
function trajectoryPoint(
  reader: CdrReader,
  { commandInterface, controlPeriod }: VetoLimits,
  place: number,
): DecodedPoint {
  const position = reader.doubles();
  const velocity = reader.doubles();
  const acceleration = reader.doubles();
  const effort = reader.doubles();
  const ahead = seconds(reader);
  const expected = place * controlPeriod;
  if (Math.abs(ahead - expected) > TIME_ROUNDING)
    reader.fail(`a point ${ahead} s ahead, expected ${expected} s`);
  const fields = { position, velocity, acceleration, effort };
  for (const [name, { values }] of Object.entries(fields)) {
    if (name !== commandInterface && values.length > 0) reader.fail(`a trajectory point with ${name}`);
  }
  return fields[commandInterface];
}

/** sensor_msgs/msg/JointState with the one field that the interface takes; it is obeyed on receipt, whatever its stamp */
function jointState(reader: CdrReader, commandInterface: VetoLimits['commandInterface']): DecodedCommand {
  seconds(reader);
  reader.string(); // frame_id means nothing to joints
  const joints = reader.strings();
  const fields = { position: reader.doubles(), velocity: reader.doubles(), effort: reader.doubles() };
  for (const [name, { values }] of Object.entries(fields)) {
    if (name !== commandInterface && values.length > 0) reader.fail(`joints with ${name} besides`);
  }
  return { points: [fields[commandInterface]], joints, littleEndian: reader.littleEndian };
}

/** builtin_interfaces Time or Duration [s] */
function seconds(reader: CdrReader): number {
  const whole = reader.int32();
  return whole + reader.uint32() / 1e9;
}
