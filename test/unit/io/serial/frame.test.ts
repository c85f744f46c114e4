import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cobsDecode,
  decodeFrame,
  decodeMessage,
  encodeFrame,
  encodeMessage,
  schemaOf,
  type Frame,
  type Message,
} from '../../../../src/io/serial/index.js';

const STICK: Message = {
  type: 'teleop',
  mode: 'joint-velocity',
  enable: true,
  estop: false,
  ttlMs: 100,
  axes: [0.5, -0.25, 0],
};

function bytesOf(message: Message, header: Partial<Frame> = {}): Uint8Array {
  const { id, schema, payload } = encodeMessage(message);
  const frame = {
    major: 1,
    id,
    flags: 0,
    role: 'operator',
    session: 0x1234,
    sequence: 7,
    sentMs: 1000,
  } as const;
  return encodeFrame({ ...frame, ...header, payload }, schema);
}

const decode = (wire: Uint8Array) => decodeFrame(wire.slice(1, -1), schemaOf);

describe('a frame', () => {
  it('has the bytes of the published vector', () => {
    // computed by hand from the byte table, its checksum with Python's zlib.crc32
    const wire = bytesOf({ type: 'estop', cause: 3 }, { flags: 1 });
    const raw = wire.slice(1, -1);
    const length = cobsDecode(raw);
    expect(Buffer.from(raw.subarray(0, length)).toString('hex')).toBe(
      '01050101' + '3412' + '0700' + 'e8030000' + '03' + CRC_OF_VECTOR,
    );
    expect([wire[0], wire.at(-1)]).toEqual([0, 0]);
  });

  it.each<[string, Message, 'operator' | 'bridge', string]>([
    ['MODE_REQ', { type: 'mode-request', wanted: 'agent' }, 'operator', '02' + '6f452c63'],
    [
      'STATE',
      {
        type: 'state',
        mode: 'active',
        fault: 'none',
        ageMs: 3,
        positions: [1, -16384 / 32767],
        velocities: [-1, 1 / 32767],
      },
      'bridge',
      '0200' + '0300' + '0200' + 'ff7f' + '00c0' + '0180' + '0100' + '3d87489a',
    ],
    [
      'SETPOINT',
      { type: 'set-point', ttlMs: 60, axes: [-1, 16384 / 32767] },
      'operator',
      '3c00' + '0200' + '0180' + '0040' + '3a7c85a1',
    ],
    [
      'MODE_REPLY',
      { type: 'mode-reply', sequence: 7, wanted: 'agent', result: 'locked', why: 'a lock' },
      'bridge',
      '0700' + '02' + '03' + '61206c6f636b' + 'eaf3c656',
    ],
  ])('%s has the bytes of its published vector, and comes back as it was', (_, message, role, tail) => {
    // as above: by hand from the byte tables, the checksums with Python's zlib.crc32
    const raw = bytesOf(message, { role }).slice(1, -1);
    const { id } = encodeMessage(message);
    const head = `01${id.toString(16).padStart(2, '0')}00${role === 'bridge' ? '00' : '01'}`;
    const bytes = raw.slice();
    expect(Buffer.from(bytes.subarray(0, cobsDecode(bytes))).toString('hex')).toBe(
      `${head}34120700e8030000${tail}`,
    );
    const frame = decodeFrame(raw, schemaOf) as Frame;
    expect(decodeMessage(frame.id, frame.payload)).toEqual(message);
  });

  it('comes back as it was', () => {
    const frame = decode(bytesOf(STICK));
    expect(frame).toMatchObject({
      id: 4,
      flags: 0,
      role: 'operator',
      session: 0x1234,
      sequence: 7,
      sentMs: 1000,
    });
  });

  it('is refused when any one or two of its bits were changed', () => {
    const wire = bytesOf(STICK);
    const bits = (wire.length - 2) * 8;
    const flipped = (...at: number[]) => {
      const copy = wire.slice();
      for (const bit of at) copy[1 + (bit >> 3)]! ^= 1 << (bit & 7);
      return copy;
    };
    for (let a = 0; a < bits; a++) {
      expect(typeof decode(flipped(a)), `bit ${a}`).toBe('string');
      for (let b = a + 1; b < bits; b += 1 + (a % 7)) {
        expect(typeof decode(flipped(a, b)), `bits ${a}, ${b}`).toBe('string');
      }
    }
  });

  it('is refused with a reason when it is cut, of another message, or has flags that nobody knows', () => {
    const wire = bytesOf(STICK);
    expect(decode(Uint8Array.of(0, 1, 0))).toBe('length');
    expect(['stuffing', 'crc', 'length']).toContain(decode(Uint8Array.of(...wire.subarray(0, 12), 0)));
    expect(decode(bytesOf(STICK, { flags: 2 }))).toBe('flags');
    expect(decode(bytesOf(STICK, { id: 99 }))).toBe('unknown-id');
    expect(decode(bytesOf(STICK, { id: 3 }))).toBe('crc'); // the schema byte of another message
  });

  it('is never made of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 230 }), (bytes) => {
        expect(typeof decodeFrame(bytes.slice(), schemaOf)).toBe('string');
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('a message', () => {
  it.each<[string, number, number[]]>([
    ['a mode that there is not', 7, [3]],
    ['a mode and more', 7, [0, 0]],
    ['nothing at all', 7, []],
    ['a state of another mode', 9, [6, 0, 0, 0, 0, 0]],
    ['a state of another fault', 9, [0, 7, 0, 0, 0, 0]],
    ['a state with fewer axes than it says', 9, [0, 0, 0, 0, 1, 0, 1, 0]],
    ['a state of 33 axes', 9, [0, 0, 0, 0, 33, 0, ...new Array<number>(132).fill(0)]],
    ['a state with a share beyond -1', 9, [0, 0, 0, 0, 1, 0, 0, 0x80, 0, 0]],
    ['a set-point with more axes than it says', 10, [60, 0, 0, 0, 1, 0]],
    ['a set-point of 33 axes', 10, [60, 0, 33, 0, ...new Array<number>(66).fill(0)]],
    ['a set-point with a share beyond -1', 10, [60, 0, 1, 0, 0, 0x80]],
    ['half a set-point', 10, [60, 0, 1]],
    ['a reply with another result', 12, [0, 0, 0, 6]],
    ['a reply with too long a reason', 12, [0, 0, 0, 1, ...new Array<number>(97).fill(65)]],
  ])('is refused: %s', (_, id, bytes) => {
    expect(decodeMessage(id, Uint8Array.from(bytes))).toBeUndefined();
  });
});

/** python3 -c "import zlib; print(zlib.crc32(bytes.fromhex('0105010134120700e803000003' + '55')).to_bytes(4, 'little').hex())" */
const CRC_OF_VECTOR = '26ecc06f';
