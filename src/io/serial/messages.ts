/** Messages of the operator link and their bytes. Little endian; byte tables: docs/serial-protocol.md. */
import { crc32 } from 'node:zlib';
import { MAX_AXES, clip, readShares, writeShares, type Codec } from './codec.js';
import { modeReply, modeRequest, type ModeReply, type ModeRequest } from './mode-messages.js';
import { setPoint, state, type RobotState, type SetPoint } from './motion-messages.js';

/** What teleoperation asks of each axis: a share of the joint's envelope in [-1, 1]. */
export type TeleopMode = 'hold' | 'joint-velocity' | 'joint-delta';

export interface Hello {
  readonly type: 'hello';
  readonly minor: number;
  /** drawn at each start of the device, so that a restart is noticed */
  readonly bootId: number;
  /** {@link jointSetHash} of the joints that the axes command, in their order */
  readonly jointSet: number;
  readonly axes: number;
  readonly maxRateHz: number;
  /** name and version, at most 32 bytes */
  readonly firmware: string;
}

export interface HelloReply {
  readonly type: 'hello-reply';
  readonly session: number;
  readonly result: HelloResult;
  /** axes and joint set that the bridge expects */
  readonly axes: number;
  readonly jointSet: number;
  readonly commandTimeoutMs: number;
  readonly linkTimeoutMs: number;
}

export const HELLO_RESULTS = ['accepted', 'version', 'joint-set', 'axes', 'role'] as const;
export type HelloResult = (typeof HELLO_RESULTS)[number];

export interface Heartbeat {
  readonly type: 'heartbeat';
  /** of the sender, a bit each; the device's own meaning */
  readonly faults: number;
  /** counted by the loop that makes the commands, not by a timer: a device whose loop hangs is seen */
  readonly progress: number;
  /** frames that the sender has dropped */
  readonly dropped: number;
}

export interface TeleopCommand {
  readonly type: 'teleop';
  readonly mode: TeleopMode;
  readonly enable: boolean;
  readonly estop: boolean;
  /** how long it may be acted on after it was received [ms] */
  readonly ttlMs: number;
  /** in [-1, 1], 1/32767 apart; there is no way to write anything larger, or not a number */
  readonly axes: readonly number[];
}

export interface EstopRequest {
  readonly type: 'estop';
  readonly cause: number;
}

/** Asks for a latched stop to be cleared. */
export interface EstopReset {
  readonly type: 'estop-reset';
  /** of the stop, from {@link Status}, so that a reset of an earlier stop clears nothing */
  readonly nonce: number;
}

export interface Status {
  readonly type: 'status';
  readonly owner: StatusOwner;
  readonly latched: boolean;
  /** of the latched stop; 0 where there is none */
  readonly nonce: number;
  /** the joint states' age [ms], 65535 where it is more or there are none */
  readonly stateAgeMs: number;
}

export const STATUS_OWNERS = ['hold', 'teleop', 'agent', 'stopped'] as const;
export type StatusOwner = (typeof STATUS_OWNERS)[number];

export interface Log {
  readonly type: 'log';
  /** 0 debug, 1 info, 2 warning, 3 error */
  readonly level: number;
  /** at most 96 bytes */
  readonly text: string;
}

export interface Ack {
  readonly type: 'ack';
  /** of the frame that asked for it */
  readonly id: number;
  readonly sequence: number;
}

export type Message =
  | Hello
  | HelloReply
  | Heartbeat
  | TeleopCommand
  | EstopRequest
  | EstopReset
  | ModeRequest
  | Status
  | RobotState
  | SetPoint
  | Log
  | ModeReply
  | Ack;

const MODES = ['hold', 'joint-velocity', 'joint-delta'] as const satisfies readonly TeleopMode[];
const BUTTON = { enable: 1, estop: 2 } as const;

