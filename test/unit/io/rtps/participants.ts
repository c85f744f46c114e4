import { afterEach } from 'vitest';
import { Participant, type ParticipantOptions, type Sample } from '../../../../src/io/rtps/index.js';

const POLL_MS = 2;

/** Opens participants on one domain and closes them after each test. */
export function participantsOn(
  domainId: number,
): (options?: Partial<ParticipantOptions>) => Promise<Participant> {
  const open: Participant[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((participant) => participant.close()));
  });
  return async (options = {}) => {
    const participant = await Participant.open({ domainId, maxPeerIndex: 9, ...options });
    open.push(participant);
    return participant;
  };
}

export async function until(condition: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += POLL_MS) {
    if (waitedMs >= timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export const TOPIC = { topic: 'rt/x', type: 'test::msg::dds_::X_' } as const;
export const RELIABLE = { ...TOPIC, reliable: true, transientLocal: false } as const;

/** A payload of `length` octets, little-endian CDR, whose body starts with `number`. */
export function payload(number: number, length = 64): Buffer {
  const bytes = Buffer.alloc(length, number & 0xff);
  bytes.writeUInt32BE(0x0001_0000, 0);
  bytes.writeUInt32LE(number, 4);
  return bytes;
}

export function numberOf(sample: Sample): number {
  return sample.payload.readUInt32LE(4);
}

/** 1, 2, .. n */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}
