import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import {
  disposalInlineQos,
  encodeEndpoint,
  encodeParticipant,
} from '../../../../src/io/rtps/discovery-data.js';
import {
  createGuidPrefix,
  makeGuid,
  participantGuid,
  type GuidPrefix,
} from '../../../../src/io/rtps/guid.js';
import type { Participant } from '../../../../src/io/rtps/index.js';
import { unicastPort } from '../../../../src/io/rtps/locator.js';
import { MessageBuilder } from '../../../../src/io/rtps/message-builder.js';
import { ENTITY } from '../../../../src/io/rtps/protocol.js';
import { RELIABLE, numberOf, participantsOn, payload, until } from './participants.js';

const DOMAIN = 74;
const CAPACITY = 2000;
/** where the spoofed participants claim to live: a closed port */
const NOWHERE = { address: '127.0.0.1', port: 9 };
const open = participantsOn(DOMAIN);

function dataMessage(
  prefix: GuidPrefix,
  reader: number,
  writer: number,
  sequenceNumber: number,
  bytes: Buffer,
  inlineQos?: Buffer,
): Buffer {
  return new MessageBuilder(prefix, CAPACITY)
    .data(reader, writer, {
      sequenceNumber,
      payload: bytes,
      inlineQos,
      isKey: inlineQos !== undefined,
      sourceNs: 0n,
    })
    .finish();
}

function announcement(prefix: GuidPrefix): Buffer {
  const bytes = encodeParticipant({
    prefix,
    name: 'spoof',
    userData: '',
    leaseMs: 1e9,
    unicast: NOWHERE,
    multicast: undefined,
  });
  return dataMessage(prefix, ENTITY.spdpReader, ENTITY.spdpWriter, 1, bytes);
}

async function spoof(target: Participant, packets: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  const port = unicastPort(DOMAIN, target.participantIndex);
  for (const [i, packet] of packets.entries()) {
    await new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve));
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => socket.close(() => resolve(undefined)));
}

describe('limits', () => {
  it('cap spoofed participants, and let a real one in all the same', async () => {
    const target = await open({ limits: { maxParticipants: 8 } });
    await spoof(
      target,
      Array.from({ length: 500 }, () => announcement(createGuidPrefix())),
    );
    await until(() => target.stats.overLimit >= 492, 'the refusals');
    expect(target.remoteParticipants).toHaveLength(8);
    expect(target.remoteParticipants.every(({ leaseMs }) => leaseMs <= target.limits.maxLeaseMs)).toBe(true);
    const received: number[] = [];
    target.createReader({ ...RELIABLE, onSample: (sample) => received.push(numberOf(sample)) });
    const real = await open();
    const writer = real.createWriter({ ...RELIABLE, depth: 1 });
    await until(() => writer.matched === 1, 'the match with the real participant');
    writer.write(payload(1));
    await until(() => received.length === 1, 'its sample');
    expect(target.remoteParticipants.length).toBeLessThanOrEqual(8);
  });

  it('keep participants with endpoints when others flood', async () => {
    const target = await open({ limits: { maxParticipants: 3 } });
    const friends = await Promise.all([open(), open()]);
    for (const friend of friends) friend.createWriter({ ...RELIABLE, depth: 1 });
    const reader = target.createReader({ ...RELIABLE, onSample: () => undefined });
    await until(() => reader.matched === 2, 'both matches');
    await spoof(
      target,
      Array.from({ length: 100 }, () => announcement(createGuidPrefix())),
    );
    await until(() => target.stats.overLimit >= 99, 'the refusals');
    expect(reader.matched).toBe(2);
    expect(target.remoteParticipants).toHaveLength(3);
  });

  it('cap the endpoints of one participant', async () => {
    const target = await open({ limits: { maxEndpointsPerParticipant: 20 } });
    const prefix = createGuidPrefix();
    const endpoint = {
      topic: 'rt/y',
      type: 't',
      reliable: true,
      transientLocal: false,
      depth: 1,
      userData: '',
    };
    const publications = Array.from({ length: 100 }, (_, i) => {
      const bytes = encodeEndpoint(makeGuid(prefix, (i << 8) | 0x03), endpoint);
      return dataMessage(prefix, ENTITY.publicationsReader, ENTITY.publicationsWriter, i + 1, bytes);
    });
    await spoof(target, [announcement(prefix), ...publications]);
    await until(() => target.stats.overLimit === 80, 'the refusals');
    expect(target.remoteParticipants[0]!.writers.size).toBe(20);
  });

  it('do not let one participant speak for another', async () => {
    const target = await open();
    const [victim, liar] = [createGuidPrefix(), createGuidPrefix()];
    await spoof(target, [announcement(victim), announcement(liar)]);
    const goodbyeOfVictim = encodeParticipant({
      prefix: victim,
      name: '',
      userData: '',
      leaseMs: 0,
      unicast: NOWHERE,
      multicast: undefined,
    });
    const lie = dataMessage(
      liar,
      ENTITY.spdpReader,
      ENTITY.spdpWriter,
      2,
      goodbyeOfVictim,
      disposalInlineQos(participantGuid(victim)),
    );
    await spoof(target, [lie, announcement(createGuidPrefix())]);
    await until(() => target.remoteParticipants.length === 3, 'the third participant');
  });

  it('hold back only so many early samples, and ask for the rest again later', async () => {
    const target = await open({ limits: { maxHeldSamples: 16 } });
    const received: number[] = [];
    const reader = target.createReader({
      ...RELIABLE,
      onSample: (sample) => received.push(numberOf(sample)),
    });
    const peer = await open();
    const writer = peer.createWriter({ ...RELIABLE, depth: 200 });
    await until(() => writer.matched === 1 && reader.matched === 1, 'the match');
    // The first sample is missing, 100 others arrive.
    const early = Array.from({ length: 100 }, (_, i) =>
      dataMessage(peer.prefix, reader.entityId, writer.entityId, i + 2, payload(i + 2)),
    );
    await spoof(target, early);
    await until(() => target.stats.overLimit === 100 - 16, 'the refusals');
    expect([...reader.matches][0]!.heldCount).toBe(16);
    expect(received).toEqual([]);
    for (let number = 1; number <= 120; number++) writer.write(payload(number));
    await until(() => received.length === 120, 'all samples');
    expect(received).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  });
});
