import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McapIndexedReader } from '@mcap/core';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { listBlackBoxes, readBlackBox, type BlackBoxRobot } from '../../../src/data/index.js';
import type { EventMessage, IpcMessage, TickMessage } from '../../../src/io/ipc/index.js';
import { BlackBoxRecorder } from '../../../src/recorder/black-box.js';
import { tripOf } from '../../../src/recorder/trips.js';
import { CHECKS } from '../../../src/safety/index.js';
import { temporaryFolder } from '../data/sample-episodes.js';

const ROBOT: BlackBoxRobot = {
  robot: 'arm',
  task: 'reach',
  contractSha256: 'ab'.repeat(32),
  commandInterface: 'velocity',
  controlRateHz: 100,
  positions: [
    { joint: 'elbow', unit: 'rad', min: -1, max: 2 },
    { joint: 'tool', unit: 'm', min: -Infinity, max: Infinity },
  ],
  commands: [{ joint: 'elbow', unit: 'rad/s', min: -3, max: 3 }],
};
const SECONDS = 2;
const ESTOP = { check: 'estop', message: 'e-stop pressed', clearedBy: 'release it' };

let root: string;
let folder: string;
let clock: ManualClock;
let box: BlackBoxRecorder;
let written: string[];
let failures: string[];
let seq: number;

