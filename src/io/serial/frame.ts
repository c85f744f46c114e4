/**
 * A frame of the operator link: header, payload, CRC-32, stuffed, between two zero bytes. Little endian. Byte tables:
 * docs/serial-protocol.md.
 */
import { crc32 } from 'node:zlib';
import { badInput } from '../../core/index.js';
import { cobsDecode, cobsEncode, cobsOverhead } from './cobs.js';

export const PROTOCOL_MAJOR = 1;
const HEADER_BYTES = 12;
const CRC_BYTES = 4;
const MAX_PAYLOAD_BYTES = 192;
const MAX_FRAME_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES + CRC_BYTES;
/** of a stuffed frame, without its delimiters */
export const MAX_STUFFED_BYTES = MAX_FRAME_BYTES + cobsOverhead(MAX_FRAME_BYTES);

const ROLE = { bridge: 0, operator: 1, actuator: 2 } as const;
export type Role = keyof typeof ROLE;

/** Flags that a receiver must understand; a frame with any other is dropped. */
export const FLAG = { ackRequested: 1 } as const;
const KNOWN_FLAGS = FLAG.ackRequested;

export interface FrameHeader {
  /** version of the sender; receivers use no other than their own, but for what tells of it: HELLO and its reply */
  readonly major: number;
  readonly id: number;
  readonly flags: number;
  readonly role: Role;
  /** drawn by the bridge at each handshake; 0 before it */
  readonly session: number;
  /** one more with each frame of a sender, modulo 2^16 */
  readonly sequence: number;
  /** the sender's monotonic clock, modulo 2^32 [ms] */
  readonly sentMs: number;
}

export interface Frame extends FrameHeader {
  readonly payload: Uint8Array;
}

/** Why a frame was dropped. */
export type FrameError = 'stuffing' | 'length' | 'crc' | 'flags' | 'role' | 'unknown-id';

/** Bytes for the wire, delimiters included. @param schema see {@link SCHEMA} */
export function encodeFrame(frame: Frame, schema: number): Uint8Array {
  const { payload } = frame;
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw badInput(`payload of ${payload.length} bytes, at most ${MAX_PAYLOAD_BYTES} fit into a frame`);
  const raw = Buffer.alloc(HEADER_BYTES + payload.length + CRC_BYTES);
  raw.writeUInt8(frame.major, 0);
  raw.writeUInt8(frame.id, 1);
  raw.writeUInt8(frame.flags, 2);
  raw.writeUInt8(ROLE[frame.role], 3);
  raw.writeUInt16LE(frame.session, 4);
  raw.writeUInt16LE(frame.sequence & 0xffff, 6);
  raw.writeUInt32LE(frame.sentMs >>> 0, 8);
  raw.set(payload, HEADER_BYTES);
  const end = HEADER_BYTES + payload.length;
  raw.writeUInt32LE(checksum(raw.subarray(0, end), schema), end);
  const stuffed = cobsEncode(raw);
  const out = new Uint8Array(stuffed.length + 2);
  out.set(stuffed, 1);
  return out;
}

/**
 * @param stuffed one frame between its delimiters; overwritten
 * @param schemaOf the schema byte of a message id; undefined where the id is unknown
 * @returns the frame, whose payload is a view on `stuffed`, or why it is none
 */
export function decodeFrame(
  stuffed: Uint8Array,
  schemaOf: (id: number) => number | undefined,
): Frame | FrameError {
  const length = cobsDecode(stuffed);
  if (length < 0) return 'stuffing';
  if (length < HEADER_BYTES + CRC_BYTES || length > MAX_FRAME_BYTES) return 'length';
  const raw = Buffer.from(stuffed.buffer, stuffed.byteOffset, length);
  const end = length - CRC_BYTES;
  const id = raw.readUInt8(1);
  // an id of a later version cannot be checked: its schema is not known
  const schema = schemaOf(id);
  if (schema === undefined) return 'unknown-id';
  if (checksum(raw.subarray(0, end), schema) !== raw.readUInt32LE(end)) return 'crc';
  const flags = raw.readUInt8(2);
  if ((flags & ~KNOWN_FLAGS) !== 0) return 'flags';
  const role = ROLES[raw.readUInt8(3)];
  if (role === undefined) return 'role';
  return {
    major: raw.readUInt8(0),
    id,
    flags,
    role,
    session: raw.readUInt16LE(4),
    sequence: raw.readUInt16LE(6),
    sentMs: raw.readUInt32LE(8),
    payload: raw.subarray(HEADER_BYTES, end),
  };
}

const ROLES = Object.keys(ROLE) as readonly Role[];

/** CRC-32 (IEEE 802.3) of header and payload, then of one byte that is not sent: both ends must mean the same layout (MAVLink's CRC_EXTRA). */
function checksum(bytes: Uint8Array, schema: number): number {
  return crc32(Uint8Array.of(schema), crc32(bytes));
}
