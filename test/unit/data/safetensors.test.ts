import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeSafetensors, encodeSafetensors } from '../../../src/data/safetensors.js';
import { temporaryFolder } from './sample-episodes.js';

/** A file made by hand from a header text and data bytes. */
function file(
  header: string,
  data: Uint8Array = new Uint8Array(0),
  length = BigInt(header.length),
): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, length, true);
  return Buffer.concat([size, new TextEncoder().encode(header), data]);
}

const eight = new Uint8Array(Float32Array.of(1.5, -2).buffer);

test('round trip, any names and shapes', () => {
  const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) =>
    fc
      .float32Array({
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1),
      })
      .map((data) => ({ shape, data })),
  );
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__'),
        tensor,
      ),
      (tensors) => {
        expect(Object.entries(decodeSafetensors(encodeSafetensors(tensors), 'f')).sort()).toEqual(
          Object.entries(tensors).sort(),
        );
      },
    ),
  );
});

test('an independent decoder of the published format reads the same', () => {
  const bytes = encodeSafetensors({
    'actor/w': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) },
    scalar: { shape: [], data: Float32Array.of(-0.25) },
    empty: { shape: [0, 7], data: new Float32Array(0) },
  });
  const path = join(temporaryFolder(), 'x.safetensors');
  writeFileSync(path, bytes);
  const script = `
import json, struct, sys
raw = open(sys.argv[1], 'rb').read()
n, = struct.unpack('<Q', raw[:8])
assert (8 + n) % 8 == 0 and raw[8:9] == b'{'
header = json.loads(raw[8:8 + n])
out = {}
for name, e in header.items():
    a, b = e['data_offsets']
    out[name] = [e['dtype'], e['shape'], list(struct.unpack('<%df' % ((b - a) // 4), raw[8 + n + a:8 + n + b]))]
print(json.dumps(out))`;
  const out: unknown = JSON.parse(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }));
  expect(out).toEqual({
    'actor/w': ['F32', [2, 3], [1, 2, 3, 4, 5, 6.5]],
    scalar: ['F32', [], [-0.25]],
    empty: ['F32', [0, 7], []],
  });
});

test('reads a file by another writer: padded header, metadata, tensors in any order', () => {
  const header =
    '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},' +
    '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ';
  const tensors = decodeSafetensors(file(header, eight), 'f');
  expect(tensors.a!.data).toEqual(Float32Array.of(1.5));
  expect(tensors.b!.data).toEqual(Float32Array.of(-2));
});

const entry = (fields: string) => `{"w":{${fields}}}`;

test.each([
  ['a file shorter than its length field', new Uint8Array(5), 'its size is 5 bytes, expected at least 8'],
  [
    'a header longer than the file',
    file('{}', undefined, 99n),
    'the header length is 99 bytes, expected at most 2',
  ],
  [
    'an absurd header length',
    file('{}', undefined, 2n ** 63n),
    'the header length is 9223372036854775808 bytes',
  ],
  ['a header that is not JSON', file('{"w":'), 'the header is'],
  ['a header that is not an object', file('[1]'), "it starts with '['"],
  [
    'a header that is not UTF-8',
    file('{"w\u0001"}').map((b) => (b === 1 ? 0xff : b)),
    'a JSON object in UTF-8',
  ],
  [
    'another type',
    file(entry('"dtype":"F64","shape":[1],"data_offsets":[0,8]'), eight),
    "tensor 'w' dtype is",
  ],
  [
    'a negative size',
    file(entry('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), eight),
    "tensor 'w' shape.0 is",
  ],
  [
    'an unknown field',
    file(entry('"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1'), eight),
    "tensor 'w' x is",
  ],
  [
    'a range unlike the shape',
    file(entry('"dtype":"F32","shape":[1],"data_offsets":[0,8]'), eight),
    'lies at bytes 0 to 8',
  ],
  ['a gap', file(entry('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), eight), 'expected 0 to 4'],
  [
    'a truncated tensor',
    file(entry('"dtype":"F32","shape":[3],"data_offsets":[0,12]'), eight),
    'expected 0 to 12 of 8',
  ],
  [
    'bytes after the tensors',
    file(entry('"dtype":"F32","shape":[1],"data_offsets":[0,4]'), eight),
    '4 bytes follow',
  ],
])('refuses %s', (_name, bytes, message) => {
  expect(() => decodeSafetensors(bytes, 'w.safetensors')).toThrow(message);
  expect(() => decodeSafetensors(bytes, 'w.safetensors')).toThrow('w.safetensors');
});

test('refuses to store data that does not fit its shape', () => {
  const data = new Float32Array(5);
  expect(() => encodeSafetensors({ w: { shape: [2, 3], data } })).toThrow(
    "tensor 'w' has 5 values, its shape [2, 3] needs 6",
  );
  expect(() => encodeSafetensors({ w: { shape: [2.5, 2], data } })).toThrow('cannot be stored');
});
