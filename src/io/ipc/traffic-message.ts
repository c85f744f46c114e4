/** What a publisher of a topic offers; a depth of 0 is not known. */
export interface OfferedQos {
  readonly reliability: 'reliable' | 'best_effort';
  readonly durability: 'volatile' | 'transient_local';
  readonly depth: number;
}

/** guard -> recorder, while all is recorded: one message that crossed the wire, or one record of the gate */
export interface TrafficMessage {
  readonly type: 'traffic';
  /** counts all of one guard, from 1; what is missing in between was lost on the way */
  readonly number: number;
  readonly topic: string;
  /** e.g. 'sensor_msgs/msg/JointState' */
  readonly messageType: string;
  readonly offers: readonly OfferedQos[];
  /** monotonic time of receipt or of sending [ns] */
  readonly atNs: bigint;
  /** wall clock of the publisher when it published [ns]; 0n: not known */
  readonly sourceNs: bigint;
  /** CDR with its encapsulation header */
  readonly payload: Uint8Array;
}

const FIXED_BYTES = 25;
const OFFER_BYTES = 5;
/** More offers than these of one topic are left out. */
const MOST_OFFERS = 16;

export function encodeTraffic(message: TrafficMessage): Buffer {
  const { topic, messageType, payload } = message;
  const offers = message.offers.slice(0, MOST_OFFERS);
  const texts = [Buffer.from(topic), Buffer.from(messageType)];
  const textBytes = texts.reduce((sum, text) => sum + 2 + text.length, 0);
  const out = Buffer.allocUnsafe(FIXED_BYTES + OFFER_BYTES * offers.length + textBytes + payload.byteLength);
  out.writeDoubleLE(message.number, 0);
  out.writeBigUInt64LE(message.atNs, 8);
  out.writeBigUInt64LE(message.sourceNs, 16);
  let at = out.writeUInt8(offers.length, 24);
  for (const { reliability, durability, depth } of offers) {
    out[at] = (reliability === 'reliable' ? 1 : 0) + (durability === 'transient_local' ? 2 : 0);
    at = out.writeUInt32LE(depth, at + 1);
  }
  for (const text of texts) at = out.writeUInt16LE(text.length, at) + text.copy(out, at + 2);
  out.set(payload, at);
  return out;
}

export function decodeTraffic(data: Buffer): TrafficMessage {
  let at = FIXED_BYTES;
  const offers = Array.from({ length: data[24]! }, (): OfferedQos => {
    const flags = data[at]!;
    const depth = data.readUInt32LE(at + 1);
    at += OFFER_BYTES;
    return {
      reliability: (flags & 1) === 0 ? 'best_effort' : 'reliable',
      durability: (flags & 2) === 0 ? 'volatile' : 'transient_local',
      depth,
    };
  });
  const text = (): string => {
    const end = at + 2 + data.readUInt16LE(at);
    const found = data.toString('utf8', at + 2, end);
    at = end;
    return found;
  };
  const topic = text();
  const messageType = text();
  return {
    type: 'traffic',
    number: data.readDoubleLE(0),
    ...{ topic, messageType, offers },
    atNs: data.readBigUInt64LE(8),
    sourceNs: data.readBigUInt64LE(16),
    payload: new Uint8Array(data.subarray(at)), // a copy: frames are views
  };
}
