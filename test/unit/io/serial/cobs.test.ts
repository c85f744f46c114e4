import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cobsDecode, cobsEncode, FrameSplitter } from '../../../../src/io/serial/index.js';

function decoded(stuffed: Uint8Array): Uint8Array | undefined {
  const copy = stuffed.slice();
  const length = cobsDecode(copy);
  return length < 0 ? undefined : copy.subarray(0, length);
}

const counted = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('cobsEncode', () => {
  // examples of Cheshire and Baker's article as Wikipedia lists them
  it.each([
    [[0x00], [0x01, 0x01]],
    [
      [0x00, 0x00],
      [0x01, 0x01, 0x01],
    ],
    [
      [0x11, 0x22, 0x00, 0x33],
      [0x03, 0x11, 0x22, 0x02, 0x33],
    ],
    [
      [0x11, 0x22, 0x33, 0x44],
      [0x05, 0x11, 0x22, 0x33, 0x44],
    ],
    [
      [0x11, 0x00, 0x00, 0x00],
      [0x02, 0x11, 0x01, 0x01, 0x01],
    ],
    [[...counted(0x01, 0xfe)], [0xff, ...counted(0x01, 0xfe)]],
    [
      [0x00, ...counted(0x01, 0xfe)],
      [0x01, 0xff, ...counted(0x01, 0xfe)],
    ],
    [[...counted(0x01, 0xff)], [0xff, ...counted(0x01, 0xfe), 0x02, 0xff]],
    [
      [...counted(0x02, 0xff), 0x00],
      [0xff, ...counted(0x02, 0xff), 0x01, 0x01],
    ],
    [
      [...counted(0x03, 0xff), 0x00, 0x01],
      [0xfe, ...counted(0x03, 0xff), 0x02, 0x01],
    ],
  ])('has the published form of %j', (data, stuffed) => {
    expect([...cobsEncode(Uint8Array.from(data))]).toEqual(stuffed);
    expect([...decoded(Uint8Array.from(stuffed))!]).toEqual(data);
  });

  it('comes back as it was, without zeros, for any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 600 });
    const sparse = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 600 }).map((x) => Uint8Array.from(x));
    fc.assert(
      fc.property(fc.oneof(bytes, sparse), (data) => {
        const stuffed = cobsEncode(data);
        expect(stuffed.includes(0)).toBe(false);
        expect(stuffed.length).toBeLessThanOrEqual(data.length + 1 + Math.floor(data.length / 254));
        expect(decoded(stuffed)).toEqual(data);
      }),
    );
  });
});

describe('cobsDecode', () => {
  it.each([[[0x05, 0x11]], [[0x03, 0x11, 0x00]], [[0x00]], [[0x02, 0x11, 0x00, 0x01]]])(
    'refuses %j, which is not well formed',
    (stuffed) => {
      expect(decoded(Uint8Array.from(stuffed))).toBeUndefined();
    },
  );
});

describe('FrameSplitter', () => {
  function splitter(maxBytes = 8) {
    const frames: number[][] = [];
    const discarded: string[] = [];
    const one = new FrameSplitter(
      maxBytes,
      (frame) => frames.push([...frame]),
      (reason) => discarded.push(reason),
    );
    return { one, frames, discarded };
  }

  it('gives the same frames however the bytes are cut into chunks', () => {
    const stream = Uint8Array.of(0, 1, 2, 0, 0, 3, 0, 4, 5, 6, 0);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const { one, frames } = splitter();
        const ends = [...new Set([...cuts, stream.length])].sort((a, b) => a - b);
        ends.forEach((end, i) => one.push(stream.subarray(ends[i - 1] ?? 0, end)));
        expect(frames).toEqual([[1, 2], [3], [4, 5, 6]]);
      }),
    );
  });

  it('keeps nothing of a run that is longer than a frame, tells it once, and takes the next frame', () => {
    const { one, frames, discarded } = splitter();
    for (let i = 0; i < 1000; i++) one.push(new Uint8Array(1000).fill(7));
    expect(one.partial).toBe(0);
    one.push(Uint8Array.of(0, 1, 2, 0));
    expect(frames).toEqual([[1, 2]]);
    expect(discarded).toEqual(['overlong']);
  });

  it('takes a frame that is exactly as long as allowed', () => {
    const { one, frames, discarded } = splitter(3);
    one.push(Uint8Array.of(1, 2, 3, 0, 1, 2, 3, 4, 0));
    expect(frames).toEqual([[1, 2, 3]]);
    expect(discarded).toEqual(['overlong']);
  });

  it('drops what has expired, with the rest of it', () => {
    const { one, frames, discarded } = splitter();
    one.push(Uint8Array.of(1, 2));
    one.expire();
    one.expire();
    one.push(Uint8Array.of(3, 0, 4, 0));
    expect(frames).toEqual([[4]]);
    expect(discarded).toEqual(['late']);
  });
});
