import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { Rng } from '../../../src/core/index.js';
import {
  appendSteps,
  contentOf,
  openWriter,
  readAll,
  temporaryFolder,
  writeEpisode,
  type Written,
} from './sample-episodes.js';

const folder = temporaryFolder();
const damagedPath = join(folder, 'sim-0002.mcap');
let whole: Uint8Array;
let written: Written[];
/** file size once episode i had ended */
const sizes: number[] = [];
/** file size when the last episode was open, partly on disk */
let openSize = 0;

beforeAll(() => {
  const writer = openWriter(folder, { maxChunkBytes: 600 });
  const size = () => readFileSync(writer.file).byteLength;
  written = [3, 2, 4].map((count) => {
    const episode = writeEpisode(writer, count);
    sizes.push(size());
    return episode;
  });
  const last = writer.begin({ seed: 99 });
  const content = appendSteps(last, 4, new Rng(99));
  openSize = size();
  last.end(content.end);
  written.push(content);
  sizes.push(size());
  writer.close();
  whole = readFileSync(writer.file);
});

async function readDamaged(bytes: Uint8Array) {
  writeFileSync(damagedPath, bytes);
  const { episodes, warnings } = await readAll(damagedPath);
  return { contents: episodes.map(contentOf), warnings };
}

describe('a file cut off at any byte', () => {
  test('yields every episode that had ended before it, exactly, and says so', async () => {
    for (let cut = 0; cut < whole.byteLength; cut += 37) {
      const { contents, warnings } = await readDamaged(whole.subarray(0, cut));
      const complete = sizes.filter((size) => size <= cut).length;
      // an episode is complete with its last chunk; the message index behind it may be torn off
      expect(contents.length, `cut at ${cut}`).toBeGreaterThanOrEqual(complete);
      expect(contents, `cut at ${cut}`).toEqual(written.slice(0, contents.length));
      expect(contents.length, `cut at ${cut}`).toBeLessThanOrEqual(complete + 1);
      expect(warnings, `cut at ${cut}`).toHaveLength(1);
      expect(warnings[0]!.offset).toBeLessThanOrEqual(cut);
    }
  });

  test('names the episode of which parts are on disk, and where', async () => {
    const clean = await readDamaged(whole.subarray(0, openSize));
    expect(clean.contents).toEqual(written.slice(0, 3));
    expect(clean.warnings).toMatchObject([{ kind: 'not-closed', offset: openSize, lost: ['sim-0001/4'] }]);
    const torn = await readDamaged(whole.subarray(0, openSize - 1));
    expect(torn.warnings).toMatchObject([{ file: damagedPath, kind: 'torn', lost: ['sim-0001/4'] }]);
    expect(torn.warnings[0]!.message).toContain('unfinished record; lost: sim-0001/4');
  });
});

test('flipped bytes never change what is read: whatever is missing is reported', async () => {
  const flips = fc.array(
    fc.record({ place: fc.noBias(fc.nat(2 ** 24)), mask: fc.integer({ min: 1, max: 255 }) }),
    { minLength: 1, maxLength: 4 },
  );
  const lostSome: boolean[] = [];
  await fc.assert(
    fc.asyncProperty(flips, fc.integer({ min: 0, max: 3 }), async (list, after) => {
      const bytes = Uint8Array.from(whole);
      const from = after === 0 ? 0 : sizes[after - 1]!;
      for (const { place, mask } of list) {
        const offset = from + (place % (bytes.byteLength - from));
        bytes[offset]! ^= mask;
      }
      // flips within the file header or the schemas make it another program's file
      const result = await readDamaged(bytes).catch((error: Error) => error.message);
      if (typeof result === 'string') {
        expect(result).toContain('was written by');
        return;
      }
      const { contents, warnings } = result;
      expect(contents.length).toBeGreaterThanOrEqual(after);
      for (const content of contents) expect(written).toContainEqual(content);
      expect(contents.slice(0, after)).toEqual(written.slice(0, after));
      if (contents.length < written.length) expect(warnings).not.toEqual([]);
      lostSome.push(contents.length < written.length);
    }),
    { numRuns: 300 },
  );
  expect(new Set(lostSome)).toEqual(new Set([true, false])); // the sweep reached both outcomes
});

test('a chunk whose type byte changed is missed, though everything else parses', async () => {
  const bytes = Uint8Array.from(whole);
  expect(bytes[sizes[0]!]).toBe(0x06); // the first chunk of the second episode
  bytes[sizes[0]!] = 0xf0;
  const { contents, warnings } = await readDamaged(bytes);
  expect(contents).toEqual(written.slice(0, 1));
  expect(warnings).toMatchObject([{ kind: 'damaged', offset: sizes[0] }]);
});

/** The bytes of the file without the record at `offset`. */
function without(offset: number): Uint8Array {
  const length = Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(offset + 1, true)) + 9;
  return Buffer.concat([whole.subarray(0, offset), whole.subarray(offset + length)]);
}

test('a closed file that lost the first chunk of an episode is reported episode by episode', async () => {
  const { contents, warnings } = await readDamaged(without(sizes[0]!));
  expect(contents).toEqual([written[0], ...written.slice(2)]);
  expect(warnings.map((warning) => warning.kind)).toEqual(['incomplete', 'damaged']);
  expect(warnings[0]).toMatchObject({ lost: ['sim-0002/2'] });
  expect(warnings[0]!.message).toContain('its start is missing');
});

test('an episode that lost a chunk in its middle is never yielded in part', async () => {
  const chunks: number[] = [];
  for (let offset = 8; offset < sizes[2]!;) {
    const length = Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(offset + 1, true));
    if (offset >= sizes[1]! && whole[offset] === 0x06) chunks.push(offset);
    offset += 9 + length;
  }
  expect(chunks.length).toBeGreaterThan(2);
  const { contents, warnings } = await readDamaged(without(chunks[1]!));
  expect(contents).toEqual([...written.slice(0, 2), written[3]]);
  expect(warnings[0]).toMatchObject({ kind: 'incomplete', lost: ['sim-0001/3'] });
  expect(warnings[0]!.message).toMatch(/\d+ of 20 control ticks found/);
});

test('reading goes on with the next file after a torn one', async () => {
  const two = temporaryFolder();
  writeFileSync(join(two, 'sim-0001.mcap'), whole.subarray(0, openSize - 1));
  const writer = openWriter(two);
  const next = writeEpisode(writer, 1);
  writer.close();
  const { episodes, warnings } = await readAll(two);
  expect(episodes.map(contentOf)).toEqual([...written.slice(0, 3), next]);
  expect(warnings).toHaveLength(1);
});

test('a length field that claims gigabytes does not make the reader wait for them', async () => {
  const bytes = new Uint8Array(sizes[0]! + 9 + 20 * 1024 * 1024);
  bytes.set(whole.subarray(0, sizes[0]));
  bytes[sizes[0]!] = 0x06;
  new DataView(bytes.buffer).setBigUint64(sizes[0]! + 1, 2n ** 40n, true);
  const { contents, warnings } = await readDamaged(bytes);
  expect(contents).toEqual(written.slice(0, 1));
  expect(warnings).toMatchObject([{ kind: 'damaged', offset: sizes[0] }]);
  expect(warnings[0]!.message).toContain('16 MiB');
});
