import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapChunkBuilder, McapIndexedReader, McapRecordBuilder, McapStreamReader } from '@mcap/core';
import { expect, test } from 'vitest';

import { ManualClock, Rng } from '../../../src/core/index.js';
import { listEpisodeFiles, readEpisodes, transitionsOf, type Episode } from '../../../src/data/index.js';
import { EpisodeCodec, headerToMessage } from '../../../src/data/episode-codec.js';
import { McapFile } from '../../../src/data/mcap-file.js';
import {
  appendSteps,
  contentOf,
  openWriter,
  readAll,
  SESSION,
  temporaryFolder,
  writeEpisode,
} from './sample-episodes.js';

test('reads back exactly what was written', async () => {
  const folder = temporaryFolder();
  const clock = new ManualClock(1_700_000_000_123_456_789n);
  const writer = openWriter(folder, { clock });
  const written = [writeEpisode(writer, 4), writeEpisode(writer, 1, -12), writeEpisode(writer, 7)];
  writer.close();
  const { episodes, warnings } = await readAll(folder);
  expect(warnings).toEqual([]);
  expect(episodes.map(contentOf)).toEqual(written);
  expect(episodes[1]!.header).toEqual({
    ...SESSION,
    formatVersion: 1,
    id: 'sim-0001/2',
    number: 2,
    seed: -12,
    wallNs: 1_700_000_000_123_456_789n,
  });
  expect(episodes[1]!.footer).toMatchObject({ ticks: 5, steps: 1 });
});

test('fills in what a plain control tick does not say', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const recording = writer.begin({ seed: 1 });
  const vectors = { positions: new Float64Array(3), velocities: new Float64Array(3) };
  const commands = { requested: new Float64Array(2), executed: new Float64Array(2) };
  recording.tick({ timeNs: 10n, ...vectors, ...commands, reasons: 0 });
  recording.tick({ timeNs: 20n, ...vectors, ...commands, reasons: 0 });
  recording.end({ terminated: true, truncated: false });
  const { episodes } = await readAll(folder);
  expect(episodes[0]!.ticks[1]).toMatchObject({ measuredNs: 20n, sentNs: 20n, seq: 1, source: 'agent' });
  expect(episodes[0]!.footer).toEqual({ ticks: 2, steps: 0, terminated: true, truncated: false });
});

test('keeps what sensors read with each tick, and refuses frames and ticks without', async () => {
  const folder = temporaryFolder();
  const sensors = ['imu linear_acceleration x', 'imu linear_acceleration y'];
  const writer = openWriter(folder, { sensors });
  const recording = writer.begin({ seed: 1 });
  const vectors = { positions: new Float64Array(3), velocities: new Float64Array(3) };
  const commands = { requested: new Float64Array(2), executed: new Float64Array(2) };
  const tick = { ...vectors, ...commands, reasons: 0 };
  const step = { step: 0, timeNs: 0n, action: new Float32Array(2), policyVersion: 1 };
  expect(() => recording.tick({ ...tick, timeNs: 0n })).toThrow(/sensors .* has 0 values, expected 2/);
  expect(() => recording.step({ ...step, frame: new Float32Array(8) })).toThrow(/has 8 values, expected 10/);
  recording.step({ ...step, frame: new Float32Array(10).fill(2) });
  recording.tick({ ...tick, timeNs: 0n, sensors: Float64Array.of(1, 9.81) });
  recording.tick({ ...tick, timeNs: 10n, sensors: Float64Array.of(NaN, NaN) });
  recording.end({ terminated: true, truncated: false, finalFrame: new Float32Array(10) });
  writer.close();
  for (const ticks of [true, false]) {
    const episodes: Episode[] = [];
    for await (const each of readEpisodes(folder, { ticks })) episodes.push(each);
    const episode = episodes[0]!;
    expect(episode.header.sensors).toEqual(sensors);
    expect(episode.steps[0]!.frame).toHaveLength(10);
    expect(episode.ticks.map((own) => own.sensors)).toEqual(
      ticks ? [Float64Array.of(1, 9.81), Float64Array.of(NaN, NaN)] : [],
    );
  }
});

test('keeps NaN measurements: they are evidence', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const recording = writer.begin({ seed: 1 });
  const positions = Float64Array.of(NaN, Infinity, -0);
  const none = new Float64Array(0);
  recording.tick({
    timeNs: 0n,
    positions,
    velocities: positions,
    requested: none,
    executed: none,
    reasons: 2 ** 17,
  });
  recording.end({ terminated: false, truncated: true });
  const { episodes } = await readAll(folder);
  expect(episodes[0]!.ticks[0]).toMatchObject({ positions, velocities: positions, reasons: 2 ** 17 });
});

