import type { GuidPrefix } from './guid.js';
import type { NumberSet } from './number-set.js';
import {
  FLAG,
  GUID_PREFIX_BYTES,
  HEADER_BYTES,
  PROTOCOL_MAGIC,
  PROTOCOL_VERSION,
  SUBMESSAGE,
  SUBMESSAGE_HEADER_BYTES,
  VENDOR,
} from './protocol.js';

const TWO_32 = 0x1_0000_0000;
const NS_PER_S = 1_000_000_000n;
const NS_PER_S_NUMBER = 1e9;
const ALIGNMENT = 4;
/** extraFlags and octetsToInlineQos of DATA (9.4.5.3): from behind the field to the inline QoS */
const DATA_OCTETS_TO_INLINE_QOS = 16;
const DATA_FRAG_OCTETS_TO_INLINE_QOS = 28;
const ENTITY_IDS_BYTES = 8;
const SEQUENCE_NUMBER_BYTES = 8;

/** Room for everything in a datagram but payload and inline QoS: headers, destination, timestamp, DATA, HEARTBEAT [bytes] */
export const OVERHEAD_BYTES = 160;

/** What a writer sends: one sample, or the disposal of an instance. */
export interface Change {
  readonly sequenceNumber: number;
  /** encapsulation header and body */
  readonly payload: Uint8Array;
  readonly inlineQos: Buffer | undefined;
  /** the payload is a key: the instance is disposed */
  readonly isKey: boolean;
  /** wall clock at the write [ns since the epoch] */
  readonly sourceNs: bigint;
}

/** Composes one RTPS message (8.3.3, 9.4). Little-endian throughout. */
export class MessageBuilder {
  private readonly bytes: Buffer;
  private offset = HEADER_BYTES;

  /** @param capacity upper bound of the whole message [bytes] */
  constructor(prefix: GuidPrefix, capacity: number) {
    this.bytes = Buffer.allocUnsafe(capacity);
    this.bytes.writeUInt32BE(PROTOCOL_MAGIC, 0);
    this.bytes[4] = PROTOCOL_VERSION.major;
    this.bytes[5] = PROTOCOL_VERSION.minor;
    this.bytes.writeUInt16BE(VENDOR.dynabridge, 6);
    prefix.copy(this.bytes, HEADER_BYTES - GUID_PREFIX_BYTES);
  }