const hello: Codec<Hello> = {
  id: 1,
  schema: 0x51,
  encode: ({ minor, bootId, jointSet, axes, maxRateHz, firmware }) => {
    const text = clip(firmware, 32);
    const out = Buffer.alloc(14 + text.length);
    out.writeUInt8(minor, 0);
    out.writeUInt8(axes, 1);
    out.writeUInt32LE(bootId, 2);
    out.writeUInt32LE(jointSet, 6);
    out.writeUInt16LE(maxRateHz, 10);
    out.writeUInt16LE(text.length, 12);
    out.set(text, 14);
    return out;
  },
  decode: (bytes) => {
    if (bytes.length < 14 || bytes.length !== 14 + bytes.readUInt16LE(12)) return undefined;
    const axes = bytes.readUInt8(1);
    if (axes > MAX_AXES) return undefined;
    return {
      type: 'hello',
      minor: bytes.readUInt8(0),
      axes,
      bootId: bytes.readUInt32LE(2),
      jointSet: bytes.readUInt32LE(6),
      maxRateHz: bytes.readUInt16LE(10),
      firmware: bytes.toString('utf8', 14),
    };
  },
};

const helloReply: Codec<HelloReply> = {
  id: 2,
  schema: 0x52,
  encode: ({ session, result, axes, jointSet, commandTimeoutMs, linkTimeoutMs }) => {
    const out = Buffer.alloc(12);
    out.writeUInt16LE(session, 0);
    out.writeUInt8(HELLO_RESULTS.indexOf(result), 2);
    out.writeUInt8(axes, 3);
    out.writeUInt32LE(jointSet, 4);
    out.writeUInt16LE(commandTimeoutMs, 8);
    out.writeUInt16LE(linkTimeoutMs, 10);
    return out;
  },
  decode: (bytes) => {
    const result = HELLO_RESULTS[bytes[2] ?? NaN];
    if (bytes.length !== 12 || result === undefined) return undefined;
    return {
      type: 'hello-reply',
      session: bytes.readUInt16LE(0),
      result,
      axes: bytes.readUInt8(3),
      jointSet: bytes.readUInt32LE(4),
      commandTimeoutMs: bytes.readUInt16LE(8),
      linkTimeoutMs: bytes.readUInt16LE(10),
    };
  },
};

const heartbeat: Codec<Heartbeat> = {
  id: 3,
  schema: 0x53,
  encode: ({ faults, progress, dropped }) => {
    const out = Buffer.alloc(10);
    out.writeUInt16LE(faults, 0);
    out.writeUInt32LE(progress >>> 0, 2);
    out.writeUInt32LE(dropped >>> 0, 6);
    return out;
  },
  decode: (bytes) =>
    bytes.length === 10
      ? {
          type: 'heartbeat',
          faults: bytes.readUInt16LE(0),
          progress: bytes.readUInt32LE(2),
          dropped: bytes.readUInt32LE(6),
        }
      : undefined,
};

const teleop: Codec<TeleopCommand> = {
  id: 4,
  schema: 0x54,
  encode: ({ mode, enable, estop, ttlMs, axes }) => {
    const out = Buffer.alloc(6 + 2 * axes.length);
    out.writeUInt8(MODES.indexOf(mode), 0);
    out.writeUInt8((enable ? BUTTON.enable : 0) | (estop ? BUTTON.estop : 0), 1);
    out.writeUInt16LE(ttlMs, 2);
    out.writeUInt16LE(axes.length, 4);
    writeShares(out, 6, axes);
    return out;
  },
  decode: (bytes) => {
    const mode = MODES[bytes[0] ?? NaN];
    if (mode === undefined || bytes.length < 6) return undefined;
    const buttons = bytes.readUInt8(1);
    const count = bytes.readUInt16LE(4);
    const known = BUTTON.enable | BUTTON.estop;
    if (count > MAX_AXES || bytes.length !== 6 + 2 * count || (buttons & ~known) !== 0) return undefined;
    const axes = readShares(bytes, 6, count);
    if (axes === undefined) return undefined;
    return {
      type: 'teleop',
      mode,
      enable: (buttons & BUTTON.enable) !== 0,
      estop: (buttons & BUTTON.estop) !== 0,
      ttlMs: bytes.readUInt16LE(2),
      axes,
    };
  },
};

