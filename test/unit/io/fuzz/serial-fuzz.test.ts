import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  DEFAULT_TIMEOUTS,
  OperatorLink,
  decodeFrame,
  encodeFrame,
  encodeMessage,
  jointSetHash,
  schemaOf,
  type Message,
} from '../../../../src/io/serial/index.js';
import { AMOUNT, SEED, report } from '../../../amount.js';
import { heapBytes } from './heap.js';

/** `npm run fuzz:wire -- <messages> [seed]` feeds a hundred bytes for each message. */
const BYTES = 100 * (AMOUNT ?? 2000);
const GROWTH_LIMIT = 4 << 20;
const PIECES_PER_ROUND = 100;
const REPLY_ID = 2;
const JOINT_SET = jointSetHash(['shoulder', 'elbow']);
const IDLE = { owner: 'hold', latched: false, nonce: 0, stateAgeMs: 5 } as const;

/** What the good device sends. */
const MESSAGES: readonly Message[] = [
  {
    type: 'hello',
    minor: 0,
    bootId: 7,
    jointSet: JOINT_SET,
    axes: 2,
    maxRateHz: 50,
    firmware: 'fuzzed',
  },
  { type: 'heartbeat', faults: 0, progress: 3, dropped: 0 },
  { type: 'teleop', mode: 'joint-velocity', enable: true, estop: false, ttlMs: 80, axes: [0.5, -1] },
  { type: 'teleop', mode: 'joint-delta', enable: false, estop: true, ttlMs: 0, axes: [0, 0] },
  { type: 'estop', cause: 3 },
  { type: 'estop-reset', nonce: 0x1234_0000 },
  { type: 'log', level: 1, text: 'stick calibrated' },
  { type: 'mode-request', wanted: 'hold' },
  { type: 'set-point', ttlMs: 80, axes: [0.25, -0.5] },
];

/** All that may ever be told. */
const EVERYTHING_VALID = [
  'axes 0.500 -1.000',
  'estop 0',
  'estop 3',
  'goal 0.250 -0.500',
  'linked fuzzed',
  `log 1 stick calibrated`,
  'mode hold',
  `reset ${0x1234_0000}`,
];

/** Cuts the stream at its zeros as docs/serial-protocol.md says, by itself: which frames have come whole and in time? */
class Listener {
  valid = 0;
  private frame: number[] = [];
  private sinceMs = 0;
  private dropped = false;
  private known: ReadonlySet<string> = new Set();

  /** @param frames that are valid from now on, delimiters included */
  expect(frames: readonly Uint8Array[]): void {
    this.known = new Set(frames.map((frame) => Buffer.from(frame.subarray(1, -1)).toString('latin1')));
  }

  hear(chunk: Uint8Array, nowMs: number): void {
    for (const byte of chunk) {
      if (byte !== 0) {
        if (this.frame.length === 0) this.sinceMs = nowMs;
        this.frame.push(byte);
        continue;
      }
      if (!this.dropped && this.known.has(Buffer.from(this.frame).toString('latin1'))) this.valid++;
      this.frame = [];
      this.dropped = false;
    }
    if (this.frame.length > 300) this.frame.length = 300; // longer than any
  }

  wait(nowMs: number): void {
    if (this.frame.length > 0 && nowMs - this.sinceMs > 50) this.dropped = true;
  }
}

function mutate(frames: readonly Uint8Array[], rng: Rng): Uint8Array {
  const pick = (): Uint8Array => frames[rng.integer(frames.length)]!.slice();
  const frame = pick();
  const at = rng.integer(frame.length);
  switch (rng.integer(8)) {
    case 0:
      return Uint8Array.from({ length: 1 + rng.integer(300) }, () => rng.integer(256));
    case 1:
      return Uint8Array.from({ length: 1 + rng.integer(1000) }, () => 1 + rng.integer(255)); // nothing ends it
    case 2:
      for (let bits = 1 + rng.integer(8); bits > 0; bits--)
        frame[rng.integer(frame.length)]! ^= 1 << rng.integer(8);
      return frame;
    case 3:
      return frame.subarray(0, at);
    case 4:
      return Uint8Array.of(...frame.subarray(0, at), rng.integer(256), ...frame.subarray(at));
    case 5:
      return Uint8Array.of(...frame.subarray(0, at), ...frame.subarray(at + 1 + rng.integer(4)));
    case 6: {
      const other = pick();
      return Uint8Array.of(...frame.subarray(0, at), ...other.subarray(rng.integer(other.length)));
    }
    default:
      return frame; // as it was
  }
}

