import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/index.js';
import { createGuidPrefix, makeGuid, prefixKey } from '../../../../src/io/rtps/guid.js';
import { DEFAULT_LIMITS, emptyStats } from '../../../../src/io/rtps/limits.js';
import { NumberSet } from '../../../../src/io/rtps/number-set.js';
import type { Outbox } from '../../../../src/io/rtps/outbox.js';
import { VENDOR } from '../../../../src/io/rtps/protocol.js';
import { Reader } from '../../../../src/io/rtps/reader.js';
import { RemoteParticipant } from '../../../../src/io/rtps/remote-participant.js';
import { SubmessageView } from '../../../../src/io/rtps/submessage.js';
import type { WriterProxy } from '../../../../src/io/rtps/writer-proxy.js';
import { RELIABLE, numberOf, payload } from './participants.js';

const READER = 0x104;
const WRITER = 0x203;
/** RTPS header, INFO_DST, and the ACKNACK's own header [bytes] */
const ACKNACK_START = 20 + 16 + 4;

/** A reader matched with one reliable writer; what it sends is collected and read back. */
function matchedReader(writer: { vendorId?: number; transientLocal?: boolean } = {}) {
  const requests: { base: number; missing: number[]; final: boolean }[] = [];
  const outbox: Outbox = {
    prefix: createGuidPrefix(),
    clock: systemClock,
    limits: DEFAULT_LIMITS,
    stats: emptyStats(),
    send: (datagram) => {
      const flags = datagram[ACKNACK_START - 3]!;
      const { missing, final } = new SubmessageView(
        datagram,
        ACKNACK_START,
        datagram.length,
        flags,
        1,
      ).ackNack();
      requests.push({ base: missing.base, missing: missing.values(), final });
    },
    reportError: (error) => {
      throw error;
    },
  };
  const received: number[] = [];
  const prefix = createGuidPrefix();
  const remote = new RemoteParticipant(
    prefixKey(prefix),
    {
      prefix,
      vendorId: writer.vendorId ?? VENDOR.cycloneDds,
      name: '',
      leaseMs: 1000,
      builtinEndpoints: 0,
      metatraffic: [],
      user: [],
    },
    0n,
  );
  const options = {
    ...RELIABLE,
    onSample: (sample: Parameters<typeof numberOf>[0]) => received.push(numberOf(sample)),
  };
  const reader = new Reader(outbox, READER, makeGuid(outbox.prefix, READER), options, { usedBytes: 0 });
  const { transientLocal = false } = writer;
  reader.match(remote, { entityId: WRITER, reliable: true, transientLocal, locators: undefined });
  const proxy: WriterProxy = [...reader.matches][0]!;
  let count = 0;
  const ids = { readerId: READER, writerId: WRITER };
  return {
    reader,
    requests,
    received,
    stats: outbox.stats,
    data: (...numbers: number[]) => {
      for (const sequenceNumber of numbers) {
        const rest = { inlineQos: undefined, isKey: false, sourceNs: undefined };
        reader.onData(proxy, { ...ids, sequenceNumber, payload: payload(sequenceNumber), ...rest }, 1n);
      }
    },
    heartbeat: (first: number, last: number, final = true) => {
      reader.onHeartbeat(proxy, { ...ids, first, last, count: ++count, final });
    },
    gap: (start: number, end: number, ...members: number[]) => {
      const irrelevant = new NumberSet(end);
      for (const member of members) irrelevant.add(member);
      reader.onGap(proxy, { ...ids, start, irrelevant });
    },
  };
}

describe('a reliable Reader', () => {
  it('asks for a heartbeat when matched, and again ever more rarely until one comes', () => {
    const { reader, requests, heartbeat } = matchedReader();
    for (let tick = 1; tick <= 20; tick++) reader.tick();
    expect(requests).toHaveLength(1 + 5); // at the match and at ticks 1, 2, 4, 8, 16
    expect(requests[0]).toEqual({ base: 1, missing: [], final: false });
    heartbeat(1, 0);
    for (let tick = 21; tick <= 40; tick++) reader.tick();
    expect(requests).toHaveLength(6);
  });

  it('asks Fast DDS with base 0, which alone makes it answer at once', () => {
    const { requests } = matchedReader({ vendorId: VENDOR.fastDds });
    expect(requests[0]).toEqual({ base: 0, missing: [], final: false });
  });

  it('misses nothing that a volatile writer sent since the match', () => {
    const { received, requests, data, heartbeat } = matchedReader();
    data(8);
    expect(received).toEqual([]);
    heartbeat(7, 8);
    expect(requests.at(-1)).toMatchObject({ base: 7, missing: [7] });
    data(7);
    expect(received).toEqual([7, 8]);
  });

  it('takes only new samples of a transient-local writer whose history it does not want', () => {
    const { received, data, heartbeat } = matchedReader({ transientLocal: true });
    heartbeat(1, 5);
    data(4, 6);
    expect(received).toEqual([6]);
  });

  it('delivers in order and once, whatever the order of arrival', () => {
    const { received, data, heartbeat } = matchedReader();
    heartbeat(1, 0);
    data(3, 1, 1, 4, 2, 3, 5);
    expect(received).toEqual([1, 2, 3, 4, 5]);
  });

  it('asks for what a heartbeat shows to be missing, and acknowledges when asked to', () => {
    const { requests, data, heartbeat } = matchedReader();
    heartbeat(1, 0);
    data(1, 3);
    heartbeat(1, 5);
    expect(requests.at(-1)).toEqual({ base: 2, missing: [2, 4, 5], final: false });
    data(2, 4, 5);
    heartbeat(1, 5, false);
    expect(requests.at(-1)).toEqual({ base: 6, missing: [], final: true });
  });

  it('ignores a heartbeat that it has seen', () => {
    const { reader, requests, heartbeat } = matchedReader();
    heartbeat(1, 3);
    const before = requests.length;
    const proxy = [...reader.matches][0]!;
    reader.onHeartbeat(proxy, {
      readerId: READER,
      writerId: WRITER,
      first: 1,
      last: 3,
      count: 1,
      final: false,
    });
    expect(requests).toHaveLength(before);
  });

  it('steps over gaps, and delivers what was held behind them', () => {
    const { received, data, heartbeat, gap, stats } = matchedReader();
    heartbeat(1, 0);
    data(1, 4, 7);
    gap(2, 4, 5);
    expect(received).toEqual([1, 4]);
    gap(6, 7);
    expect(received).toEqual([1, 4, 7]);
    expect(stats.samplesLost).toBe(0);
  });

  it('goes on when the writer has dropped samples, and counts them as lost', () => {
    const { received, data, heartbeat, stats } = matchedReader();
    heartbeat(1, 0);
    data(1, 3, 6);
    heartbeat(5, 6);
    data(5);
    expect(received).toEqual([1, 3, 5, 6]);
    expect(stats.samplesLost).toBe(2);
  });

  it('keeps its work bounded when a gap or heartbeat claims astronomic numbers', () => {
    const { received, requests, data, heartbeat, gap } = matchedReader();
    heartbeat(1, 2 ** 50);
    expect(requests.at(-1)!.missing).toHaveLength(256);
    gap(2, 2 ** 52);
    data(1);
    expect(received).toEqual([1]);
  });
});
