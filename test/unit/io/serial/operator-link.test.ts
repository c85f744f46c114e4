import { beforeEach, describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  cobsDecode,
  decodeFrame,
  decodeMessage,
  encodeFrame,
  encodeMessage,
  jointSetHash,
  OperatorLink,
  schemaOf,
  type Frame,
  type Hello,
  type LinkLoss,
  type Message,
  type OperatorCommand,
  type OperatorSetPoint,
  type TeleopCommand,
} from '../../../../src/io/serial/index.js';

const JOINTS = ['shoulder', 'elbow'];
const HELLO: Hello = {
  type: 'hello',
  minor: 1,
  bootId: 1,
  jointSet: jointSetHash(JOINTS),
  axes: 2,
  maxRateHz: 50,
  firmware: 'test',
};
const STICK: TeleopCommand = {
  type: 'teleop',
  mode: 'joint-velocity',
  enable: true,
  estop: false,
  ttlMs: 80,
  axes: [0.5, -1],
};
const SET_POINT = { type: 'set-point', ttlMs: 60, axes: [0.25, -1] } as const;
const STATE = { mode: 'holding', fault: 'none', ageMs: 5, positions: [0, 1], velocities: [0, 0] } as const;
const IDLE = { owner: 'hold', latched: false, nonce: 0, stateAgeMs: 5 } as const;

/** A device that is in step with the link's clock, and what the link tells. */
class Bench {
  nowMs = 5000;
  session = 0;
  sequence = 0;
  readonly sent: { readonly message: Message; readonly frame: Frame; readonly onlyIfIdle: boolean }[] = [];
  readonly commands: OperatorCommand[] = [];
  readonly setPoints: OperatorSetPoint[] = [];
  readonly losses: LinkLoss[] = [];
  readonly told: string[] = [];
  readonly link = new OperatorLink(
    { axes: 2, jointSet: HELLO.jointSet, commandTimeoutMs: 100, linkTimeoutMs: 300, stateRateHz: 20 },
    {
      linked: ({ firmware }) => this.told.push(`linked ${firmware}`),
      refused: (result) => this.told.push(`refused ${result}`),
      lost: (reason) => this.losses.push(reason),
      command: (command) => this.commands.push(command),
      setPoint: (setPoint) => this.setPoints.push(setPoint),
      mode: (wanted) => {
        this.told.push(`mode ${wanted}`);
        return {
          result: wanted === 'agent' ? 'locked' : 'accepted',
          why: wanted === 'agent' ? 'a lock' : '',
        };
      },
      estop: (cause) => this.told.push(`estop ${cause}`),
      estopReset: (nonce) => this.told.push(`reset ${nonce}`),
      log: (level, text) => this.told.push(`log ${level} ${text}`),
      quality: (degraded) => this.told.push(degraded ? 'degraded' : 'clean'),
    },
    (bytes, onlyIfIdle) => this.fromBridge(bytes, onlyIfIdle),
    new Rng(1),
  );

  get nowNs(): bigint {
    return BigInt(Math.round(this.nowMs * 1e6));
  }

  bytes(message: Message, header: Partial<Frame> = {}): Uint8Array {
    const { id, schema, payload } = encodeMessage(message);
    const sequence = (this.sequence = (this.sequence + 1) & 0xffff);
    const frame = {
      major: 1,
      id,
      flags: 0,
      role: 'operator',
      session: this.session,
      sequence,
      sentMs: this.nowMs,
    };
    return encodeFrame({ ...(frame as Frame), ...header, payload }, schema);
  }

  give(message: Message, header: Partial<Frame> = {}): void {
    this.link.receive(this.bytes(message, header), this.nowNs);
  }

  shake(): this {
    this.session = 0;
    this.give(HELLO);
    return this;
  }

  /** Passes time in steps of 5 ms; the device beats and its loop goes on unless told otherwise. */
  pass(durationMs: number, { beats = true, progress = true } = {}): void {
    for (const end = this.nowMs + durationMs; this.nowMs < end;) {
      this.nowMs += 5;
      if (beats && this.nowMs % 100 === 0)
        this.give({ type: 'heartbeat', faults: 0, progress: progress ? this.nowMs : 1, dropped: 0 });
      this.link.tick(this.nowNs, IDLE);
    }
  }

  dropped(reason: Parameters<OperatorLink['dropped']['get']>[0]): number {
    return this.link.dropped.get(reason) ?? 0;
  }

