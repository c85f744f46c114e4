import { describe, expect, it } from 'vitest';
import { createGuidPrefix, prefixKey } from '../../../../src/io/rtps/guid.js';
import { MessageBuilder, type Change } from '../../../../src/io/rtps/message-builder.js';
import { MessageReceiver, type SubmessageSink } from '../../../../src/io/rtps/message-receiver.js';
import { NumberSet } from '../../../../src/io/rtps/number-set.js';
import { ParameterListWriter } from '../../../../src/io/rtps/parameter-list.js';
import { PID, SUBMESSAGE } from '../../../../src/io/rtps/protocol.js';

const MAX_PARAMETERS = 16;
const CAPACITY = 2000;
const READER = 0x104;
const WRITER = 0x203;

/** Writes down what it is given, except bulky fields. */
class Recorder implements SubmessageSink<string> {
  readonly calls: [string, Record<string, unknown>][] = [];
  source(): string {
    return 'someone';
  }
  onData(_source: unknown, _key: string, data: object): void {
    this.calls.push(['data', { ...data }]);
  }
  onDataFragment(_source: unknown, fragment: object): void {
    this.calls.push(['fragment', { ...fragment }]);
  }
  onHeartbeat(_source: unknown, heartbeat: object): void {
    this.calls.push(['heartbeat', { ...heartbeat }]);
  }
  onGap(_source: unknown, gap: { irrelevant: NumberSet }): void {
    this.calls.push(['gap', { ...gap, irrelevant: gap.irrelevant.values(), end: gap.irrelevant.base }]);
  }
  onAckNack(_source: unknown, ackNack: { missing: NumberSet }): void {
    this.calls.push([
      'ackNack',
      { ...ackNack, missing: ackNack.missing.values(), base: ackNack.missing.base },
    ]);
  }
  onNackFragment(_source: unknown, nack: { missing: NumberSet }): void {
    this.calls.push(['nackFragment', { ...nack, missing: nack.missing.values() }]);
  }
}

const own = createGuidPrefix();
const peer = createGuidPrefix();

function receive(packet: Buffer): { ok: boolean; calls: Recorder['calls'] } {
  const recorder = new Recorder();
  const ok = new MessageReceiver(recorder, prefixKey(own), MAX_PARAMETERS).receive(packet, 0n);
  return { ok, calls: recorder.calls };
}

function change(payload: Uint8Array, extra: Partial<Change> = {}): Change {
  return {
    sequenceNumber: 5,
    payload,
    inlineQos: undefined,
    isKey: false,
    sourceNs: 1_500_000_000n,
    ...extra,
  };
}

function build(): MessageBuilder {
  return new MessageBuilder(peer, CAPACITY);
}

