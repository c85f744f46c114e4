import { UNKNOWN_PREFIX_KEY, prefixKey } from './guid.js';
import {
  FLAG,
  GUID_PREFIX_BYTES,
  HEADER_BYTES,
  PROTOCOL_MAGIC,
  PROTOCOL_VERSION,
  SUBMESSAGE,
  SUBMESSAGE_HEADER_BYTES,
} from './protocol.js';
import {
  MalformedPacket,
  SubmessageView,
  type AckNackSubmessage,
  type DataFragmentSubmessage,
  type DataSubmessage,
  type GapSubmessage,
  type HeartbeatSubmessage,
  type NackFragmentSubmessage,
} from './submessage.js';

const MAJOR_OFFSET = 4;
const PREFIX_OFFSET = 8;
/** INFO_SRC (9.4.5.10): unused, version, vendor, prefix */
const INFO_SOURCE_PREFIX_OFFSET = 8;

/** Where parsed submessages go. `source` is what {@link SubmessageSink.source} returned for the sender. */
export interface SubmessageSink<Source> {
  /** Called once per sender and packet. Undefined: nothing of this sender but DATA is wanted. */
  source(prefixKey: string): Source | undefined;
  onData(source: Source | undefined, sourceKey: string, data: DataSubmessage, receivedNs: bigint): void;
  onDataFragment(source: Source, fragment: DataFragmentSubmessage, receivedNs: bigint): void;
  onHeartbeat(source: Source, heartbeat: HeartbeatSubmessage, receivedNs: bigint): void;
  onGap(source: Source, gap: GapSubmessage): void;
  onAckNack(source: Source, ackNack: AckNackSubmessage): void;
  onNackFragment(source: Source, nack: NackFragmentSubmessage): void;
}

/** Takes packets apart (RTPS 8.3.4). Whatever they contain, it is counted, not thrown. */
export class MessageReceiver<Source> {
  constructor(
    private readonly sink: SubmessageSink<Source>,
    private readonly ownKey: string,
    private readonly maxParameters: number,
  ) {}

  /** False when the packet is not RTPS or its rest had to be dropped. */
  receive(packet: Buffer, receivedNs: bigint): boolean {
    try {
      return this.parse(packet, receivedNs);
    } catch (error) {
      if (error instanceof MalformedPacket || error instanceof RangeError) return false;
      throw error; // a defect of ours, not of the packet
    }
  }

  private parse(packet: Buffer, receivedNs: bigint): boolean {
    if (packet.length < HEADER_BYTES || packet.readUInt32BE(0) !== PROTOCOL_MAGIC) return false;
    if (packet[MAJOR_OFFSET] !== PROTOCOL_VERSION.major) return false;
    let sourceKey = prefixKey(packet, PREFIX_OFFSET);
    if (sourceKey === this.ownKey) return true;
    let source = this.sink.source(sourceKey);
    let forUs = true;
    let sourceNs: bigint | undefined;
    let offset = HEADER_BYTES;
    while (offset + SUBMESSAGE_HEADER_BYTES <= packet.length) {
      const id = packet[offset]!;
      const flags = packet[offset + 1]!;
      const littleEndian = (flags & FLAG.littleEndian) !== 0;
      const length = littleEndian ? packet.readUInt16LE(offset + 2) : packet.readUInt16BE(offset + 2);
      const start = offset + SUBMESSAGE_HEADER_BYTES;
      // 9.4.5.1.3: zero means "up to the end of the message", except where zero is a real length
      const toEnd = length === 0 && id !== SUBMESSAGE.pad && id !== SUBMESSAGE.infoTimestamp;
      const end = toEnd ? packet.length : start + length;
      if (end > packet.length) return false;
      offset = end;
      if (id === SUBMESSAGE.infoDestination) {
        const destination = prefixKey(packet, start);
        forUs = destination === this.ownKey || destination === UNKNOWN_PREFIX_KEY;
      } else if (id === SUBMESSAGE.infoSource) {
        if (end - start < INFO_SOURCE_PREFIX_OFFSET + GUID_PREFIX_BYTES) return false;
        sourceKey = prefixKey(packet, start + INFO_SOURCE_PREFIX_OFFSET);
        source = this.sink.source(sourceKey);
      } else {
        const view = new SubmessageView(packet, start, end, flags, this.maxParameters);
        if (id === SUBMESSAGE.infoTimestamp) sourceNs = view.timestamp();
        else if (forUs) this.dispatch(id, view, source, sourceKey, receivedNs, sourceNs);
      }
    }
    return true;
  }

  private dispatch(
    id: number,
    view: SubmessageView,
    source: Source | undefined,
    sourceKey: string,
    receivedNs: bigint,
    sourceNs: bigint | undefined,
  ): void {
    if (id === SUBMESSAGE.data) return this.sink.onData(source, sourceKey, view.data(sourceNs), receivedNs);
    if (source === undefined) return;
    switch (id) {
      case SUBMESSAGE.dataFragment:
        return this.sink.onDataFragment(source, view.dataFragment(sourceNs), receivedNs);
      case SUBMESSAGE.heartbeat:
        return this.sink.onHeartbeat(source, view.heartbeat(), receivedNs);
      case SUBMESSAGE.gap:
        return this.sink.onGap(source, view.gap());
      case SUBMESSAGE.ackNack:
        return this.sink.onAckNack(source, view.ackNack());
      case SUBMESSAGE.nackFragment:
        return this.sink.onNackFragment(source, view.nackFragment());
      default:
        return; // INFO_REPLY, PAD, HEARTBEAT_FRAG and what later versions add: nothing we need
    }
  }
}
