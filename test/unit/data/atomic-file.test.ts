import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { temporarySibling, writeFileAtomic, writeFolderAtomic } from '../../../src/data/atomic-file.js';
import { temporaryFolder } from './sample-episodes.js';

test('replaces a file and leaves nothing else', () => {
  const folder = temporaryFolder();
  writeFileAtomic(join(folder, 'a'), 'one');
  writeFileAtomic(join(folder, 'a'), 'two');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('what a writer killed before the rename left neither hurts nor is mistaken for content', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a');
  writeFileAtomic(path, 'old');
  writeFileSync(temporarySibling(path), 'ha');
  expect(readFileSync(path, 'utf8')).toBe('old');
  writeFileAtomic(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a write that fails leaves the old content', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
  expect(() => writeFileAtomic(join(folder, 'taken'), 'x')).toThrow();
  expect(() => writeFolderAtomic(join(folder, 'taken'), { file: 'x' })).toThrow();
  expect(readdirSync(folder)).toEqual(['taken']);
  expect(readdirSync(join(folder, 'taken'))).toEqual(['inside']);
});

test('a folder appears with all its files, over the remains of an earlier attempt', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'b');
  mkdirSync(temporarySibling(path));
  writeFileSync(join(temporarySibling(path), 'stale'), '');
  writeFolderAtomic(path, { one: '1', two: Uint8Array.of(50) });
  expect(readdirSync(folder)).toEqual(['b']);
  expect(readdirSync(path).sort()).toEqual(['one', 'two']);
  expect(readFileSync(join(path, 'two'), 'utf8')).toBe('2');
});