test('keeps interleaved episodes of parallel environments apart', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder, { maxChunkBytes: 400 });
  const recordings = [0, 1, 2].map((seed) => writer.begin({ seed }));
  const rng = new Rng(1);
  const first = recordings.map((recording) => appendSteps(recording, 3, rng));
  recordings[2]!.end(first[2]!.end);
  recordings[1]!.discard();
  recordings[0]!.end(first[0]!.end);
  writer.close();
  const { episodes, warnings } = await readAll(folder);
  expect(warnings).toEqual([]);
  expect(episodes.map((episode) => episode.header.seed)).toEqual([2, 0]);
  expect(episodes.map(contentOf)).toEqual([first[2], first[0]]);
});

test('a discarded episode leaves no data and no warning, even after parts of it were written', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder, { maxChunkBytes: 100 });
  const recording = writer.begin({ seed: 1 });
  appendSteps(recording, 5, new Rng(1));
  recording.discard();
  const kept = writeEpisode(writer, 2);
  writer.begin({ seed: 9 });
  writer.close(); // discards the open one
  const { episodes, warnings } = await readAll(folder);
  expect(warnings).toEqual([]);
  expect(episodes.map(contentOf)).toEqual([kept]);
});

test('an episode can be read as soon as it has ended, before the file is closed', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const written = writeEpisode(writer, 2);
  const { episodes, warnings } = await readAll(folder);
  expect(episodes.map(contentOf)).toEqual([written]);
  expect(warnings).toMatchObject([{ kind: 'not-closed', lost: [] }]);
});

test('writes the records of a long episode when they reach the age limit', async () => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const writer = openWriter(folder, { clock, maxChunkAgeMs: 100 });
  const recording = writer.begin({ seed: 1 });
  const headOnly = readFileSync(writer.file).byteLength;
  appendSteps(recording, 1, new Rng(1));
  expect(readFileSync(writer.file).byteLength).toBe(headOnly);
  clock.advanceMs(101);
  appendSteps(recording, 1, new Rng(1));
  expect(readFileSync(writer.file).byteLength).toBeGreaterThan(headOnly);
  const { episodes, warnings } = await readAll(folder);
  expect(episodes).toEqual([]);
  expect(warnings).toMatchObject([{ kind: 'not-closed', lost: ['sim-0001/1'] }]);
});

test('every session gets a new file; nothing is rewritten', async () => {
  const folder = temporaryFolder();
  const first = openWriter(folder);
  writeEpisode(first, 1);
  first.close();
  const before = readFileSync(first.file);
  const second = openWriter(folder);
  writeEpisode(second, 2);
  second.close();
  const real = openWriter(folder, { source: 'real' });
  real.close();
  writeFileSync(join(folder, 'notes.txt'), 'not an episode file');
  expect(readFileSync(first.file)).toEqual(before);
  expect(listEpisodeFiles(folder).map((path) => basename(path))).toEqual([
    'real-0001.mcap',
    'sim-0001.mcap',
    'sim-0002.mcap',
  ]);
  expect(listEpisodeFiles(folder, 'sim').map((path) => basename(path))).toEqual([
    'sim-0001.mcap',
    'sim-0002.mcap',
  ]);
  expect((await readAll(folder)).warnings).toEqual([]);
});

test('can leave control ticks undecoded', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const written = writeEpisode(writer, 2);
  writer.close();
  for await (const episode of readEpisodes(folder, { ticks: false })) {
    expect(episode.ticks).toEqual([]);
    expect(episode.footer.ticks).toBe(10);
    expect(episode.steps).toEqual(written.steps);
  }
  expect.assertions(3);
});

test('a generic MCAP reader opens the file by its index and decodes it by the schemas within', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder, { maxChunkBytes: 500 });
  const written = writeEpisode(writer, 4);
  writer.close();
  const bytes = readFileSync(writer.file);
  const reader = await McapIndexedReader.Initialize({
    readable: {
      size: () => Promise.resolve(BigInt(bytes.byteLength)),
      read: (offset, length) =>
        Promise.resolve(new Uint8Array(bytes.subarray(Number(offset), Number(offset + length)))),
    },
  });
  expect(reader.header.profile).toBe('ros2');
  expect(reader.statistics?.messageCount).toBe(BigInt(20 + 20 + 4 + 2));
  expect(reader.chunkIndexes.length).toBeGreaterThan(1);
  const byTopic = new Map<string, unknown[]>();
  for await (const message of reader.readMessages()) {
    const channel = reader.channelsById.get(message.channelId)!;
    const schema = reader.schemasById.get(channel.schemaId)!;
    expect(schema.encoding).toBe('ros2msg');
    const definition = parse(new TextDecoder().decode(schema.data), { ros2: true });
    const decoded = new MessageReader(definition).readMessage(message.data);
    byTopic.set(channel.topic, [...(byTopic.get(channel.topic) ?? []), decoded]);
  }
  const states = byTopic.get('/joint_states') as { name: string[]; position: Float64Array }[];
  expect(states.map((state) => state.position)).toEqual(written.ticks.map((tick) => tick.positions));
  expect(states[0]!.name).toEqual(SESSION.measured);
  const ticks = byTopic.get('/dynabridge/control_tick') as { executed: Float64Array; reasons: number }[];
  expect(ticks.map((tick) => tick.executed)).toEqual(written.ticks.map((tick) => tick.executed));
  expect(byTopic.get('/dynabridge/episode/end')).toMatchObject([{ episode_return: 6, success: 1 }]);
});

