import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EVIDENCE_REASONS,
  FrameDecoder,
  MAX_PAYLOAD_BYTES,
  decodeMessage,
  encodeFrame,
  encodeMessage,
  type IpcMessage,
} from '../../../../src/io/ipc/index.js';
import { GATE_MODES } from '../../../../src/safety/index.js';

const doubles = (length?: number) =>
  fc
    .array(
      fc.double({ noNaN: true }),
      length === undefined ? { maxLength: 12 } : { minLength: length, maxLength: length },
    )
    .map((values) => Float64Array.from(values));
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const ns = fc.bigInt({ min: 0n, max: 2n ** 63n });
const mode = fc.constantFrom(...GATE_MODES);

const qos = fc.record({
  reliability: fc.constantFrom('reliable' as const, 'best_effort' as const),
  durability: fc.constantFrom('volatile' as const, 'transient_local' as const),
  depth: u32,
});

const tick = fc.integer({ min: 0, max: 7 }).chain((n) =>
  fc.record({
    type: fc.constant('tick' as const),
    seq: u32,
    policyStep: u32,
    atNs: ns,
    mode,
    owner: fc.constantFrom('hold' as const, 'teleop' as const, 'agent' as const),
    verdict: fc.constantFrom(
      'pass' as const,
      'limited' as const,
      'blocked' as const,
      'cannot-evaluate' as const,
    ),
    reasons: u32,
    stateReceivedNs: ns,
    sentNs: ns,
    positions: doubles(n),
    velocities: doubles(n),
    requested: doubles(),
    executed: doubles(),
  }),
);

const messages: fc.Arbitrary<IpcMessage> = fc.oneof(
  fc.record({
    type: fc.constant('traffic' as const),
    number: fc.maxSafeNat(),
    topic: fc.string({ unit: 'grapheme', maxLength: 80 }),
    messageType: fc.string({ maxLength: 80 }),
    offers: fc.array(qos, { maxLength: 16 }),
    atNs: ns,
    sourceNs: ns,
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  fc.record({ type: fc.constant('observation' as const), policyStep: u32, receivedNs: ns, frame: doubles() }),
  fc.integer({ min: 0, max: 7 }).chain((m) =>
    fc.record({
      type: fc.constant('proposal' as const),
      policyStep: u32,
      expiresNs: ns,
      policyVersion: u32,
      action: doubles(m),
      command: doubles(m),
    }),
  ),
  fc.record({
    type: fc.constant('evidence' as const),
    policyStep: u32,
    expiresNs: ns,
    authority: fc.double({ min: 0, max: 1 }),
    reason: fc.constantFrom(...EVIDENCE_REASONS),
    member: fc.integer({ min: -1, max: 32767 }),
    joint: fc.integer({ min: -1, max: 32767 }),
    value: fc.double(),
    limit: fc.double(),
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    seq: u32,
    mode,
    sentNs: ns,
    lastCommand: fc.oneof(
      fc.constant([]),
      fc.integer({ min: 1, max: 5 }).chain((m) => fc.array(doubles(m), { minLength: 1, maxLength: 50 })),
    ),
    positions: doubles(3),
    velocities: doubles(3),
  }),
  tick,
  fc.tuple(tick, fc.oneof(doubles(6), doubles(300))).map(([plain, sensors]) => ({ ...plain, sensors })),
  fc.record({
    type: fc.constant('event' as const),
    kind: fc.string(),
    atNs: ns,
    detail: fc.dictionary(fc.string(), fc.string()),
  }),
  fc.record({ type: fc.constant('exit' as const) }),
  fc.record({
    type: fc.constant('request' as const),
    event: fc.constantFrom('engage' as const, 'mute' as const),
  }),
  fc.record({
    type: fc.constant('deploy' as const),
    motion: fc.constant('policy' as const),
    version: u32,
    sampling: fc.boolean(),
    seed: fc.maxSafeInteger(),
    steps: fc.nat(),
  }),
  fc.record({
    type: fc.constant('deploy' as const),
    motion: fc.constant('start' as const),
    pose: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)),
    steps: fc.nat(),
  }),
  fc.record({
    type: fc.constant('episode-end' as const),
    policyStep: u32,
    cause: fc.constantFrom('task' as const, 'steps' as const, 'pose' as const),
    terminated: fc.boolean(),
    why: fc.string(),
  }),
);

function frameOf(message: IpcMessage): Buffer {
  const { type, payload } = encodeMessage(message);
  return encodeFrame(type, payload);
}

describe('messages between processes', () => {
  it('arrive as sent, however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(messages, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 })),
        (sent, cuts) => {
          const stream = Buffer.concat(sent.map(frameOf));
          const received: IpcMessage[] = [];
          const decoder = new FrameDecoder((type, payload) => received.push(decodeMessage(type, payload)));
          let offset = 0;
          for (const cut of cuts) {
            decoder.push(stream.subarray(offset, offset + cut));
            offset += cut;
          }
          decoder.push(stream.subarray(offset));
          expect(JSON.stringify(received, bigints)).toEqual(JSON.stringify(sent, bigints));
        },
      ),
    );
  });

  it('keep their values when the receive buffer is used again', () => {
    const chunk = frameOf({
      type: 'heartbeat',
      seq: 1,
      mode: 'active',
      sentNs: 2n,
      lastCommand: [Float64Array.of(1.5)],
      positions: new Float64Array(0),
      velocities: new Float64Array(0),
    });
    const received: IpcMessage[] = [];
    new FrameDecoder((type, payload) => received.push(decodeMessage(type, payload))).push(chunk);
    chunk.fill(0);
    expect(received[0]).toMatchObject({ lastCommand: [Float64Array.of(1.5)] });
  });

  it('are refused when a frame announces more than the bound', () => {
    const header = Buffer.alloc(5);
    header.writeUInt32LE(MAX_PAYLOAD_BYTES + 1, 0);
    expect(() => new FrameDecoder(() => {}).push(header)).toThrow(RangeError);
  });

  it('are refused when the reason of an evidence is unknown', () => {
    const { type, payload } = encodeMessage({
      type: 'evidence',
      policyStep: 1,
      expiresNs: 2n,
      authority: 1,
      reason: 'clean',
      member: -1,
      joint: -1,
      value: 0,
      limit: 0,
    });
    payload[20] = EVIDENCE_REASONS.length;
    expect(() => decodeMessage(type, payload)).toThrow(RangeError);
  });

  it('are refused when their type is unknown', () => {
    expect(() => decodeMessage(99, Buffer.alloc(0))).toThrow(RangeError);
  });
});

function bigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return Object.is(value, -0) ? '-0' : value;
}