beforeEach(() => {
  root = temporaryFolder();
  folder = join(root, 'blackbox');
  clock = new ManualClock(50_000_000_000n);
  written = [];
  failures = [];
  seq = 0;
  box = new BlackBoxRecorder({
    folder,
    robot: ROBOT,
    seconds: SECONDS,
    clock,
    onWritten: (path) => written.push(path),
    onFailed: (why) => failures.push(why),
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const event = (kind: string, detail: EventMessage['detail'] = {}): void =>
  box.onMessage({ type: 'event', kind, atNs: clock.nowNs(), detail });

const tick = (more: Partial<TickMessage> = {}): IpcMessage => ({
  type: 'tick',
  seq: ++seq,
  policyStep: 3,
  atNs: clock.nowNs(),
  mode: 'active',
  owner: 'agent',
  verdict: 'limited',
  reasons: (1 << CHECKS.indexOf('velocity')) | (1 << CHECKS.indexOf('jerk')),
  stateReceivedNs: clock.nowNs() - 1_000_000n,
  sentNs: clock.nowNs() + 100_000n,
  positions: Float64Array.of(seq, 2),
  velocities: Float64Array.of(3, 4),
  requested: Float64Array.of(5),
  executed: Float64Array.of(4.5),
  ...more,
});

/** Ticks every 10 ms. */
function run(ms: number, more: Partial<TickMessage> = {}): void {
  for (let i = 0; i < ms / 10; i++) {
    clock.advanceMs(10);
    box.onMessage(tick(more));
    box.poll();
  }
}

const only = () => {
  expect(written).toHaveLength(1);
  return readBlackBox(written[0]!);
};

describe('the black box', () => {
  it('holds the seconds before a trip and the one after it, whoever drove', async () => {
    run(5_000, { owner: 'teleop' });
    event('fault', ESTOP);
    const tripNs = clock.nowNs();
    run(990, { mode: 'estop', owner: 'hold', requested: new Float64Array(0) });
    expect(written).toEqual([]);
    run(10, { mode: 'estop' });
    const { trip, robot, ticks, events } = await only();
    expect(trip).toEqual({
      cause: 'estop',
      message: 'e-stop pressed',
      clearedBy: 'release it',
      timeNs: tripNs,
      wallNs: tripNs,
    });
    expect(robot).toEqual(ROBOT);
    expect(ticks[0]!.timeNs).toBe(tripNs - BigInt(SECONDS) * 1_000_000_000n);
    expect(ticks.at(-1)!.timeNs).toBe(tripNs + 1_000_000_000n);
    expect(ticks).toHaveLength(SECONDS * 100 + 1 + 100);
    expect(ticks[0]).toEqual({
      seq: 300,
      policyStep: 3,
      timeNs: tripNs - 2_000_000_000n,
      measuredNs: tripNs - 2_001_000_000n,
      sentNs: tripNs - 1_999_900_000n,
      mode: 'active',
      authority: 'teleop',
      verdict: 'limited',
      reasons: ['velocity', 'jerk'],
      positions: Float64Array.of(300, 2),
      velocities: Float64Array.of(3, 4),
      asked: Float64Array.of(5),
      sent: Float64Array.of(4.5),
    });
    expect(ticks.at(-2)!.asked).toHaveLength(0);
    expect(events).toEqual([{ timeNs: tripNs, kind: 'fault', text: JSON.stringify(ESTOP), trip: true }]);
  });

  it('is an MCAP file whose channels a reader of ROS messages understands by themselves', async () => {
    run(100);
    box.onMessage({
      type: 'proposal',
      policyStep: 4,
      expiresNs: 9n,
      policyVersion: 0,
      action: Float64Array.of(0.5),
      command: Float64Array.of(1.5),
    });
    event('agent-lost');
    run(1_000);
    const bytes = readFileSync(written[0]!);
    const reader = await McapIndexedReader.Initialize({
      readable: {
        size: () => Promise.resolve(BigInt(bytes.length)),
        read: (offset, length) =>
          Promise.resolve(bytes.subarray(Number(offset), Number(offset) + Number(length))),
      },
    });
    const found: Record<string, unknown[]> = {};
    let lastNs = 0n;
    for await (const message of reader.readMessages()) {
      expect(message.logTime >= lastNs).toBe(true);
      lastNs = message.logTime;
      const { topic, schemaId } = reader.channelsById.get(message.channelId)!;
      const { encoding, data } = reader.schemasById.get(schemaId)!;
      expect(encoding).toBe('ros2msg');
      const definition = parse(new TextDecoder().decode(data), { ros2: true });
      (found[topic] ??= []).push(new MessageReader(definition).readMessage(message.data));
    }
    expect(Object.keys(found).sort()).toEqual([
      '/dynabridge/proposal',
      '/dynabridge/tick',
      '/dynabridge/trip',
      '/rosout',
    ]);
    expect(found['/dynabridge/trip']).toMatchObject([{ cause: 'agent-lost', measured: ['elbow', 'tool'] }]);
    expect(found['/dynabridge/tick']).toHaveLength(110);
    expect(found['/dynabridge/tick']![0]).toMatchObject({ reasons: ['velocity', 'jerk'], mode: 'active' });
    expect(found['/dynabridge/proposal']).toMatchObject([{ policy_step: 4, command: Float64Array.of(1.5) }]);
    expect(found['/rosout']).toMatchObject([{ function: 'agent-lost', level: 40 }]);
  });

  it('puts trips that follow soon into one file, and those within five seconds of it into the next', async () => {
    run(100);
    event('fault', ESTOP);
    run(500);
    event('agent-lost');
    run(1_000);
    expect((await only()).events.map(({ kind }) => kind)).toEqual(['fault', 'agent-lost']);
    event('agent-silent', { silentMs: 250 });
    run(3_300);
    expect(written).toHaveLength(1);
    run(200);
    expect(written).toHaveLength(2);
    const second = await readBlackBox(written[1]!);
    expect(second.trip.message).toBe('the agent answered nothing for 250 ms and lost its authority');
    expect(second.ticks[0]!.timeNs).toBe(second.trip.timeNs - 1_590_000_000n); // since the start: 2 s would be more
  });

  it('of a guard that went away without a goodbye is written at once; of one that said it, not at all', async () => {
    run(100);
    event('stopped', { outcome: 'at rest' });
    box.guardGone();
    box.close();
    expect((await only()).trip.cause).toBe('guard-lost');
    event('summary');
    box.guardGone();
    box.close();
    expect(written).toHaveLength(1);
  });

  it('keeps the newest twenty files, leaves others alone, and clears what a killed writer left long ago', () => {
    mkdirSync(folder);
    const [abandoned, recent, foreign] = ['.a.mcap.1.tmp', '.b.mcap.2.tmp', 'notes.mcap'];
    for (const name of [abandoned, recent, foreign]) writeFileSync(join(folder, name), '');
    utimesSync(join(folder, abandoned), 0, 1);
    utimesSync(join(folder, recent), 0, 1_000);
    for (let i = 0; i < 23; i++) {
      event('agent-lost');
      run(6_000);
    }
    expect(written).toHaveLength(23);
    expect(listBlackBoxes(folder)).toEqual(written.slice(-20));
    const names = readdirSync(folder);
    expect(names).toContain(foreign);
    expect(names).toContain(recent);
    expect(names).not.toContain(abandoned);
  });

  it('says why when the disk refuses, leaves nothing behind, and goes on', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    run(100);
    event('fault', ESTOP);
    run(1_000);
    expect(failures).toEqual([expect.stringMatching(/EEXIST|ENOTDIR/)]);
    rmSync(folder);
    run(4_000);
    event('fault', ESTOP);
    run(1_000);
    expect((await only()).ticks.length).toBeGreaterThan(200);
    expect(failures).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('holds text of any kind, cut to a bound', async () => {
    event('teleop-log', { text: `é\n${'x'.repeat(10_000)}` });
    event('fault', { ...ESTOP, check: '../../estop', message: 'Not-Aus gedrückt' });
    run(1_000);
    const { trip, events } = await only();
    expect(trip.message).toBe('Not-Aus gedr?ckt');
    expect(events[0]!.text).toHaveLength(2_000);
    expect(listBlackBoxes(folder)).toEqual(written);
  });
});

describe('trips', () => {
  it.each([
    ['fault', ESTOP, 'estop'],
    ['fault', { check: 'other-writer', message: 'another node' }, 'other-writer'],
    ['agent-silent', { silentMs: 210.4 }, 'agent-silent'],
    ['agent-lost', {}, 'agent-lost'],
    ['teleop', { event: 'lost' }, 'operator-lost'],
    ['state-lost', { message: 'the joint state was lost' }, 'state-lost'],
    ['supervisor-lost', {}, 'supervisor-lost'],
  ])('%s %j is %s, with words for what happened and what clears it', (kind, detail, cause) => {
    const trip = tripOf({ kind, detail });
    expect(trip?.cause).toBe(cause);
    expect(trip!.message.length).toBeGreaterThan(5);
    expect(trip!.clearedBy.length).toBeGreaterThan(5);
  });

  it.each([
    ['engaged', {}],
    ['disengaged', { reason: 'told to', requested: true }],
    ['teleop', { event: 'released' }],
    ['request', { event: 'estop' }],
    ['constructor', {}],
  ])('%s %j is none', (kind, detail) => {
    expect(tripOf({ kind, detail })).toBeNull();
  });
});
