import { beforeEach, describe, expect, it } from 'vitest';
import {
  DeviceLink,
  decodeFrame,
  decodeMessage,
  encodeFrame,
  encodeMessage,
  jointSetHash,
  schemaOf,
  type Frame,
  type Message,
} from '../../../../src/io/serial/index.js';

const MS = 1_000_000n;
let link: DeviceLink;
let sent: { readonly message: Message; readonly frame: Frame }[];
let told: string[];
let nowNs: bigint;
beforeEach(() => {
  [sent, told, nowNs] = [[], [], 1000n * MS];
  link = new DeviceLink(
    { firmware: 'test', bootId: 9, joints: ['a', 'b'], maxRateHz: 50 },
    {
      link: (linked, result) => told.push(`link ${linked} ${result}`),
      status: ({ owner }) => told.push(`status ${owner}`),
      state: ({ mode }) => told.push(`state ${mode}`),
      modeReply: ({ wanted, result }) => told.push(`mode ${wanted} ${result}`),
    },
    (wire) => {
      const frame = decodeFrame(wire.slice(1, -1), schemaOf) as Frame;
      sent.push({ frame, message: decodeMessage(frame.id, frame.payload)! });
    },
  );
});

/** From the bridge. */
function give(message: Message, header: Partial<Frame> = {}): void {
  const { id, schema, payload } = encodeMessage(message);
  const frame = { major: 1, id, flags: 0, role: 'bridge', session: 77, sequence: 1, sentMs: 0 } as const;
  link.receive(encodeFrame({ ...frame, ...header, payload }, schema), nowNs);
}
const REPLY = {
  type: 'hello-reply',
  session: 77,
  result: 'accepted',
  axes: 2,
  jointSet: 0,
  commandTimeoutMs: 100,
  linkTimeoutMs: 300,
} as const;
const STATUS = { type: 'status', owner: 'teleop', latched: false, nonce: 0, stateAgeMs: 1 } as const;
function pass(durationMs: number): void {
  for (let i = 0; i < durationMs; i += 5) link.tick((nowNs += 5n * MS));
}
const count = (type: Message['type']) => sent.filter(({ message }) => message.type === type).length;

describe('the device', () => {
  it('says HELLO four times a second until it is answered, then beats ten times a second', () => {
    pass(1000);
    expect(count('hello')).toBe(4);
    expect(sent[0]!.message).toMatchObject({ axes: 2, bootId: 9, jointSet: jointSetHash(['a', 'b']) });
    expect(link.teleop({ mode: 'hold', enable: false, estop: false, ttlMs: 1, axes: [0, 0] }, nowNs)).toBe(
      false,
    );
    give(REPLY);
    link.progress();
    for (let i = 0; i < 10; i++) {
      give(STATUS);
      pass(100);
    }
    expect(count('hello')).toBe(4);
    expect(count('heartbeat')).toBe(10);
    expect(sent.at(-1)).toMatchObject({ message: { progress: 1 }, frame: { session: 77, role: 'operator' } });
    expect(told.slice(0, 2)).toEqual(['link true accepted', 'status teleop']);
  });

  it('ends the session when the bridge is silent, and does not take a status of another one for it', () => {
    give(REPLY);
    pass(200);
    give(STATUS, { session: 5 });
    pass(105);
    expect(told).toEqual(['link true accepted', 'link false accepted']);
  });

  it('repeats a stop until one of its frames is acknowledged, linked or not', () => {
    link.estop(4, nowNs);
    pass(200);
    expect(count('estop')).toBe(5);
    const stops = sent.filter(({ message }) => message.type === 'estop').map(({ frame }) => frame);
    expect(stops.every(({ flags }) => flags === 1)).toBe(true);
    give({ type: 'ack', id: 5, sequence: stops[0]!.sequence - 1 });
    pass(50);
    expect(count('estop')).toBe(6);
    give({ type: 'ack', id: 5, sequence: stops[1]!.sequence });
    pass(200);
    expect(count('estop')).toBe(6);
  });

  it('hears why it is refused, by a bridge of another version too, and nothing else of such a bridge', () => {
    give({ ...REPLY, session: 0, result: 'joint-set' });
    give({ ...REPLY, session: 0, result: 'version' }, { major: 2 });
    give(REPLY, { major: 2 });
    give(REPLY, { role: 'operator' });
    expect(told).toEqual(['link false joint-set', 'link false version']);
    expect(link.dropped).toBe(2);
  });

  it('asks for a mode once, and takes the reply to its newest request, once and of its session only', () => {
    expect(link.requestMode('hold', nowNs)).toBe(false);
    expect(count('mode-request')).toBe(0);
    give(REPLY);
    expect(link.requestMode('hold', nowNs)).toBe(true);
    expect(link.requestMode('agent', nowNs)).toBe(true);
    const [first, second] = sent.slice(-2).map(({ frame }) => frame.sequence);
    for (let i = 0; i < 10; i++) {
      give(STATUS);
      pass(100);
    }
    expect(count('mode-request')).toBe(2);
    const reply = { type: 'mode-reply', wanted: 'agent', result: 'locked', why: '' } as const;
    give({ ...reply, sequence: first! });
    give({ ...reply, sequence: second! }, { session: 5 });
    expect(told.filter((line) => line.startsWith('mode'))).toEqual([]);
    give({ ...reply, sequence: second! });
    give({ ...reply, sequence: second! });
    expect(told.filter((line) => line.startsWith('mode'))).toEqual(['mode agent locked']);
  });

  it('forgets a request with its session', () => {
    give(REPLY);
    link.requestMode('hold', nowNs);
    const { sequence } = sent.at(-1)!.frame;
    pass(305);
    give(REPLY);
    give({ type: 'mode-reply', sequence, wanted: 'hold', result: 'accepted', why: '' });
    expect(told).toEqual(['link true accepted', 'link false accepted', 'link true accepted']);
  });

  it('does not take a state for a sign that the bridge lives, nor the state of another session', () => {
    const state = { type: 'state', mode: 'holding', fault: 'none', ageMs: 1 } as const;
    const axes = { positions: [0, 0], velocities: [0, 0] };
    give(REPLY);
    give({ ...state, ...axes }, { session: 5 });
    pass(200);
    give({ ...state, ...axes });
    pass(105);
    expect(told).toEqual(['link true accepted', 'state holding', 'link false accepted']);
  });
});
