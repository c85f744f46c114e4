import { existsSync, readdirSync } from 'node:fs';

import { expect, test } from 'vitest';

import {
  lastCheckpoint,
  listBlackBoxes,
  listCheckpoints,
  loadCheckpoint,
  readBlackBox,
} from '../../../src/data/index.js';
import { runAndKill, runOnFullDisk } from './killed-child.js';
import { readAll, SESSION, temporaryFolder } from './sample-episodes.js';

const RECORDER = `
import { writeSync } from 'node:fs';
import { systemClock } from './src/core/index.js';
import { EpisodeWriter } from './src/data/index.js';

const [folder, session] = process.argv.slice(2);
const writer = EpisodeWriter.open(folder, { ...JSON.parse(session), clock: systemClock, maxChunkBytes: 2000 });
const none = new Float64Array(0);
for (let seed = 1; ; seed++) {
  const episode = writer.begin({ seed });
  for (let i = 0; i < 40; i++) {
    const values = new Float64Array(3).fill(seed + i / 64);
    episode.tick({ timeNs: BigInt(i), positions: values, velocities: values, requested: none, executed: none, reasons: i });
  }
  episode.end({ terminated: false, truncated: true, return: seed });
  writeSync(1, seed + '\\n');
}
`;

test('kill -9 loses at most the episode that had not ended', async () => {
  const folder = temporaryFolder();
  const ended = await runAndKill(RECORDER, 25, [folder, JSON.stringify(SESSION)]);
  const { episodes, warnings } = await readAll(folder);
  expect(episodes.length - ended.length).toBeGreaterThanOrEqual(0);
  expect(episodes.length - ended.length).toBeLessThanOrEqual(1); // killed between end() and the line that tells of it
  episodes.forEach((episode, index) => {
    expect(episode.footer.return).toBe(index + 1);
    expect(episode.ticks).toHaveLength(40);
    expect(episode.ticks[39]!.positions).toEqual(new Float64Array(3).fill(index + 1 + 39 / 64));
  });
  expect(warnings).toHaveLength(1);
  expect(['not-closed', 'torn']).toContain(warnings[0]!.kind);
});

const LEARNER = `
import { writeSync } from 'node:fs';
import { systemClock } from './src/core/index.js';
import { saveCheckpoint } from './src/data/index.js';

const [folder] = process.argv.slice(2);
for (let step = 1; ; step++) {
  const data = new Float32Array(20000).fill(step);
  saveCheckpoint(folder, { step, tensors: { weights: { shape: [20000], data } }, parts: { step } }, systemClock, 3);
  writeSync(1, step + '\\n');
}
`;

test('kill -9 leaves a complete last checkpoint', async () => {
  const folder = temporaryFolder();
  const saved = await runAndKill(LEARNER, 4, [folder]);
  const last = loadCheckpoint(lastCheckpoint(folder)!);
  expect(last.step - saved.length).toBeGreaterThanOrEqual(0);
  expect(last.step - saved.length).toBeLessThanOrEqual(1);
  expect(last.tensors.weights!.data.every((value) => value === last.step)).toBe(true);
  expect(last.parts).toEqual({ step: last.step });
  for (const path of listCheckpoints(folder)) expect(existsSync(path)).toBe(true);
});

const BLACK_BOX = `
import { writeSync } from 'node:fs';
import { systemClock } from './src/core/index.js';
import { writeBlackBox } from './src/data/index.js';

const [folder] = process.argv.slice(2);
const values = new Float64Array(3);
const joint = { joint: 'elbow', unit: 'rad', min: -1, max: 1 };
const positions = [joint, joint, joint];
const robot = { robot: 'arm', task: 'reach', contractSha256: '', commandInterface: 'velocity', controlRateHz: 100, positions, commands: positions };
const ticks = Array.from({ length: 3000 }, (_, seq) => ({
  seq, policyStep: 0, timeNs: BigInt(seq), measuredNs: 0n, sentNs: 0n, mode: 'active', authority: 'agent', verdict: 'pass',
  reasons: ['velocity'], positions: values, velocities: values, asked: values, sent: values,
}));
for (let i = 0; ; i++) {
  const trip = { cause: 'estop', message: '', clearedBy: '', timeNs: 3000n, wallNs: systemClock.wallNs() };
  writeSync(1, 'begin\\n');
  writeBlackBox(folder, { trip, robot, ticks, proposals: [], events: [] }, 20);
}
`;

test.each([1, 2, 4])(
  'kill -9 within a black box leaves whole ones only (killed within number %i)',
  async (count) => {
    const folder = temporaryFolder();
    const begun = await runAndKill(BLACK_BOX, count, [folder]);
    const files = listBlackBoxes(folder);
    expect(begun.length - files.length).toBeGreaterThanOrEqual(0);
    expect(begun.length - files.length).toBeLessThanOrEqual(1);
    for (const file of files) expect((await readBlackBox(file)).ticks).toHaveLength(3000);
  },
);

const FULL = `
import { systemClock } from './src/core/index.js';
import { EpisodeWriter } from './src/data/index.js';

const [folder, session] = process.argv.slice(2);
const writer = EpisodeWriter.open(folder, { ...JSON.parse(session), clock: systemClock });
const none = new Float64Array(0);
const values = new Float64Array(3);
let ended = 0;
const left = writer.begin({ seed: 0 });
try {
  for (;;) {
    const episode = writer.begin({ seed: 1 });
    for (let i = 0; i < 40; i++) {
      episode.tick({ timeNs: 0n, positions: values, velocities: values, requested: none, executed: none, reasons: 0 });
    }
    episode.end({ terminated: false, truncated: true });
    ended++;
  }
} catch (error) {
  let again = 'accepted';
  try {
    left.end({ terminated: false, truncated: true });
  } catch (second) {
    again = second.code;
  }
  writer.close();
  console.log(JSON.stringify({ ended, code: error.code, message: error.message, again }));
}
`;

const FULL_BLACK_BOX = BLACK_BOX.replace('for (let i = 0; ; i++) {', 'try {').replace(
  /\}\n$/,
  '} catch (error) { console.log(error.code, error.cause.code); }\n',
);

test('a black box that meets a full disk throws, and leaves nothing behind', () => {
  const folder = temporaryFolder();
  expect(runOnFullDisk(FULL_BLACK_BOX, 64, [folder])).toBe('begin\nUNAVAILABLE EFBIG\n');
  expect(readdirSync(folder)).toEqual([]);
});

test('a full disk ends the recording with a clear error; what had ended before stays readable', async () => {
  const folder = temporaryFolder();
  const output = runOnFullDisk(FULL, 64, [folder, JSON.stringify(SESSION)]);
  const told = JSON.parse(output) as { ended: number; code: string; message: string; again: string };
  expect(told).toMatchObject({ code: 'UNAVAILABLE', again: 'UNAVAILABLE' });
  expect(told.message).toContain('what is before that is safe; free disk space');
  expect(told.ended).toBeGreaterThan(0);
  const { episodes, warnings } = await readAll(folder);
  expect(episodes).toHaveLength(told.ended);
  expect(warnings).toMatchObject([{ kind: 'torn' }]);
});
