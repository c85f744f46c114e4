import { describe, expect, it } from 'vitest';
import { DynabridgeError, Rng } from '../../../../src/core/index.js';
import { PID, Participant, participantGuid, type ParticipantEvent } from '../../../../src/io/rtps/index.js';
import { openUdpTransport } from '../../../../src/io/rtps/udp-transport.js';
import { LossyNetwork } from './lossy-transport.js';
import { RELIABLE, TOPIC, numberOf, participantsOn, payload, until, upTo } from './participants.js';

const DOMAIN = 73;
const open = participantsOn(DOMAIN);

describe('Participant', () => {
  it('finds another one, matches endpoints and delivers within their QoS', async () => {
    const [a, b] = [await open(), await open()];
    const received: number[] = [];
    const reader = b.createReader({ ...RELIABLE, onSample: (sample) => received.push(numberOf(sample)) });
    const writer = a.createWriter({ ...RELIABLE, depth: 100 });
    await until(() => writer.matched === 1 && reader.matched === 1, 'the match');
    for (const number of upTo(100)) writer.write(payload(number));
    await until(() => received.length === 100, 'all samples');
    expect(received).toEqual(upTo(100));
  });

  it('delivers a sample within the event of its datagram, with the time of receipt', async () => {
    const [a, b] = [await open(), await open()];
    const times: bigint[] = [];
    const reader = b.createReader({ ...RELIABLE, onSample: ({ receivedNs }) => times.push(receivedNs) });
    const writer = a.createWriter({ ...RELIABLE, depth: 1 });
    await until(() => writer.matched === 1 && reader.matched === 1, 'the match');
    const before = b.clock.nowNs();
    writer.write(payload(1));
    await until(() => times.length === 1, 'the sample');
    expect(times[0]! > before && times[0]! < b.clock.nowNs()).toBe(true);
  });

  it('gives a late joiner the last samples of a transient-local writer, and a volatile one none', async () => {
    const a = await open();
    const writer = a.createWriter({ ...RELIABLE, transientLocal: true, depth: 3 });
    for (const number of upTo(10)) writer.write(payload(number));
    const b = await open();
    const [late, fresh]: [number[], number[]] = [[], []];
    b.createReader({ ...RELIABLE, transientLocal: true, onSample: (sample) => late.push(numberOf(sample)) });
    b.createReader({ ...RELIABLE, onSample: (sample) => fresh.push(numberOf(sample)) });
    await until(() => late.length === 3 && writer.matched === 2, 'the history');
    writer.write(payload(11));
    await until(() => late.length === 4 && fresh.length > 0, 'the new sample');
    expect([late, fresh]).toEqual([[8, 9, 10, 11], [11]]);
  });

  it('carries samples of many fragments', async () => {
    const [a, b] = [await open(), await open()];
    const received: Buffer[] = [];
    b.createReader({ ...RELIABLE, onSample: (sample) => received.push(sample.payload) });
    const writer = a.createWriter({ ...RELIABLE, depth: 10 });
    await until(() => writer.matched === 1, 'the match');
    const sent = [14_001, 100_000, 1_000_000].map((length, i) => payload(i, length));
    for (const bytes of sent) {
      const before = received.length;
      writer.write(bytes);
      await until(() => received.length > before, `${bytes.length} bytes`);
    }
    sent.forEach((bytes, i) => expect(received[i]!.equals(bytes)).toBe(true));
    expect(b.reassemblyBytes).toBe(0);
  });

  it.each([
    ['small samples', 64, 300],
    ['samples of many fragments', 40_000, 40],
  ])('delivers %s once and in order when a fifth of all datagrams is lost', async (_what, length, count) => {
    const network = new LossyNetwork(new Rng(7, `loss ${length}`));
    const a = await open({ openTransport: network.open });
    const b = await open({ openTransport: network.open });
    const received: number[] = [];
    b.createReader({ ...RELIABLE, onSample: (sample) => received.push(numberOf(sample)) });
    const writer = a.createWriter({ ...RELIABLE, depth: 1000 });
    await until(() => writer.matched === 1, 'the match');
    network.probability = 0.2;
    for (const number of upTo(count)) {
      writer.write(payload(number, length));
      if (number % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => received.length >= count, 'all samples', 50_000);
    expect(received).toEqual(upTo(count));
    expect(network.lost).toBeGreaterThan(20);
    expect(a.stats.samplesResent).toBeGreaterThan(0);
  });

  it('finds its peers when a third of all datagrams is lost', async () => {
    const network = new LossyNetwork(new Rng(11));
    network.probability = 0.3;
    const a = await open({ openTransport: network.open, multicast: false });
    const b = await open({ openTransport: network.open, multicast: false });
    const writer = a.createWriter({ ...RELIABLE, depth: 1 });
    const reader = b.createReader({ ...RELIABLE, onSample: () => undefined });
    await until(() => writer.matched === 1 && reader.matched === 1, 'the match');
  });

  it('is found by one that announced itself before it listened', async () => {
    const a = await open({ multicast: false, peers: [], leaseMs: 1_000_000 });
    await new Promise((resolve) => setTimeout(resolve, 1000)); // past the announcements that start with it
    const reader = a.createReader({ ...RELIABLE, onSample: () => undefined });
    let isDeaf = true;
    const b = await open({
      multicast: false,
      openTransport: (options) =>
        openUdpTransport({
          ...options,
          onDatagram: (datagram) => {
            if (!isDeaf) options.onDatagram(datagram);
          },
        }),
    });
    const writer = b.createWriter({ ...RELIABLE, depth: 1 });
    await new Promise((resolve) => setTimeout(resolve, 120));
    isDeaf = false;
    await until(() => writer.matched === 1 && reader.matched === 1, 'the match', 1000);
  });

  it('skips what a KEEP_LAST writer no longer has, instead of waiting for it', async () => {
    const network = new LossyNetwork(new Rng(5));
    const a = await open({ openTransport: network.open });
    const b = await open();
    const received: number[] = [];
    b.createReader({ ...RELIABLE, onSample: (sample) => received.push(numberOf(sample)) });
    const writer = a.createWriter({ ...RELIABLE, depth: 1 });
    await until(() => writer.matched === 1, 'the match');
    writer.write(payload(1));
    await until(() => received.length === 1, 'the first sample');
    network.probability = 1;
    for (const number of [2, 3, 4]) writer.write(payload(number));
    network.probability = 0;
    writer.write(payload(5));
    await until(() => received.length === 2, 'the newest sample');
    expect(received).toEqual([1, 5]);
    expect(b.stats.samplesLost).toBe(3);
  });

  it('counts what a best-effort reader missed and repeats nothing', async () => {
    const network = new LossyNetwork(new Rng(6));
    const a = await open({ openTransport: network.open });
    const b = await open();
    const received: number[] = [];
    b.createReader({ ...RELIABLE, reliable: false, onSample: (sample) => received.push(numberOf(sample)) });
    const writer = a.createWriter({ ...RELIABLE, depth: 1000 });
    await until(() => writer.matched === 1, 'the match');
    network.probability = 0.2;
    for (const number of upTo(200)) writer.write(payload(number));
    network.probability = 0;
    writer.write(payload(201));
    await until(() => received.at(-1) === 201, 'the last sample');
    expect(received).toEqual([...new Set(received)].sort((x, y) => x - y));
    expect(b.stats.samplesLost).toBe(201 - received[0]! + 1 - received.length);
  });

  it('sends a sample only to its audience, and keeps the others in step', async () => {
    const a = await open();
    const received: number[][] = [[], []];
    const readers = await Promise.all([open(), open()]);
    readers.forEach((reader, i) =>
      reader.createReader({ ...RELIABLE, onSample: (sample) => received[i]!.push(numberOf(sample)) }),
    );
    const writer = a.createWriter({ ...RELIABLE, depth: 10 });
    await until(() => writer.matched === 2, 'both matches');
    const first = readers[0].prefix;
    writer.write(payload(1));
    writer.write(payload(2), { audience: (participant) => participant.prefix.equals(first) });
    writer.write(payload(3));
    await until(() => received[0]!.length === 3 && received[1]!.length === 2, 'the samples');
    expect(received).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
    expect(readers[1].stats.samplesLost).toBe(0);
  });

  it('says why endpoints of one topic do not match', async () => {
    const events: ParticipantEvent[] = [];
    const a = await open({ onEvent: (event) => events.push(event) });
    const b = await open();
    a.createReader({ ...RELIABLE, onSample: () => undefined });
    b.createWriter({ ...RELIABLE, reliable: false, depth: 1 });
    await until(() => events.some((event) => event.kind === 'incompatible'), 'the event');
    const found = events.find((event) => event.kind === 'incompatible')!;
    expect(found).toMatchObject({ reason: 'reliability', endpoint: { topic: TOPIC.topic } });
  });

  it('forgets a removed endpoint and a closed participant at once', async () => {
    const events: string[] = [];
    const a = await open({ onEvent: (event) => events.push(event.kind) });
    const b = await open();
    const writer = a.createWriter({ ...RELIABLE, depth: 1 });
    const reader = b.createReader({ ...RELIABLE, onSample: () => undefined });
    await until(() => writer.matched === 1, 'the match');
    b.removeReader(reader);
    await until(() => writer.matched === 0, 'the end of the match');
    expect(a.remoteParticipants).toHaveLength(1);
    await b.close();
    await until(() => a.remoteParticipants.length === 0, 'the goodbye');
    expect(events).toContain('participant-lost');
  });

  it('names what is gone by a key hash, for Fast DDS reads no longer key-only payload', async () => {
    const sent: Buffer[] = [];
    const a = await open({
      openTransport: async (options) => {
        const transport = await openUdpTransport(options);
        const send = transport.send.bind(transport);
        transport.send = (datagram, to) => {
          sent.push(Buffer.from(datagram));
          send(datagram, to);
        };
        return transport;
      },
    });
    const b = await open();
    const reader = a.createReader({ ...RELIABLE, onSample: () => undefined });
    await until(() => b.remoteParticipants[0]?.readers.size === 1, 'the reader');
    const hasKeyHash = (guid: Buffer): boolean => {
      const parameter = Buffer.concat([Buffer.from([PID.keyHash, 0, guid.length, 0]), guid]);
      return sent.some((datagram) => datagram.includes(parameter));
    };
    a.removeReader(reader);
    expect(hasKeyHash(reader.guid)).toBe(true);
    await a.close();
    expect(hasKeyHash(participantGuid(a.prefix))).toBe(true);
  });

  it('drops a peer that stays silent beyond its lease', async () => {
    const network = new LossyNetwork(new Rng(1));
    const a = await open();
    await open({ openTransport: network.open, leaseMs: 1000 });
    await until(() => a.remoteParticipants.length === 1, 'the participant');
    network.probability = 1;
    await until(() => a.remoteParticipants.length === 0, 'the end of the lease');
  });

  it('reports what a callback throws and goes on', async () => {
    const errors: unknown[] = [];
    const [a, b] = [await open(), await open({ onError: (error) => errors.push(error) })];
    const received: number[] = [];
    b.createReader({
      ...RELIABLE,
      onSample: (sample) => {
        received.push(numberOf(sample));
        throw new Error(`at ${numberOf(sample)}`);
      },
    });
    const writer = a.createWriter({ ...RELIABLE, depth: 10 });
    await until(() => writer.matched === 1, 'the match');
    writer.write(payload(1));
    writer.write(payload(2));
    await until(() => received.length === 2, 'both samples');
    expect(errors).toHaveLength(2);
    expect(b.stats.malformed).toBe(0);
  });

  it('refuses bad domains, bad depths and addresses that are not ours', async () => {
    await expect(Participant.open({ domainId: 233 })).rejects.toThrow(/0 to 232/);
    const participant = await open();
    expect(() => participant.createWriter({ ...RELIABLE, depth: 0 })).toThrow(/depth 0/);
    const elsewhere = Participant.open({ domainId: DOMAIN, address: '203.0.113.1' });
    await expect(elsewhere).rejects.toThrow(DynabridgeError);
    await expect(elsewhere).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('sends nothing after it was closed', async () => {
    const participant = await open();
    const writer = participant.createWriter({ ...RELIABLE, depth: 1 });
    await participant.close();
    await participant.close();
    expect(() => writer.write(payload(1))).not.toThrow();
  });
});
