/** STATE and SETPOINT: where the robot is, and where the operator wants it. Byte tables: docs/serial-protocol.md. */
import { MAX_AXES, readShares, writeShares, type Codec } from './codec.js';

/** Modes of the gate. */
export const ROBOT_MODES = ['mute', 'holding', 'active', 'stopping', 'fault', 'estop'] as const;
export type RobotMode = (typeof ROBOT_MODES)[number];

/** What is latched. */
export const ROBOT_FAULTS = [
  'none',
  'estop',
  'veto',
  'state-frozen',
  'state-jump',
  'infeasible',
  'other',
] as const;
export type RobotFault = (typeof ROBOT_FAULTS)[number];

export interface RobotState {
  readonly type: 'state';
  readonly mode: RobotMode;
  readonly fault: RobotFault;
  /** of the joint state below [ms], 65535 where it is more */
  readonly ageMs: number;
  /** shares of the joints' envelopes in [-1, 1], the order of the axes; see envelope.ts */
  readonly positions: readonly number[];
  readonly velocities: readonly number[];
}

/** Gives no authority: it is acted on only while the operator has it by the enable button of {@link TeleopCommand}. */
export interface SetPoint {
  readonly type: 'set-point';
  /** how long it may be acted on after it was received [ms] */
  readonly ttlMs: number;
  /** of the robot's command interface: shares of the joints' envelopes in [-1, 1], the order of the axes; see envelope.ts */
  readonly axes: readonly number[];
}

export const state: Codec<RobotState> = {
  id: 9,
  schema: 0x59,
  encode: ({ mode, fault, ageMs, positions, velocities }) => {
    const n = positions.length;
    const out = Buffer.alloc(6 + 4 * n);
    out.writeUInt8(ROBOT_MODES.indexOf(mode), 0);
    out.writeUInt8(ROBOT_FAULTS.indexOf(fault), 1);
    out.writeUInt16LE(Math.min(0xffff, Math.round(ageMs)), 2);
    out.writeUInt16LE(n, 4);
    writeShares(out, 6, positions);
    writeShares(out, 6 + 2 * n, velocities);
    return out;
  },
  decode: (bytes) => {
    const mode = ROBOT_MODES[bytes[0] ?? NaN];
    const fault = ROBOT_FAULTS[bytes[1] ?? NaN];
    if (mode === undefined || fault === undefined || bytes.length < 6) return undefined;
    const n = bytes.readUInt16LE(4);
    if (n > MAX_AXES || bytes.length !== 6 + 4 * n) return undefined;
    const positions = readShares(bytes, 6, n);
    const velocities = readShares(bytes, 6 + 2 * n, n);
    if (positions === undefined || velocities === undefined) return undefined;
    return { type: 'state', mode, fault, ageMs: bytes.readUInt16LE(2), positions, velocities };
  },
};

export const setPoint: Codec<SetPoint> = {
  id: 10,
  schema: 0x5a,
  encode: ({ ttlMs, axes }) => {
    const out = Buffer.alloc(4 + 2 * axes.length);
    out.writeUInt16LE(ttlMs, 0);
    out.writeUInt16LE(axes.length, 2);
    writeShares(out, 4, axes);
    return out;
  },
  decode: (bytes) => {
    if (bytes.length < 4) return undefined;
    const n = bytes.readUInt16LE(2);
    if (n > MAX_AXES || bytes.length !== 4 + 2 * n) return undefined;
    const axes = readShares(bytes, 4, n);
    return axes && { type: 'set-point', ttlMs: bytes.readUInt16LE(0), axes };
  },
};