const inWords = (axes: readonly number[]): string => axes.map((axis) => axis.toFixed(3)).join(' ');

/** A link, and a good device beside the bad bytes. */
class Line {
  nowMs = 5000;
  session = 0;
  commands = 0;
  readonly told = new Set<string>();
  readonly link = new OperatorLink(
    { axes: 2, jointSet: JOINT_SET, ...DEFAULT_TIMEOUTS },
    {
      linked: ({ firmware }) => this.told.add(`linked ${firmware}`),
      refused: (result) => this.told.add(`refused ${result}`),
      lost: () => undefined,
      command: ({ axes }) => {
        this.commands++;
        this.told.add(`axes ${inWords(axes)}`);
      },
      setPoint: ({ axes }) => this.told.add(`goal ${inWords(axes)}`),
      mode: (wanted) => {
        this.told.add(`mode ${wanted}`);
        return { result: 'accepted', why: '' };
      },
      estop: (cause) => this.told.add(`estop ${cause}`),
      estopReset: (nonce) => this.told.add(`reset ${nonce}`),
      log: (level, text) => this.told.add(`log ${level} ${text}`),
      quality: () => undefined,
    },
    (wire) => {
      const frame = decodeFrame(wire.slice(1, -1), schemaOf);
      if (typeof frame !== 'string' && frame.id === REPLY_ID) this.session = frame.session;
    },
    new Rng(1, 'sessions'),
  );
  readonly listener = new Listener();

  get nowNs(): bigint {
    return BigInt(this.nowMs) * 1_000_000n;
  }

  receive(bytes: Uint8Array): void {
    this.link.receive(bytes, this.nowNs);
    this.listener.hear(bytes, this.nowMs);
  }

  pass(durationMs: number): void {
    this.nowMs += durationMs;
    this.link.tick(this.nowNs, IDLE);
    this.listener.wait(this.nowMs);
  }

  frame(message: Message, sequence: number): Uint8Array {
    const { id, schema, payload } = encodeMessage(message);
    const { session, nowMs: sentMs } = this;
    const header = { major: 1, id, flags: 0, role: 'operator', session, sequence, sentMs } as const;
    return encodeFrame({ ...header, payload }, schema);
  }

  /** Links anew and sends one command. @returns whether it was taken */
  isTaken(): boolean {
    const [hello, , teleop] = MESSAGES;
    const before = this.commands;
    this.listener.expect([this.frame(hello!, 1)]);
    this.receive(this.frame(hello!, 1));
    this.listener.expect([this.frame(teleop!, 2)]);
    this.receive(this.frame(teleop!, 2));
    return this.commands === before + 1;
  }
}

describe('the operator link', () => {
  it(
    `takes from ${BYTES} random and mutated bytes the valid frames and no other`,
    () => {
      const rng = new Rng(SEED ?? 1, 'serial fuzz');
      const line = new Line();
      let [bytes, warmBytes] = [0, 0];
      for (let round = 0; bytes < BYTES; round++) {
        expect(line.isTaken()).toBe(true);
        const frames = Array.from({ length: 4 }, (_, k) =>
          MESSAGES.map((message, i) => line.frame(message, 3 + k * MESSAGES.length + i)),
        ).flat();
        line.listener.expect(frames);
        for (let piece = 0; piece < PIECES_PER_ROUND; piece++) {
          const mutant = mutate(frames, rng);
          const cut = rng.integer(mutant.length + 1);
          line.receive(mutant.subarray(0, cut));
          if (rng.integer(4) === 0) line.pass(rng.integer(40));
          line.receive(mutant.subarray(cut));
          bytes += mutant.length;
        }
        line.receive(Uint8Array.of(0));
        line.pass(100);
        expect(line.link.received).toBe(line.listener.valid);
        if (round === 9) warmBytes = heapBytes();
      }
      expect(line.listener.valid).toBeGreaterThan(BYTES / 1000);
      expect(EVERYTHING_VALID).toEqual(expect.arrayContaining([...line.told]));
      const grownBytes = heapBytes() - warmBytes;
      expect(grownBytes).toBeLessThan(GROWTH_LIMIT);
      const damaged = [...line.link.dropped.values()].reduce((sum, count) => sum + count, 0);
      report(`serial, ${bytes} bytes`, { valid: line.listener.valid, dropped: damaged, grownBytes });
    },
    AMOUNT === undefined ? 60_000 : 0,
  );
});