  get length(): number {
    return this.offset;
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.offset);
  }

  /** INFO_DST (9.4.5.7) */
  destination(prefix: GuidPrefix): this {
    this.header(SUBMESSAGE.infoDestination, 0, GUID_PREFIX_BYTES);
    prefix.copy(this.bytes, this.offset);
    this.offset += GUID_PREFIX_BYTES;
    return this;
  }

  /** INFO_TS (9.4.5.11) */
  timestamp(wallNs: bigint): this {
    this.header(SUBMESSAGE.infoTimestamp, 0, 8);
    const seconds = Number(wallNs / NS_PER_S);
    this.uint32(seconds);
    this.uint32(Math.floor((Number(wallNs % NS_PER_S) / NS_PER_S_NUMBER) * TWO_32));
    return this;
  }

  /** DATA (9.4.5.3) */
  data(readerId: number, writerId: number, change: Change): this {
    const { payload, inlineQos } = change;
    const body = ENTITY_IDS_BYTES + SEQUENCE_NUMBER_BYTES + ALIGNMENT;
    const length = body + (inlineQos?.length ?? 0) + payload.length + paddingOf(payload.length);
    const kind = payload.length === 0 ? 0 : change.isKey ? FLAG.key : FLAG.payload;
    this.header(SUBMESSAGE.data, kind | (inlineQos ? FLAG.inlineQos : 0), length);
    this.uint32(DATA_OCTETS_TO_INLINE_QOS << 16);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(change.sequenceNumber);
    this.copy(inlineQos);
    this.copyPadded(payload, 0, payload.length);
    return this;
  }

  /** DATA_FRAG with one fragment (9.4.5.4). @param fragment number, from 1 */
  dataFragment(
    readerId: number,
    writerId: number,
    change: Change,
    fragment: number,
    fragmentBytes: number,
  ): this {
    const { payload, inlineQos } = change;
    const start = (fragment - 1) * fragmentBytes;
    const size = Math.min(fragmentBytes, payload.length - start);
    const body = DATA_FRAG_OCTETS_TO_INLINE_QOS + ALIGNMENT;
    const length = body + (inlineQos?.length ?? 0) + size + paddingOf(size);
    this.header(SUBMESSAGE.dataFragment, inlineQos ? FLAG.inlineQos : 0, length);
    this.uint32(DATA_FRAG_OCTETS_TO_INLINE_QOS << 16);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(change.sequenceNumber);
    this.uint32(fragment);
    this.uint32(1 | (fragmentBytes << 16)); // fragmentsInSubmessage, fragmentSize
    this.uint32(payload.length);
    this.copy(inlineQos);
    this.copyPadded(payload, start, size);
    return this;
  }

  /** HEARTBEAT (9.4.5.6) */
  heartbeat(
    readerId: number,
    writerId: number,
    first: number,
    last: number,
    count: number,
    final: boolean,
  ): this {
    this.header(SUBMESSAGE.heartbeat, final ? FLAG.final : 0, ENTITY_IDS_BYTES + 20);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(first);
    this.sequenceNumber(last);
    this.uint32(count);
    return this;
  }

  /** GAP of start .. end-1, with nothing beyond (9.4.5.5) */
  gap(readerId: number, writerId: number, start: number, end: number): this {
    this.header(SUBMESSAGE.gap, 0, ENTITY_IDS_BYTES + 20);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(start);
    this.sequenceNumber(end);
    this.uint32(0);
    return this;
  }

  /** ACKNACK (9.4.5.2): everything below `missing.base` has arrived, its members are asked for again. */
  ackNack(readerId: number, writerId: number, missing: NumberSet, count: number, final: boolean): this {
    const length = ENTITY_IDS_BYTES + SEQUENCE_NUMBER_BYTES + 8 + 4 * missing.wordCount;
    this.header(SUBMESSAGE.ackNack, final ? FLAG.final : 0, length);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(missing.base);
    this.bits(missing);
    this.uint32(count);
    return this;
  }

  /** NACK_FRAG (9.4.5.13) */
  nackFragment(
    readerId: number,
    writerId: number,
    sequenceNumber: number,
    missing: NumberSet,
    count: number,
  ): this {
    const length = ENTITY_IDS_BYTES + SEQUENCE_NUMBER_BYTES + 12 + 4 * missing.wordCount;
    this.header(SUBMESSAGE.nackFragment, 0, length);
    this.entityIds(readerId, writerId);
    this.sequenceNumber(sequenceNumber);
    this.uint32(missing.base);
    this.bits(missing);
    this.uint32(count);
    return this;
  }

  private header(id: number, flags: number, length: number): void {
    this.bytes[this.offset] = id;
    this.bytes[this.offset + 1] = flags | FLAG.littleEndian;
    this.bytes.writeUInt16LE(length, this.offset + 2);
    this.offset += SUBMESSAGE_HEADER_BYTES;
  }

  private entityIds(readerId: number, writerId: number): void {
    this.bytes.writeUInt32BE(readerId, this.offset);
    this.bytes.writeUInt32BE(writerId, this.offset + 4);
    this.offset += ENTITY_IDS_BYTES;
  }

  private sequenceNumber(value: number): void {
    this.uint32(Math.floor(value / TWO_32));
    this.uint32(value % TWO_32);
  }

  private uint32(value: number): void {
    this.bytes.writeUInt32LE(value >>> 0, this.offset);
    this.offset += 4;
  }

  private bits(set: NumberSet): void {
    this.uint32(set.length);
    for (let i = 0; i < set.wordCount; i++) this.uint32(set.words[i]!);
  }

  private copy(bytes: Buffer | undefined): void {
    if (bytes) this.offset += bytes.copy(this.bytes, this.offset);
  }

  private copyPadded(source: Uint8Array, start: number, size: number): void {
    this.bytes.set(size === source.length ? source : source.subarray(start, start + size), this.offset);
    this.offset += size;
    for (let i = paddingOf(size); i > 0; i--) this.bytes[this.offset++] = 0;
  }
}

function paddingOf(length: number): number {
  return -length & (ALIGNMENT - 1);
}
