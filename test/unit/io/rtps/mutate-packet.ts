import type { Rng } from '../../../../src/core/index.js';
import { HEADER_BYTES, SUBMESSAGE, SUBMESSAGE_HEADER_BYTES } from '../../../../src/io/rtps/protocol.js';

const MAX_EDITS = 8;
const ABSURD = [0, 1, 2, 3, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const IDS = [...Object.values(SUBMESSAGE), 0x00, 0x30, 0x80, 0xff];
const PREFIX_OFFSET = 8;
const PREFIX_BYTES = 12;
const IMPOSTORS = 30;

/** A packet's submessages, each with its header; the rest of a broken one is its last. */
function submessages(packet: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let offset = HEADER_BYTES;
  while (offset + SUBMESSAGE_HEADER_BYTES <= packet.length) {
    const littleEndian = (packet[offset + 1]! & 1) !== 0;
    const length = littleEndian ? packet.readUInt16LE(offset + 2) : packet.readUInt16BE(offset + 2);
    const end = length === 0 ? packet.length : offset + SUBMESSAGE_HEADER_BYTES + length;
    parts.push(packet.subarray(offset, end));
    offset = end;
  }
  return parts;
}

function edited(part: Buffer, rng: Rng): Buffer {
  const bytes = Buffer.from(part);
  if (bytes.length < SUBMESSAGE_HEADER_BYTES) return bytes;
  const word = 4 * rng.integer(Math.max(1, bytes.length >> 2));
  switch (rng.integer(8)) {
    case 0:
      bytes[0] = IDS[rng.integer(IDS.length)]!;
      break;
    case 1:
      bytes[1] = rng.integer(256); // flags: byte order, what follows
      break;
    case 2:
      bytes.writeUInt16LE(ABSURD[rng.integer(8)]!, 2); // length
      break;
    case 3:
      // entity ids, sequence numbers, counts, bitmap sizes, fragment numbers, parameter ids and lengths are words
      if (word + 4 <= bytes.length) bytes.writeUInt32LE(ABSURD[rng.integer(ABSURD.length)]!, word);
      break;
    case 4:
      if (word + 4 <= bytes.length) bytes.writeUInt16LE(ABSURD[rng.integer(8)]!, word + 2 * rng.integer(2));
      break;
    case 5:
      return bytes.subarray(0, rng.integer(bytes.length + 1));
    case 6:
      return Buffer.concat([bytes, Buffer.alloc(4 * rng.integer(20), rng.integer(256))]);
    default:
      for (let edits = 1 + rng.integer(MAX_EDITS); edits > 0; edits--)
        bytes[rng.integer(bytes.length)] = rng.uniform() < 0.3 ? 0xff : rng.integer(256);
  }
  return bytes;
}

/** All of a packet, in the name of one of as many senders as make caps felt, most of whom do not exist. */
function impersonated(packet: Buffer, rng: Rng): Buffer {
  const prefix = packet.subarray(PREFIX_OFFSET, PREFIX_OFFSET + PREFIX_BYTES);
  const bytes = Buffer.from(packet);
  const impostor = rng.integer(IMPOSTORS);
  for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + 1)) bytes[at + 8] = impostor;
  return bytes;
}

/**
 * Packets of a corpus, changed: submessages edited, dropped, repeated, exchanged between packets, claimed by senders that do not
 * exist; or octets changed and the end cut off, without regard to structure. Some are right, and some come unchanged.
 */
export function mutatePacket(corpus: readonly Buffer[], rng: Rng): Buffer {
  const seed = corpus[rng.integer(corpus.length)]!;
  const packet = rng.uniform() < 0.3 ? impersonated(seed, rng) : seed;
  if (rng.uniform() < 0.2) return edited(packet, rng);
  const header = Buffer.from(packet.subarray(0, HEADER_BYTES));
  if (rng.uniform() < 0.1)
    for (let i = 0; i < PREFIX_BYTES; i++) header[PREFIX_OFFSET + i] = rng.integer(256);
  const parts = submessages(packet);
  for (let edits = rng.integer(3); edits > 0; edits--) {
    const at = rng.integer(parts.length);
    const kind = rng.integer(5);
    if (kind === 0) parts.splice(at, 1);
    else if (kind === 1) {
      const others = submessages(corpus[rng.integer(corpus.length)]!);
      parts.splice(at, 0, others[rng.integer(others.length)]!);
    } else if (parts[at] !== undefined) parts[at] = edited(parts[at], rng);
  }
  return Buffer.concat([header, ...parts]);
}