describe('RTPS messages', () => {
  it('carry a sample with inline QoS, of any length and number', () => {
    const inlineQos = new ParameterListWriter().uint32(PID.statusInfo, 3).inline();
    for (const length of [1, 2, 3, 4, 100]) {
      const payload = Buffer.alloc(length, 0xab);
      const sent = change(payload, { inlineQos, sequenceNumber: 2 ** 33 + 7 });
      const { calls } = receive(build().timestamp(sent.sourceNs).data(READER, WRITER, sent).finish());
      const data = calls[0]![1] as { payload: Buffer; sequenceNumber: number; isKey: boolean };
      expect(data.payload.subarray(0, length).equals(payload)).toBe(true);
      expect(data.payload.length % 4).toBe(0);
      expect(data).toMatchObject({
        readerId: READER,
        writerId: WRITER,
        sequenceNumber: 2 ** 33 + 7,
        isKey: false,
      });
    }
  });

  it('carry heartbeats, gaps, acknowledgements and fragment requests', () => {
    const missing = new NumberSet(10);
    [10, 12, 265].forEach((number) => missing.add(number));
    const packet = build()
      .heartbeat(READER, WRITER, 3, 9, 77, true)
      .gap(READER, WRITER, 4, 8)
      .ackNack(READER, WRITER, missing, 78, false)
      .nackFragment(READER, WRITER, 6, missing, 79)
      .finish();
    const ids = { readerId: READER, writerId: WRITER };
    expect(receive(packet).calls).toEqual([
      ['heartbeat', { ...ids, first: 3, last: 9, count: 77, final: true }],
      ['gap', { ...ids, start: 4, end: 8, irrelevant: [] }],
      ['ackNack', { ...ids, missing: [10, 12, 265], base: 10, count: 78, final: false }],
      ['nackFragment', { ...ids, sequenceNumber: 6, missing: [10, 12, 265] }],
    ]);
  });

  it('carry fragments', () => {
    const payload = Buffer.from(Array.from({ length: 250 }, (_, i) => i));
    const { calls } = receive(build().dataFragment(READER, WRITER, change(payload), 3, 100).finish());
    const fragment = calls[0]![1] as { payload: Buffer };
    expect(fragment).toMatchObject({
      firstFragment: 3,
      fragmentCount: 1,
      fragmentBytes: 100,
      sampleBytes: 250,
    });
    expect(fragment.payload.subarray(0, 50).equals(payload.subarray(200))).toBe(true);
  });

  it('are ignored by a participant they are not meant for', () => {
    const other = createGuidPrefix();
    const packet = build().destination(other).heartbeat(READER, WRITER, 1, 1, 1, true).finish();
    expect(receive(packet)).toEqual({ ok: true, calls: [] });
    const back = build()
      .destination(other)
      .destination(own)
      .heartbeat(READER, WRITER, 1, 1, 1, true)
      .finish();
    expect(receive(back).calls).toHaveLength(1);
  });

  it('are ignored when they are our own', () => {
    const packet = new MessageBuilder(own, CAPACITY).heartbeat(READER, WRITER, 1, 1, 1, true).finish();
    expect(receive(packet)).toEqual({ ok: true, calls: [] });
  });

  it('may contain submessages that we do not know', () => {
    const packet = build()
      .heartbeat(READER, WRITER, 1, 1, 1, true)
      .heartbeat(READER, WRITER, 1, 2, 2, true)
      .finish();
    packet[20] = 0x7f;
    expect(receive(packet)).toMatchObject({ ok: true, calls: [['heartbeat', { last: 2 }]] });
  });

  it('are cut short at a submessage that contradicts itself', () => {
    const packet = build()
      .heartbeat(READER, WRITER, 1, 1, 1, true)
      .heartbeat(READER, WRITER, 9, 2, 2, true)
      .finish();
    expect(receive(packet)).toMatchObject({ ok: false, calls: [['heartbeat', { last: 1 }]] });
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['not RTPS', Buffer.from('HTTP/1.1 200 OK, and so on')],
    ['another major version', versioned(3)],
    [
      'truncated',
      build()
        .data(READER, WRITER, change(Buffer.alloc(40)))
        .finish()
        .subarray(0, 50),
    ],
    ['a set of more than 256 bits', oversizedSet()],
    [
      'a sequence number of zero',
      build()
        .data(READER, WRITER, change(Buffer.alloc(4), { sequenceNumber: 0 }))
        .finish(),
    ],
    ['inline QoS beyond the end', inlineQosBeyondEnd()],
  ])('are refused when %s', (_what, packet) => {
    expect(receive(packet)).toEqual({ ok: false, calls: [] });
  });
});

function versioned(major: number): Buffer {
  const packet = build().heartbeat(READER, WRITER, 1, 1, 1, true).finish();
  packet[4] = major;
  return packet;
}

function oversizedSet(): Buffer {
  const packet = build().ackNack(READER, WRITER, new NumberSet(1), 1, true).finish();
  const NUM_BITS = 20 + 4 + 8 + 8;
  packet.writeUInt32LE(257, NUM_BITS);
  return packet;
}

function inlineQosBeyondEnd(): Buffer {
  const packet = build()
    .data(READER, WRITER, change(Buffer.alloc(4)))
    .finish();
  expect(packet[20]).toBe(SUBMESSAGE.data);
  packet.writeUInt16LE(0xfff0, 20 + 4 + 2);
  return packet;
}
