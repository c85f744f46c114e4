import { encodeLocator, type Locator } from './locator.js';
import { ENCAPSULATION, ENCAPSULATION_BYTES, PID } from './protocol.js';

const ALIGNMENT = 4;
const HEADER = 4;

function padded(length: number): number {
  return (length + ALIGNMENT - 1) & -ALIGNMENT;
}

/** Writes a ParameterList (RTPS 9.4.2.11), little-endian. */
export class ParameterListWriter {
  private readonly parts: Buffer[] = [];

  bytes(pid: number, value: Uint8Array): this {
    const parameter = Buffer.alloc(HEADER + padded(value.length));
    parameter.writeUInt16LE(pid, 0);
    parameter.writeUInt16LE(padded(value.length), 2);
    parameter.set(value, HEADER);
    this.parts.push(parameter);
    return this;
  }

  uint32(pid: number, ...values: number[]): this {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => bytes.writeUInt32LE(value >>> 0, 4 * i));
    return this.bytes(pid, bytes);
  }

  /** CDR string: length with the terminating zero, characters, zero. */
  string(pid: number, text: string): this {
    return this.octets(pid, Buffer.from(`${text}\0`));
  }

  /** sequence<octet>: length, octets. */
  octets(pid: number, value: Uint8Array): this {
    const bytes = Buffer.alloc(4 + value.length);
    bytes.writeUInt32LE(value.length, 0);
    bytes.set(value, 4);
    return this.bytes(pid, bytes);
  }

  locator(pid: number, locator: Locator): this {
    return this.bytes(pid, encodeLocator(locator));
  }

  /** The list alone, as inline QoS. */
  inline(): Buffer {
    const sentinel = Buffer.alloc(HEADER);
    sentinel.writeUInt16LE(PID.sentinel, 0);
    return Buffer.concat([...this.parts, sentinel]);
  }

  /** The list as a payload, with its encapsulation header. */
  payload(): Buffer {
    const header = Buffer.alloc(ENCAPSULATION_BYTES);
    header.writeUInt16BE(ENCAPSULATION.parameterListLittleEndian, 0);
    return Buffer.concat([header, this.inline()]);
  }
}

/** A parsed list. Values are views into the packet: copy what outlives it. */
export class ParameterList {
  private readonly entries: { readonly pid: number; readonly value: Buffer }[] = [];

  constructor(readonly littleEndian: boolean) {}

  add(pid: number, value: Buffer): void {
    this.entries.push({ pid, value });
  }

  /** First value with this id. */
  get(pid: number): Buffer | undefined {
    return this.entries.find((entry) => entry.pid === pid)?.value;
  }

  all(pid: number): Buffer[] {
    return this.entries.filter((entry) => entry.pid === pid).map((entry) => entry.value);
  }

  uint32(pid: number, offset = 0): number | undefined {
    const value = this.get(pid);
    if (!value || value.length < offset + 4) return undefined;
    return this.littleEndian ? value.readUInt32LE(offset) : value.readUInt32BE(offset);
  }

  /** sequence<octet> */
  octets(pid: number): Buffer | undefined {
    const length = this.uint32(pid);
    const value = this.get(pid);
    if (length === undefined || !value || length > value.length - 4) return undefined;
    return value.subarray(4, 4 + length);
  }

  string(pid: number): string | undefined {
    const bytes = this.octets(pid);
    if (!bytes) return undefined;
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  }
}

/**
 * Parses the list between `start` and `end`. Returns undefined when it is malformed or longer than `maxParameters`.
 * `next` is the offset behind the sentinel.
 */
export function parseParameterList(
  bytes: Buffer,
  start: number,
  end: number,
  littleEndian: boolean,
  maxParameters: number,
): { list: ParameterList; next: number } | undefined {
  const list = new ParameterList(littleEndian);
  let offset = start;
  for (let count = 0; count <= maxParameters && offset + HEADER <= end; count++) {
    const pid = littleEndian ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset);
    const length = littleEndian ? bytes.readUInt16LE(offset + 2) : bytes.readUInt16BE(offset + 2);
    offset += HEADER;
    if (pid === PID.sentinel) return { list, next: offset };
    if (offset + length > end) return undefined;
    if (pid !== PID.pad) list.add(pid, bytes.subarray(offset, offset + length));
    offset += length;
  }
  return undefined;
}

/** Parses a payload: encapsulation header, then the list. */
export function parseParameterPayload(payload: Buffer, maxParameters: number): ParameterList | undefined {
  if (payload.length < ENCAPSULATION_BYTES) return undefined;
  const kind = payload.readUInt16BE(0);
  const littleEndian = kind === ENCAPSULATION.parameterListLittleEndian;
  if (!littleEndian && kind !== ENCAPSULATION.parameterListBigEndian) return undefined;
  return parseParameterList(payload, ENCAPSULATION_BYTES, payload.length, littleEndian, maxParameters)?.list;
}