  private fromBridge(wire: Uint8Array, onlyIfIdle: boolean): void {
    const stuffed = wire.slice(1, -1);
    expect(cobsDecode(stuffed.slice())).toBeGreaterThan(0);
    const frame = decodeFrame(stuffed, schemaOf) as Frame;
    const message = decodeMessage(frame.id, frame.payload)!;
    if (message.type === 'hello-reply') this.session = message.session;
    this.sent.push({ message, frame, onlyIfIdle });
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('handshake', () => {
  it('answers a device that fits with a session and the timeouts, and links', () => {
    bench.shake();
    expect(bench.sent[0]!.message).toMatchObject({
      type: 'hello-reply',
      result: 'accepted',
      commandTimeoutMs: 100,
      linkTimeoutMs: 300,
    });
    expect(bench.session).toBeGreaterThan(0);
    expect(bench.link.linked).toBe(true);
    expect(bench.told).toEqual(['linked test']);
  });

  it.each([
    ['axes', { axes: 3 }],
    ['joint-set', { jointSet: jointSetHash(['elbow', 'shoulder']) }],
  ])('refuses a device whose %s differ, and says so to both', (result, change) => {
    bench.give({ ...HELLO, ...change });
    expect(bench.sent[0]!.message).toMatchObject({ type: 'hello-reply', session: 0, result, axes: 2 });
    expect(bench.told).toEqual([`refused ${result}`]);
    expect(bench.link.linked).toBe(false);
    bench.give(STICK);
    expect(bench.commands).toEqual([]);
  });

  it('tells a device of another version that it is one, and gives it no session; only its stop is heard', () => {
    bench.shake();
    bench.give(HELLO, { major: 2, session: 0 });
    expect(bench.losses).toEqual(['restarted']);
    expect(bench.sent.at(-1)!.message).toMatchObject({ type: 'hello-reply', session: 0, result: 'version' });
    expect(bench.sent.at(-1)!.frame.major).toBe(1);
    expect(bench.link.linked).toBe(false);
    bench.give(STICK, { major: 2 });
    bench.give({ type: 'estop', cause: 3 }, { major: 2 });
    expect(bench.told).toEqual(['linked test', 'refused version', 'estop 3']);
    expect(bench.commands).toEqual([]);
  });

  it('draws another session each time, so that frames from before a restart are not used', () => {
    bench.shake();
    const old = bench.session;
    bench.pass(20);
    bench.shake();
    expect(bench.losses).toEqual(['restarted']);
    expect(bench.session).not.toBe(old);
    bench.give(STICK, { session: old });
    expect(bench.commands).toEqual([]);
    expect(bench.dropped('session')).toBe(1);
  });

  it('does not link to its own echo', () => {
    bench.give(HELLO, { role: 'bridge' });
    expect(bench.link.linked).toBe(false);
    expect(bench.dropped('echo')).toBe(1);
  });
});

describe('commands', () => {
  beforeEach(() => {
    bench.shake();
  });

  it('are handed on with the time when they end: their own, or the longest allowed', () => {
    bench.give(STICK);
    bench.give({ ...STICK, ttlMs: 5000 });
    const [first, second] = bench.commands;
    expect(first!.axes[0]).toBeCloseTo(0.5, 4);
    expect(first!.axes[1]).toBe(-1);
    expect(first!.expiresNs - first!.receivedNs).toBe(80_000_000n);
    expect(second!.expiresNs - second!.receivedNs).toBe(100_000_000n);
  });

  it('are used once and in order: duplicates, replays and latecomers are dropped', () => {
    const recorded = [bench.bytes(STICK), bench.bytes(STICK), bench.bytes(STICK)];
    for (const i of [0, 0, 2, 1, 2]) bench.link.receive(recorded[i]!, bench.nowNs);
    expect(bench.commands).toHaveLength(2);
    expect(bench.dropped('sequence')).toBe(3);
  });

  it('go on when the sequence number begins anew at 65536', () => {
    bench.sequence = 0x7000;
    bench.give(STICK);
    bench.sequence = 0xe000;
    bench.give(STICK);
    bench.sequence = 0xffff;
    bench.give(STICK);
    expect(bench.commands).toHaveLength(3);
  });

  it('that were on their way for longer than a command may be old are dropped, however they are stamped', () => {
    bench.pass(100);
    const queued = bench.bytes(STICK);
    bench.pass(150, { beats: false });
    bench.link.receive(queued, bench.nowNs);
    expect(bench.commands).toHaveLength(0);
    expect(bench.dropped('delayed')).toBe(1);
    bench.give(STICK);
    expect(bench.commands).toHaveLength(1);
  });

  it('survive that the clocks part slowly, for hours', () => {
    for (let minute = 0; minute < 120; minute++) {
      bench.nowMs += 60_000;
      bench.give(STICK, { sentMs: Math.round(bench.nowMs * (1 - 1e-4)) }); // 100 ppm: 0.7 s after two hours
    }
    expect(bench.dropped('delayed')).toBe(0);
  });

  it('survive that the device counts milliseconds past 2^32', () => {
    const wrapping = 2 ** 32 - 50;
    bench = new Bench();
    bench.give(HELLO, { sentMs: wrapping });
    for (let t = 10; t <= 100; t += 10) {
      bench.nowMs += 10;
      bench.give(STICK, { sentMs: (wrapping + t) % 2 ** 32 });
    }
    expect(bench.commands).toHaveLength(10);
  });

  it('with another number of axes are dropped', () => {
    bench.give({ ...STICK, axes: [0] });
    expect(bench.commands).toEqual([]);
    expect(bench.dropped('axes')).toBe(1);
  });
});

describe('stops', () => {
  it('by their button come through as stops, not as commands', () => {
    bench.shake();
    bench.give({ ...STICK, estop: true });
    expect(bench.told).toContain('estop 0');
    expect(bench.commands).toEqual([]);
  });

  it('are acknowledged and told whatever their session and sequence', () => {
    bench.give({ type: 'estop', cause: 4 }, { flags: 1, session: 999, sequence: 77 });
    expect(bench.told).toEqual(['estop 4']);
    expect(bench.sent[0]!.message).toEqual({ type: 'ack', id: 5, sequence: 77 });
  });

  it('are reset only in a session, with the number of the stop', () => {
    bench.give({ type: 'estop-reset', nonce: 12 });
    expect(bench.told).toEqual([]);
    bench.shake();
    bench.give({ type: 'estop-reset', nonce: 12 });
    expect(bench.told).toContain('reset 12');
  });
});

describe('loss', () => {
  beforeEach(() => {
    bench.shake();
  });

  it('does not come while the device beats and its loop goes on', () => {
    bench.pass(5000);
    expect(bench.losses).toEqual([]);
  });

  it('comes when nothing valid was heard for the link timeout', () => {
    bench.pass(300, { beats: false });
    expect(bench.losses).toEqual([]);
    bench.pass(5, { beats: false });
    expect(bench.losses).toEqual(['silent']);
    bench.give(STICK);
    expect(bench.commands).toEqual([]); // a new handshake first
  });

  it('comes when the device beats but its loop hangs', () => {
    bench.pass(1000);
    bench.pass(1000, { progress: false });
    expect(bench.losses).toEqual(['stuck']);
  });

  it('comes when the port is gone', () => {
    bench.link.closed();
    expect(bench.losses).toEqual(['closed']);
    bench.link.closed();
    expect(bench.losses).toEqual(['closed']);
  });

  it('comes when more than a fifth of the frames is damaged, not for less', () => {
    exchange(10, 200);
    expect(bench.losses).toEqual([]);
    exchange(2, 100);
    expect(bench.losses).toEqual(['noisy']);
  });
});

/** Sends a command every 20 ms, each n-th one damaged. */
function exchange(each: number, rounds: number): void {
  for (let i = 1; i <= rounds; i++) {
    const wire = bench.bytes(STICK);
    if (i % each === 0) wire[5]! ^= wire[5] === 0x10 ? 0x20 : 0x10;
    bench.link.receive(wire, bench.nowNs);
    bench.pass(20);
  }
}

describe('a line that is not clean', () => {
  const qualities = () => bench.told.filter((text) => text === 'degraded' || text === 'clean');
  beforeEach(() => {
    bench.shake();
  });

  it('degrades the link when more than 5 % of the frames are damaged, not for less', () => {
    exchange(40, 400); // heartbeats come beside them
    expect(bench.link.degraded).toBe(false);
    exchange(10, 200);
    expect(bench.link.degraded).toBe(true);
    expect(qualities()).toEqual(['degraded']);
    expect(bench.losses).toEqual([]);
  });

  it('is clean again after two seconds without a damaged frame, not sooner', () => {
    exchange(10, 100);
    exchange(Infinity, 45);
    expect(bench.link.degraded).toBe(true);
    exchange(Infinity, 110);
    expect(qualities()).toEqual(['degraded', 'clean']);
    expect(bench.link.degraded).toBe(false);
  });

  it('is not forgotten with the session', () => {
    exchange(2, 60);
    expect(bench.losses).toEqual(['noisy']);
    bench.shake();
    expect(bench.link.degraded).toBe(true);
  });
});

describe('a noisy line', () => {
  it('gives no command, keeps no memory, and the next good frame is taken', () => {
    bench.shake();
    const rng = new Rng(7);
    const noise = new Uint8Array(1000);
    for (let i = 0; i < 1000; i++) {
      for (let j = 0; j < noise.length; j++) noise[j] = rng.integer(256);
      bench.link.receive(noise, bench.nowNs);
    }
    expect(bench.commands).toEqual([]);
    expect(bench.told.filter((text) => text !== 'linked test')).toEqual(['degraded']);
    bench.link.receive(Uint8Array.of(0), bench.nowNs);
    bench.shake();
    bench.give(STICK);
    expect(bench.commands).toHaveLength(1);
  });

  it('costs no more than the frames that it touches', () => {
    bench.shake();
    const wire = [bench.bytes(STICK), bench.bytes(STICK), bench.bytes(STICK)];
    wire[1] = wire[1]!.filter((_, i) => i !== 9); // a byte lost
    bench.link.receive(Buffer.concat(wire), bench.nowNs);
    expect(bench.commands).toHaveLength(2);
  });

  it('does not glue the halves of a frame together after a pause', () => {
    bench.shake();
    const wire = bench.bytes(STICK);
    bench.link.receive(wire.subarray(0, 12), bench.nowNs);
    bench.pass(60, { beats: false });
    bench.link.receive(wire.subarray(12), bench.nowNs);
    expect(bench.commands).toEqual([]);
    expect(bench.dropped('late-frame')).toBe(1);
    bench.give(STICK);
    expect(bench.commands).toHaveLength(1);
  });

  it('counts the time of a frame from its own beginning, however the reads are cut', () => {
    bench.shake();
    let rest = bench.bytes(STICK);
    for (let i = 0; i < 10; i++) {
      const next = bench.bytes(STICK);
      bench.link.receive(Buffer.concat([rest, next.subarray(0, 12)]), bench.nowNs);
      rest = next.subarray(12);
      bench.pass(10, { beats: false });
    }
    bench.link.receive(rest, bench.nowNs);
    expect(bench.dropped('late-frame')).toBe(0);
    expect(bench.commands).toHaveLength(11);
  });
});

it('hands on ten log lines a second and no more', () => {
  bench.shake();
  const logged = () => bench.told.filter((text) => text.startsWith('log')).length;
  for (let i = 0; i < 50; i++) bench.give({ type: 'log', level: 1, text: `${i}` });
  expect(logged()).toBe(10);
  bench.pass(1000);
  for (let i = 0; i < 50; i++) bench.give({ type: 'log', level: 1, text: `${i}` });
  expect(logged()).toBe(20);
  expect(bench.dropped('flood')).toBe(80);
});

it('tells the device ten times a second who moves the robot', () => {
  bench.shake();
  bench.sent.length = 0;
  bench.pass(1000);
  const statuses = bench.sent.filter(({ message }) => message.type === 'status');
  expect(statuses).toHaveLength(10);
  expect(statuses[0]!.message).toEqual({ type: 'status', ...IDLE });
  expect(statuses.every(({ frame }) => frame.role === 'bridge' && frame.session === bench.session)).toBe(
    true,
  );
});

describe('requests for a mode', () => {
  const asked = () => bench.told.filter((text) => text.startsWith('mode'));
  const replies = () => bench.sent.map(({ message }) => message).filter(({ type }) => type === 'mode-reply');
  beforeEach(() => {
    bench.shake();
  });

  it('are answered once, with the number of the request', () => {
    bench.give({ type: 'mode-request', wanted: 'hold' });
    const first = bench.sequence;
    bench.give({ type: 'mode-request', wanted: 'agent' });
    bench.pass(1000);
    expect(asked()).toEqual(['mode hold', 'mode agent']);
    expect(replies()).toEqual([
      { type: 'mode-reply', sequence: first, wanted: 'hold', result: 'accepted', why: '' },
      { type: 'mode-reply', sequence: first + 1, wanted: 'agent', result: 'locked', why: 'a lock' },
    ]);
  });

  it('do nothing as duplicates, replays, of an earlier session, late, or without one', () => {
    const recorded = bench.bytes({ type: 'mode-request', wanted: 'agent' });
    bench.link.receive(recorded.slice(), bench.nowNs);
    bench.link.receive(recorded.slice(), bench.nowNs);
    bench.give(STICK);
    bench.link.receive(recorded.slice(), bench.nowNs);
    expect(bench.dropped('sequence')).toBe(2);
    bench.shake();
    bench.link.receive(recorded.slice(), bench.nowNs);
    bench.pass(100);
    const queued = bench.bytes({ type: 'mode-request', wanted: 'agent' });
    bench.pass(150, { beats: false });
    bench.link.receive(queued, bench.nowNs);
    expect(bench.dropped('delayed')).toBe(1);
    bench.link.closed();
    bench.give({ type: 'mode-request', wanted: 'agent' });
    expect(bench.dropped('session')).toBe(2);
    expect(asked()).toEqual(['mode agent']);
    expect(replies()).toHaveLength(1);
  });

  it('for the agent are taken twice a second at most; hold is always', () => {
    for (let i = 0; i < 10; i++) bench.give({ type: 'mode-request', wanted: 'agent' });
    for (let i = 0; i < 10; i++) bench.give({ type: 'mode-request', wanted: 'hold' });
    expect(asked().filter((text) => text === 'mode agent')).toHaveLength(2);
    expect(asked().filter((text) => text === 'mode hold')).toHaveLength(10);
    expect(bench.dropped('flood')).toBe(8);
    bench.pass(1100);
    bench.give({ type: 'mode-request', wanted: 'agent' });
    expect(asked().filter((text) => text === 'mode agent')).toHaveLength(3);
  });
});

describe('set-points', () => {
  it('are handed on with the time when they end, once and in order; with another number of axes they are dropped', () => {
    bench.give(SET_POINT);
    expect(bench.setPoints).toEqual([]);
    bench.shake();
    const recorded = bench.bytes(SET_POINT);
    bench.link.receive(recorded.slice(), bench.nowNs);
    bench.link.receive(recorded.slice(), bench.nowNs);
    bench.give({ ...SET_POINT, ttlMs: 60_000 });
    bench.give({ ...SET_POINT, axes: [0] });
    const [first, second, ...more] = bench.setPoints;
    expect(first!.axes[0]).toBeCloseTo(0.25, 4);
    expect(first!.axes[1]).toBe(-1);
    expect(first!.expiresNs - first!.receivedNs).toBe(60_000_000n);
    expect(second!.expiresNs - second!.receivedNs).toBe(100_000_000n);
    expect(more).toEqual([]);
    expect(bench.dropped('axes')).toBe(1);
  });
});

describe('the state of the robot', () => {
  const states = () => bench.sent.filter(({ message }) => message.type === 'state');
  function passWith(durationMs: number, state: () => typeof STATE | null): void {
    for (const end = bench.nowMs + durationMs; bench.nowMs < end;) {
      bench.nowMs += 5;
      if (bench.nowMs % 100 === 0)
        bench.give({ type: 'heartbeat', faults: 0, progress: bench.nowMs, dropped: 0 });
      bench.link.tick(bench.nowNs, IDLE, state);
    }
  }

  it('is told at its rate, only where nothing waits to be sent, and read no oftener', () => {
    bench.shake();
    let read = 0;
    passWith(1000, () => (read++, STATE));
    expect(states()).toHaveLength(20);
    expect(read).toBe(20);
    expect(states().every(({ onlyIfIdle }) => onlyIfIdle)).toBe(true);
    expect(bench.sent.filter(({ onlyIfIdle }) => onlyIfIdle)).toHaveLength(20);
    const { message } = states()[0]!;
    expect(message).toEqual({ type: 'state', ...STATE });
  });

  it('is not told before it is known, without a link, or to a device that does not know the message', () => {
    passWith(200, () => STATE);
    bench.shake();
    passWith(200, () => null);
    expect(states()).toEqual([]);
    bench.session = 0;
    bench.give({ ...HELLO, minor: 0 });
    passWith(200, () => STATE);
    expect(states()).toEqual([]);
  });
});