const estop: Codec<EstopRequest> = {
  id: 5,
  schema: 0x55,
  encode: ({ cause }) => Buffer.of(cause),
  decode: (bytes) => (bytes.length === 1 ? { type: 'estop', cause: bytes.readUInt8(0) } : undefined),
};

const estopReset: Codec<EstopReset> = {
  id: 6,
  schema: 0x56,
  encode: ({ nonce }) => {
    const out = Buffer.alloc(4);
    out.writeUInt32LE(nonce, 0);
    return out;
  },
  decode: (bytes) => (bytes.length === 4 ? { type: 'estop-reset', nonce: bytes.readUInt32LE(0) } : undefined),
};

const status: Codec<Status> = {
  id: 8,
  schema: 0x58,
  encode: ({ owner, latched, nonce, stateAgeMs }) => {
    const out = Buffer.alloc(8);
    out.writeUInt8(STATUS_OWNERS.indexOf(owner), 0);
    out.writeUInt8(latched ? 1 : 0, 1);
    out.writeUInt16LE(Math.min(0xffff, stateAgeMs), 2);
    out.writeUInt32LE(nonce, 4);
    return out;
  },
  decode: (bytes) => {
    const owner = STATUS_OWNERS[bytes[0] ?? NaN];
    if (owner === undefined || bytes.length !== 8 || bytes[1]! > 1) return undefined;
    return {
      type: 'status',
      owner,
      latched: bytes[1] === 1,
      stateAgeMs: bytes.readUInt16LE(2),
      nonce: bytes.readUInt32LE(4),
    };
  },
};

const log: Codec<Log> = {
  id: 11,
  schema: 0x5b,
  encode: ({ level, text }) => Buffer.concat([Buffer.of(level), clip(text, 96)]),
  decode: (bytes) =>
    bytes.length >= 1 && bytes.length <= 97 && bytes[0]! <= 3
      ? { type: 'log', level: bytes[0]!, text: bytes.toString('utf8', 1) }
      : undefined,
};

const ack: Codec<Ack> = {
  id: 127,
  schema: 0xff,
  encode: ({ id, sequence }) => {
    const out = Buffer.alloc(3);
    out.writeUInt8(id, 0);
    out.writeUInt16LE(sequence, 1);
    return out;
  },
  decode: (bytes) =>
    bytes.length === 3 ? { type: 'ack', id: bytes.readUInt8(0), sequence: bytes.readUInt16LE(1) } : undefined,
};

const CODECS: { readonly [T in Message['type']]: Codec<Extract<Message, { type: T }>> } = {
  hello,
  'hello-reply': helloReply,
  heartbeat,
  teleop,
  estop,
  'estop-reset': estopReset,
  'mode-request': modeRequest,
  status,
  state,
  'set-point': setPoint,
  log,
  'mode-reply': modeReply,
  ack,
};
const BY_ID = new Map<number, Codec<Message>>(
  Object.values(CODECS).map((codec) => [codec.id, codec as unknown as Codec<Message>]),
);

/** The byte of a message's layout that goes into the checksum; undefined for an unknown id. */
export function schemaOf(id: number): number | undefined {
  return BY_ID.get(id)?.schema;
}

export function encodeMessage(message: Message): { id: number; schema: number; payload: Buffer } {
  const codec = CODECS[message.type] as unknown as Codec<Message>;
  return { id: codec.id, schema: codec.schema, payload: codec.encode(message) };
}

/** @returns undefined where the bytes are not such a message */
export function decodeMessage(id: number, payload: Uint8Array): Message | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return BY_ID.get(id)?.decode(bytes);
}

/** CRC-32 of the joints' names in UTF-8, each followed by a line feed: both ends must mean the same joints in the same order. */
export function jointSetHash(joints: readonly string[]): number {
  return crc32(joints.map((name) => `${name}\n`).join(''));
}
