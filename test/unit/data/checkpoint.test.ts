import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, test } from 'vitest';

import { ManualClock } from '../../../src/core/index.js';
import { lastCheckpoint, listCheckpoints, loadCheckpoint, saveCheckpoint } from '../../../src/data/index.js';
import { temporaryFolder } from './sample-episodes.js';

const clock = new ManualClock(1_700_000_000_000_000_001n);

function checkpoint(step: number) {
  const data = Float32Array.of(step, NaN, -Infinity, 1e-40);
  const parts = { rng: { key: [1, 4294967295], position: 2 ** 52 }, best: null, name: 'ü' };
  return { step, tensors: { 'actor/w': { shape: [2, 2], data } }, parts };
}

test('reads back exactly what was stored', () => {
  const folder = join(temporaryFolder(), 'checkpoints');
  const path = saveCheckpoint(folder, checkpoint(1200), clock);
  expect(basename(path)).toBe('step-00001200');
  expect(loadCheckpoint(path)).toEqual({
    ...checkpoint(1200),
    path,
    createdWallNs: 1_700_000_000_000_000_001n,
  });
});

test('last points to what was stored last, even at an earlier or equal step', () => {
  const folder = temporaryFolder();
  expect(lastCheckpoint(folder)).toBeUndefined();
  saveCheckpoint(folder, checkpoint(100), clock);
  saveCheckpoint(folder, checkpoint(90), clock);
  expect(basename(lastCheckpoint(folder)!)).toBe('step-00000090');
  const again = saveCheckpoint(folder, checkpoint(100), clock);
  expect(lastCheckpoint(folder)).toBe(again);
  expect(listCheckpoints(folder).map((path) => basename(path))).toEqual([
    'step-00000090',
    'step-00000100',
    'step-00000100-2',
  ]);
});

test('keeps the newest only when told to, never removing what it just stored', () => {
  const folder = temporaryFolder();
  for (const step of [1, 2, 30, 4]) saveCheckpoint(folder, checkpoint(step), clock, 2);
  expect(listCheckpoints(folder).map((path) => basename(path))).toEqual(['step-00000004', 'step-00000030']);
  saveCheckpoint(folder, checkpoint(3), clock, 1);
  expect(basename(lastCheckpoint(folder)!)).toBe('step-00000003');
  expect(loadCheckpoint(lastCheckpoint(folder)!).step).toBe(3);
});

test('a writer killed before the rename leaves the old checkpoint, and its remains are swept away', () => {
  const folder = temporaryFolder();
  const path = saveCheckpoint(folder, checkpoint(1), clock);
  const remains = join(folder, '.step-00000002.4711.tmp');
  mkdirSync(remains);
  writeFileSync(join(remains, 'tensors.safetensors'), 'half');
  expect(listCheckpoints(folder)).toEqual([path]);
  expect(lastCheckpoint(folder)).toBe(path);
  saveCheckpoint(folder, checkpoint(2), clock);
  expect(readdirSync(folder).sort()).toEqual(['last', 'step-00000001', 'step-00000002']);
});

test('a writer that fails leaves nothing behind', () => {
  const folder = temporaryFolder();
  const path = saveCheckpoint(folder, checkpoint(1), clock);
  const bad = { ...checkpoint(2), parts: { rng: { scale: NaN } } };
  expect(() => saveCheckpoint(folder, bad, clock)).toThrow(
    'checkpoint.parts.rng.scale cannot be stored as JSON: NaN',
  );
  expect(listCheckpoints(folder)).toEqual([path]);
  expect(lastCheckpoint(folder)).toBe(path);
});

test.each([
  ['a typed array', { mean: new Float32Array(2) }, 'parts.mean cannot be stored as JSON: Float32Array'],
  ['a bigint', { at: [1n] }, 'parts.at[0] cannot be stored as JSON: 1 is a bigint'],
])('refuses %s in the JSON parts', (_name, parts, message) => {
  const bad = { ...checkpoint(1), parts: parts as never };
  expect(() => saveCheckpoint(temporaryFolder(), bad, clock)).toThrow(message);
});

test.each([
  ['a changed tensor file', (path: string) => flip(join(path, 'tensors.safetensors')), 'it was changed'],
  [
    'a missing tensor file',
    (path: string) => rmSync(join(path, 'tensors.safetensors')),
    'no readable tensors',
  ],
  ['a missing manifest', (path: string) => rmSync(join(path, 'manifest.json')), 'no readable manifest.json'],
  ['a torn manifest', (path: string) => writeFileSync(join(path, 'manifest.json'), '{"for'), 'is not JSON'],
  ['a foreign manifest', (path: string) => writeFileSync(join(path, 'manifest.json'), '{}'), 'formatVersion'],
])('refuses %s with the way out', (_name, damage, message) => {
  const folder = temporaryFolder();
  const path = saveCheckpoint(folder, checkpoint(1), clock);
  damage(path);
  expect(() => loadCheckpoint(path)).toThrow(message);
  expect(() => loadCheckpoint(path)).toThrow(`use another one of ${folder}`);
});

test.each([
  [2, 'train again'],
  [4, 'update dynabridge'],
])('refuses format version %i and says where it was read and what to do', (formatVersion, way) => {
  const path = saveCheckpoint(temporaryFolder(), checkpoint(1), clock);
  const file = join(path, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { formatVersion: number };
  expect(manifest.formatVersion).toBe(3);
  writeFileSync(file, JSON.stringify({ ...manifest, formatVersion }));
  expect(() => loadCheckpoint(path)).toThrow(
    `${file}: checkpoint format ${formatVersion}, this version reads 3`,
  );
  expect(() => loadCheckpoint(path)).toThrow(way);
});

test('refuses a pointer that is not a checkpoint', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'last'), '../../etc');
  expect(() => lastCheckpoint(folder)).toThrow("holds '../../etc', expected the name of a checkpoint");
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
}
