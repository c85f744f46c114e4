import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import { AMOUNT, SEED, report } from '../../../amount.js';
import { openUdpTransport } from '../../../../src/io/rtps/udp-transport.js';
import { heapBytes } from '../fuzz/heap.js';
import { mutatePacket } from './mutate-packet.js';
import { RELIABLE, TOPIC, numberOf, participantsOn, payload, until } from './participants.js';

const DOMAIN = 76;
/** `npm run fuzz:wire -- <packets> [seed]` */
const MUTANTS = AMOUNT ?? 30_000;
const MAX_CORPUS = 400;
const GROWTH_LIMIT = 16 << 20;
/** by then every bounded store has been filled [packets] */
const WARM = 20_000;
/** packets between two turns of the event loop */
const BATCH = 500;
const open = participantsOn(DOMAIN);

describe('a running participant', () => {
  it(
    `survives ${MUTANTS} mutated packets: nothing thrown, memory bounded, still at work`,
    async () => {
      const corpus: Buffer[] = [];
      let inject: (packet: Buffer) => void = () => undefined;
      const errors: unknown[] = [];
      const limits = { maxParticipants: 8, maxReassemblyBytes: 4 << 20, maxHeldBytes: 1 << 20 };
      const target = await open({
        limits,
        onError: (error) => errors.push(error),
        openTransport: (options) => {
          inject = options.onDatagram;
          const onDatagram = (datagram: Buffer): void => {
            if (corpus.length < MAX_CORPUS) corpus.push(Buffer.from(datagram));
            options.onDatagram(datagram);
          };
          return openUdpTransport({ ...options, onDatagram });
        },
      });
      const peer = await open();
      target.createReader({ ...RELIABLE, onSample: () => undefined });
      target.createReader({ ...RELIABLE, transientLocal: true, topic: 'rt/y', onSample: () => undefined });
      const back = target.createWriter({ ...RELIABLE, topic: 'rt/z', depth: 20 });
      const writers = [
        peer.createWriter({ ...RELIABLE, depth: 20 }),
        peer.createWriter({ ...RELIABLE, transientLocal: true, topic: 'rt/y', depth: 20 }),
      ];
      peer.createReader({ ...RELIABLE, topic: 'rt/z', onSample: () => undefined });
      await until(() => writers.every((writer) => writer.matched === 1) && back.matched === 1, 'the matches');
      for (let i = 0; i < 40; i++) {
        writers[i % 2]!.write(payload(i, i % 4 === 0 ? 30_000 : 200));
        back.write(payload(i));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await until(() => corpus.length > 80, 'a corpus');

      const rng = new Rng(SEED ?? 2025, 'fuzz');
      const seeds = [...corpus];
      let [warmBytes, slowestCpuMs] = [0, 0];
      for (let i = 0; i < MUTANTS; i++) {
        const packet = mutatePacket(seeds, rng);
        const before = process.cpuUsage();
        inject(packet);
        slowestCpuMs = Math.max(slowestCpuMs, process.cpuUsage(before).user / 1e3); // not of time: the machine may be busy
        if (i % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
        if (i === WARM) warmBytes = heapBytes();
      }
      const grownBytes = heapBytes() - warmBytes;
      const { malformed, overLimit } = target.stats;
      report(`RTPS, ${MUTANTS} packets`, { malformed, overLimit, grownBytes, slowestCpuMs });

      expect(errors).toEqual([]);
      expect(target.stats.malformed).toBeGreaterThan(MUTANTS / 20);
      expect(target.remoteParticipants.length).toBeLessThanOrEqual(limits.maxParticipants);
      expect(grownBytes).toBeLessThan(GROWTH_LIMIT);
      expect(target.reassemblyBytes).toBeLessThanOrEqual(limits.maxReassemblyBytes);
      const received: number[] = [];
      target.createReader({
        ...TOPIC,
        topic: 'rt/after',
        reliable: true,
        transientLocal: false,
        onSample: (sample) => received.push(numberOf(sample)),
      });
      const fresh = await open();
      const writer = fresh.createWriter({ ...RELIABLE, topic: 'rt/after', depth: 1 });
      await until(() => writer.matched === 1, 'a new match');
      writer.write(payload(7));
      await until(() => received.length === 1, 'a new sample');
      expect(received).toEqual([7]);
    },
    AMOUNT === undefined ? 60_000 : 0,
  );
});
