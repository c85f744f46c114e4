import { CdrReader } from './cdr-reader.js';
import type { VetoLimits } from './limits.js';

export interface DecodedCommand {
  readonly values: readonly number[];
  /** as the message names them; null where it names none */
  readonly joints: readonly string[] | null;
  /** byte where the first value lies */
  readonly at: number;
  readonly littleEndian: boolean;
}

/** the message's time to its set-point may differ from the control period by its rounding to 1 ns [s] */
const TIME_ROUNDING = 1e-9;

/**
 * The values in the bytes of a command, or why there are none. Anything that would change what the values mean to the robot
 * (an offset, other fields, another point, a start at another time) is a failure. Never throws.
 */
export function decodeCommand(
  bytes: Uint8Array,
  { messageType, commandInterface, controlPeriod }: VetoLimits,
): DecodedCommand | string {
  const reader = new CdrReader(bytes);
  const command = read(reader, messageType, commandInterface, controlPeriod);
  reader.end();
  return reader.failure ?? command;
}

function read(
  reader: CdrReader,
  messageType: VetoLimits['messageType'],
  commandInterface: VetoLimits['commandInterface'],
  controlPeriod: number,
): DecodedCommand {
  switch (messageType) {
    case 'std_msgs/msg/Float64MultiArray':
      return multiArray(reader);
    case 'trajectory_msgs/msg/JointTrajectory':
      return trajectory(reader, commandInterface, controlPeriod);
    case 'sensor_msgs/msg/JointState':
      return jointState(reader, commandInterface);
  }
}

/** std_msgs/msg/Float64MultiArray */
function multiArray(reader: CdrReader): DecodedCommand {
  const dimensions = reader.uint32();
  if (dimensions !== 0) reader.fail(`a layout of ${dimensions} dimensions, expected none`);
  const dataOffset = reader.uint32();
  if (dataOffset !== 0) reader.fail(`data offset ${dataOffset}, expected 0`);
  return { ...reader.doubles(), joints: null, littleEndian: reader.littleEndian };
}

/** trajectory_msgs/msg/JointTrajectory of one point, one control period ahead */
function trajectory(
  reader: CdrReader,
  commandInterface: VetoLimits['commandInterface'],
  controlPeriod: number,
): DecodedCommand {
  const start = seconds(reader);
  if (start !== 0) reader.fail(`a start at ${start} s, expected 0 (now)`);
  reader.string(); // frame_id means nothing to joints
  const joints = reader.strings();
  const points = reader.uint32();
  if (points !== 1) reader.fail(`${points} trajectory points, expected 1`);
  const position = reader.doubles();
  const velocity = reader.doubles();
  const acceleration = reader.doubles();
  const effort = reader.doubles();
  const ahead = seconds(reader);
  if (Math.abs(ahead - controlPeriod) > TIME_ROUNDING) {
    reader.fail(`a point ${ahead} s ahead, expected ${controlPeriod} s`);
  }
  const fields = { position, velocity, acceleration, effort };
  for (const [name, { values }] of Object.entries(fields)) {
    if (name !== commandInterface && values.length > 0) reader.fail(`a trajectory point with ${name}`);
  }
  return { ...fields[commandInterface], joints, littleEndian: reader.littleEndian };
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
  return { ...fields[commandInterface], joints, littleEndian: reader.littleEndian };
}

/** builtin_interfaces Time or Duration [s] */
function seconds(reader: CdrReader): number {
  const whole = reader.int32();
  return whole + reader.uint32() / 1e9;
}
