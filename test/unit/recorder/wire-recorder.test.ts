import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { RecordingReader } from '../../../src/data/index.js';
import type { TrafficMessage } from '../../../src/io/ipc/index.js';
import { definitionText } from '../../../src/io/ros/index.js';
import { WireRecorder } from '../../../src/recorder/wire-recorder.js';
import { temporaryFolder } from '../data/sample-episodes.js';

let folder: string;
let told: string[];
const clock = new ManualClock();

beforeEach(() => {
  folder = temporaryFolder();
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const recorder = (file: string) =>
  new WireRecorder({
    ...{ file, clock, definitionOf: definitionText, facts: { robot: 'arm' }, files: new Map() },
    onBegun: (path) => told.push(`begun ${path}`),
    onFailed: (path, why) => told.push(`failed ${path}: ${why}`),
  });

const traffic = (number: number, messageType = 'std_msgs/msg/Bool'): TrafficMessage => ({
  ...{ type: 'traffic', number, topic: '/pause', messageType, offers: [] },
  ...{ atNs: clock.nowNs(), sourceNs: number === 1 ? 77n : 0n, payload: Uint8Array.of(0, 1, 0, 0, 1) },
});

describe('the recorder of the wire', () => {
  it('makes the folder, counts what was lost, and publishes at the source’s time where it is known', async () => {
    const file = join(folder, 'new', 'drive.mcap');
    const wire = recorder(file);
    for (const number of [1, 2, 5]) wire.onMessage(traffic(number));
    wire.onMessage({ type: 'exit' });
    wire.close();
    expect(told).toEqual([`begun ${file}`]);
    expect(wire.lost).toBe(2);
    const found = [];
    for await (const message of (await RecordingReader.open(file)).messages()) found.push(message);
    expect(found.map(({ sequence }) => sequence)).toEqual([1, 2, 5]);
    expect(found.map(({ publishNs }) => publishNs)).toEqual([77n, clock.wallNs(), clock.wallNs()]);
  });

  it('writes nothing over: a second one has a file of its own', () => {
    const file = join(folder, 'drive.mcap');
    writeFileSync(file, 'the first');
    recorder(file).close();
    recorder(file).close();
    expect(told).toEqual([2, 3].map((n) => `begun ${join(folder, `drive-${n}.mcap`)}`));
    expect(readFileSync(file, 'utf8')).toBe('the first');
  });

  it('tells a failure once and then takes no more, where it cannot begin and where it cannot go on', () => {
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    const never = recorder(join(blocked, 'drive.mcap'));
    never.onMessage(traffic(1));
    never.poll();
    never.close();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^failed .*a-file/);

    told = [];
    const file = join(folder, 'drive.mcap');
    const wire = recorder(file);
    wire.onMessage(traffic(1, 'nobody_msgs/msg/Knows'));
    wire.onMessage(traffic(2));
    wire.close();
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(/^failed .*drive\.mcap: interface type 'nobody_msgs\/msg\/Knows' is not known/);
    expect(existsSync(file)).toBe(true);
  });
});
