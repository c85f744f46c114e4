import { NS_PER_S } from '../../core/index.js';
import { NumberSet } from './number-set.js';
import { FLAG, MAX_SET_BITS } from './protocol.js';
import { parseParameterList, type ParameterList } from './parameter-list.js';

const TWO_32 = 0x1_0000_0000;
const MAX_HIGH_WORD = 0x1f_ffff; // sequence numbers stay below 2^53
const EXTRA_FLAGS_BYTES = 2;

export interface DataSubmessage {
  readonly readerId: number;
  readonly writerId: number;
  readonly sequenceNumber: number;
  readonly inlineQos: ParameterList | undefined;
  /** view into the packet */
  readonly payload: Buffer;
  readonly isKey: boolean;
  /** writer's wall clock, from the INFO_TS before it [ns] */
  readonly sourceNs: bigint | undefined;
}

export interface DataFragmentSubmessage extends DataSubmessage {
  /** number of the first fragment in here, from 1 */
  readonly firstFragment: number;
  readonly fragmentCount: number;
  readonly fragmentBytes: number;
  readonly sampleBytes: number;
}

export interface HeartbeatSubmessage {
  readonly readerId: number;
  readonly writerId: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly final: boolean;
}

export interface GapSubmessage {
  readonly readerId: number;
  readonly writerId: number;
  readonly start: number;
  /** irrelevant: start .. irrelevant.base - 1, and the members */
  readonly irrelevant: NumberSet;
}

export interface AckNackSubmessage {
  readonly readerId: number;
  readonly writerId: number;
  readonly missing: NumberSet;
  readonly count: number;
  readonly final: boolean;
}

export interface NackFragmentSubmessage {
  readonly readerId: number;
  readonly writerId: number;
  readonly sequenceNumber: number;
  readonly missing: NumberSet;
}

/** Thrown inside the parser only; {@link MessageReceiver} turns it into a count. */
export class MalformedPacket extends Error {}
/** One instance: a flood of bad packets must not cost a stack trace each. */
const MALFORMED = new MalformedPacket('malformed RTPS packet');

/** One submessage between two offsets of a packet; reads throw RangeError or {@link MalformedPacket} when it lies. */
export class SubmessageView {
  private cursor: number;
  private readonly littleEndian: boolean;

  constructor(
    private readonly bytes: Buffer,
    start: number,
    private readonly end: number,
    private readonly flags: number,
    private readonly maxParameters: number,
  ) {
    this.cursor = start;
    this.littleEndian = (flags & FLAG.littleEndian) !== 0;
  }

  data(sourceNs: bigint | undefined): DataSubmessage {
    const { readerId, writerId, sequenceNumber, inlineQosOffset } = this.dataHead();
    this.cursor = inlineQosOffset;
    const inlineQos = this.inlineQos();
    const hasPayload = (this.flags & (FLAG.payload | FLAG.key)) !== 0;
    const payload = this.bytes.subarray(this.cursor, hasPayload ? this.end : this.cursor);
    const isKey = (this.flags & FLAG.payload) === 0;
    return { readerId, writerId, sequenceNumber, inlineQos, payload, isKey, sourceNs };
  }

  dataFragment(sourceNs: bigint | undefined): DataFragmentSubmessage {
    const { readerId, writerId, sequenceNumber, inlineQosOffset } = this.dataHead();
    const firstFragment = this.uint32();
    const fragmentCount = this.uint16();
    const fragmentBytes = this.uint16();
    const sampleBytes = this.uint32();
    this.cursor = inlineQosOffset;
    const inlineQos = this.inlineQos();
    const payload = this.bytes.subarray(this.cursor, this.end);
    const isKey = (this.flags & FLAG.fragmentKey) !== 0;
    if (firstFragment === 0 || fragmentCount === 0 || fragmentBytes === 0) throw MALFORMED;
    return {
      readerId,
      writerId,
      sequenceNumber,
      inlineQos,
      payload,
      isKey,
      sourceNs,
      firstFragment,
      fragmentCount,
      fragmentBytes,
      sampleBytes,
    };
  }

  /** INFO_TS (9.4.5.11): wall clock of the writer [ns]; undefined: none is valid from here on */
  timestamp(): bigint | undefined {
    if ((this.flags & FLAG.invalidate) !== 0) return undefined;
    const seconds = this.uint32();
    const fraction = this.uint32();
    return BigInt(seconds) * NS_PER_S + ((BigInt(fraction) * NS_PER_S) >> 32n);
  }

  heartbeat(): HeartbeatSubmessage {
    const readerId = this.entityId();
    const writerId = this.entityId();
    const first = this.sequenceNumber(1);
    const last = this.sequenceNumber(0);
    if (last < first - 1) throw MALFORMED;
    return { readerId, writerId, first, last, count: this.uint32(), final: (this.flags & FLAG.final) !== 0 };
  }

  gap(): GapSubmessage {
    const readerId = this.entityId();
    const writerId = this.entityId();
    const start = this.sequenceNumber(1);
    return { readerId, writerId, start, irrelevant: this.sequenceNumberSet() };
  }

  ackNack(): AckNackSubmessage {
    const readerId = this.entityId();
    const writerId = this.entityId();
    const missing = this.sequenceNumberSet();
    return { readerId, writerId, missing, count: this.uint32(), final: (this.flags & FLAG.final) !== 0 };
  }

  nackFragment(): NackFragmentSubmessage {
    const readerId = this.entityId();
    const writerId = this.entityId();
    const sequenceNumber = this.sequenceNumber(1);
    return { readerId, writerId, sequenceNumber, missing: this.bits(this.uint32()) };
  }

  private dataHead(): {
    readerId: number;
    writerId: number;
    sequenceNumber: number;
    inlineQosOffset: number;
  } {
    this.cursor += EXTRA_FLAGS_BYTES;
    const octetsToInlineQos = this.uint16();
    const inlineQosOffset = this.cursor + octetsToInlineQos;
    const readerId = this.entityId();
    const writerId = this.entityId();
    const sequenceNumber = this.sequenceNumber(1);
    if (inlineQosOffset > this.end || inlineQosOffset < this.cursor) throw MALFORMED;
    return { readerId, writerId, sequenceNumber, inlineQosOffset };
  }

  private inlineQos(): ParameterList | undefined {
    if ((this.flags & FLAG.inlineQos) === 0) return undefined;
    const parsed = parseParameterList(
      this.bytes,
      this.cursor,
      this.end,
      this.littleEndian,
      this.maxParameters,
    );
    if (!parsed) throw MALFORMED;
    this.cursor = parsed.next;
    return parsed.list;
  }

  private uint16(): number {
    const at = this.advance(2);
    return this.littleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  private uint32(): number {
    const at = this.advance(4);
    return this.littleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  private entityId(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }

  private sequenceNumber(lowest: number): number {
    const high = this.uint32();
    const low = this.uint32();
    const value = high * TWO_32 + low;
    if (high > MAX_HIGH_WORD || value < lowest) throw MALFORMED;
    return value;
  }

  private sequenceNumberSet(): NumberSet {
    return this.bits(this.sequenceNumber(0));
  }

  private bits(base: number): NumberSet {
    const set = new NumberSet(base);
    set.length = this.uint32();
    if (set.length > MAX_SET_BITS) throw MALFORMED;
    for (let i = 0; i < set.wordCount; i++) set.words[i] = this.uint32();
    return set;
  }

  private advance(size: number): number {
    const at = this.cursor;
    this.cursor += size;
    if (this.cursor > this.end) throw MALFORMED;
    return at;
  }
}