test('simulated episodes follow one another on the time line of the file', () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder); // the clock stands still while simulated time passes
  writeEpisode(writer, 4);
  writeEpisode(writer, 4);
  writer.close();
  const reader = new McapStreamReader();
  reader.append(readFileSync(writer.file));
  const logTimes: bigint[] = [];
  for (let record; (record = reader.nextRecord());) {
    if (record.type === 'Message' && record.channelId === 1) logTimes.push(record.logTime);
  }
  expect(logTimes).toHaveLength(40);
  expect(logTimes).toEqual([...logTimes].sort((a, b) => Number(a - b)));
});

test('refuses wrong lengths, use after the end and names that CDR cannot hold', () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const recording = writer.begin({ seed: 1 });
  const step = { step: 0, timeNs: 0n, policyVersion: 0, action: new Float32Array(2) };
  expect(() => recording.step({ ...step, frame: new Float32Array(7) })).toThrow(
    'frame of episode sim-0001/1 has 7 values, expected 8',
  );
  recording.end({ terminated: false, truncated: true });
  expect(() => recording.step({ ...step, frame: new Float32Array(8) })).toThrow('has ended');
  writer.close();
  expect(() => writer.begin({ seed: 1 })).toThrow('is closed');
  expect(() => openWriter(folder, { robot: 'Ärmchen' })).toThrow("robot 'Ärmchen' holds characters outside");
  expect(() => openWriter(folder, { maxChunkBytes: 2 ** 24 })).toThrow('expected at most 8388608 bytes');
});

test('says what is wrong with a path that holds no episodes', async () => {
  await expect(readAll('/nowhere/at/all')).rejects.toThrow('no such file or folder');
});

test('refuses a file of a later format instead of guessing', async () => {
  const folder = temporaryFolder();
  const codec = new EpisodeCodec();
  const header = { ...SESSION, formatVersion: 99, id: 'sim-0001/1', number: 1, seed: 1, wallNs: 0n };
  const data = codec.encode('/dynabridge/episode/start', headerToMessage(header));
  const chunk = new McapChunkBuilder({});
  chunk.addMessage({ channelId: 3, sequence: 0, logTime: 0n, publishTime: 0n, data });
  const file = new McapFile(join(folder, 'sim-0001.mcap'));
  file.writeChunk(chunk);
  file.close();
  await expect(readAll(folder)).rejects.toThrow('episode format 99, this version reads up to 1');
});

test('refuses a recording of another program', async () => {
  const path = join(temporaryFolder(), 'bag.mcap');
  const records = new McapRecordBuilder();
  records.writeMagic();
  records.writeHeader({ profile: 'ros2', library: 'libmcap 1.4' });
  writeFileSync(path, records.buffer);
  await expect(readAll(path)).rejects.toThrow(
    "was written by 'libmcap 1.4', expected a recording of dynabridge",
  );
});

test('transitions pair each frame with its successor and end with the final frame', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const written = writeEpisode(writer, 4);
  writer.close();
  const { episodes } = await readAll(folder);
  const transitions = transitionsOf(episodes[0]!);
  expect(transitions).toHaveLength(4);
  expect(transitions[1]).toEqual({
    index: 1,
    frame: written.steps[1]!.frame,
    action: written.steps[1]!.action,
    next: written.steps[2]!.frame,
    terminated: false,
  });
  expect(transitions[3]!.next).toEqual(written.end.finalFrame);
  expect(transitions[3]!.terminated).toBe(true);
});

test('no transition spans a missing policy step or a missing final frame', async () => {
  const folder = temporaryFolder();
  const writer = openWriter(folder);
  const recording = writer.begin({ seed: 1 });
  const rest = { timeNs: 0n, policyVersion: 0, frame: new Float32Array(8), action: new Float32Array(2) };
  for (const step of [0, 1, 3, 4]) recording.step({ ...rest, step });
  recording.end({ terminated: true, truncated: false });
  writer.close();
  const { episodes } = await readAll(folder);
  expect(transitionsOf(episodes[0]!).map((transition) => transition.terminated)).toEqual([false, false]);
});
