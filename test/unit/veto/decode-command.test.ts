import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommand, type DecodedCommand } from '../../../src/veto/decode-command.js';
import type { VetoLimits } from '../../../src/veto/index.js';
import { jointState, limits, multiArray, points, trajectory } from './fixtures.js';

const forward = limits();
const named = limits({ messageType: 'sensor_msgs/msg/JointState' });
const jtc = limits({ messageType: 'trajectory_msgs/msg/JointTrajectory', commandInterface: 'position' });

function decoded(bytes: Uint8Array, of: VetoLimits): DecodedCommand {
  const command = decodeCommand(bytes, of);
  if (typeof command === 'string') throw new Error(command);
  return command;
}

/** The same message in the other byte order: all that is not a character is turned around. */
function bigEndian(
  littleEndian: Uint8Array,
  words: readonly (readonly [at: number, size: number])[],
): Uint8Array {
  const bytes = new Uint8Array(littleEndian);
  bytes[1] = 0;
  for (const [start, size] of words) bytes.subarray(start, start + size).reverse();
  return bytes;
}

describe('decodeCommand', () => {
  it('reads what an independent encoder writes as a Float64MultiArray', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 20 }), (data) => {
        const bytes = multiArray(data);
        const { points, joints, littleEndian } = decoded(bytes, forward);
        expect(points).toHaveLength(1);
        const { values, at } = points[0]!;
        expect(values).toEqual(data);
        expect(joints).toBeNull();
        expect(littleEndian).toBe(true);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        data.forEach((value, i) => expect(view.getFloat64(at + 8 * i, true)).toBe(value));
      }),
    );
  });

  it('reads what an independent encoder writes as a JointTrajectory, for any length of names', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.double()), { maxLength: 8 }),
        fc.string(),
        fc.constantFrom('positions', 'velocities', 'effort'),
        (joints, frame, field) => {
          const ascii = (text: string): string => text.replace(/[^ -~]/g, '?'); // the encoder counts UTF-16 units
          const names = joints.map(([name]) => ascii(name));
          const data = joints.map(([, value]) => value);
          const commandInterface = {
            positions: 'position',
            velocities: 'velocity',
            effort: 'effort',
          } as const;
          const point = { positions: new Float64Array(0), [field]: Float64Array.from(data) };
          const bytes = trajectory([], { names, frame: ascii(frame), point });
          const of = { ...jtc, commandInterface: commandInterface[field] };
          const command = decoded(bytes, of);
          const { values, at } = command.points[0]!;
          expect(values).toEqual(data);
          expect(command.joints).toEqual(names);
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          data.forEach((value, i) => expect(view.getFloat64(at + 8 * i, true)).toBe(value));
        },
      ),
    );
  });

  it.each(['position', 'velocity', 'effort'] as const)(
    'reads what an independent encoder writes as a JointState, by its %s',
    (commandInterface) => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.string({ unit: 'grapheme-ascii' }), fc.double()), { maxLength: 8 }),
          fc.integer(),
          (joints, sec) => {
            const data = Float64Array.from(joints, ([, value]) => value);
            const name = joints.map(([joint]) => joint);
            const header = { stamp: { sec, nanosec: 9 }, frame_id: '' };
            const bytes = jointState([], { header, name, [commandInterface]: data });
            const command = decoded(bytes, { ...named, commandInterface });
            const { values, at } = command.points[0]!;
            expect(values).toEqual(Array.from(data));
            expect(command.joints).toEqual(name);
            const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
            data.forEach((value, i) => expect(view.getFloat64(at + 8 * i, true)).toBe(value));
          },
        ),
      );
    },
  );

  it('reads big-endian bytes, and bytes in the middle of a larger buffer', () => {
    const bytes = bigEndian(multiArray([1.5, -2]), [
      [4, 4],
      [8, 4],
      [12, 4],
      [20, 8],
      [28, 8],
    ]);
    expect(decoded(bytes, forward)).toEqual({
      points: [{ values: [1.5, -2], at: 20 }],
      joints: null,
      littleEndian: false,
    });
    const larger = new Uint8Array(bytes.length + 10).fill(0xff);
    larger.set(bytes, 3);
    expect(decoded(larger.subarray(3, 3 + bytes.length), forward).points[0]!.values).toEqual([1.5, -2]);
  });

  it.each([
    ['Float64MultiArray', multiArray([1, 2]), forward],
    ['JointTrajectory', trajectory([1, 2], { names: ['shoulder', 'elbow'], frame: 'base' }), jtc],
    ['JointState', jointState([1, 2], { name: ['shoulder', 'elbow'] }), named],
  ])('refuses a %s that is cut at any byte, or has one more', (_name, bytes, of) => {
    expect(typeof decodeCommand(bytes, of)).toBe('object');
    for (let length = 0; length < bytes.length; length++) {
      expect(typeof decodeCommand(bytes.subarray(0, length), of), `${length} bytes`).toBe('string');
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(decodeCommand(longer, of)).toBe('1 bytes more than the message has');
  });

  it.each([
    ['another encapsulation', Uint8Array.of(0, 3, 0, 0), forward, 'no CDR encapsulation header'],
    ['an empty buffer', new Uint8Array(0), forward, 'no CDR encapsulation header'],
    [
      'a layout',
      multiArray([1], { dim: [{ label: 'x', size: 1, stride: 1 }], data_offset: 0 }),
      forward,
      'a layout of 1 dimensions, expected none',
    ],
    ['a data offset', multiArray([1], { dim: [], data_offset: 1 }), forward, 'data offset 1, expected 0'],
    [
      'a start in the past',
      trajectory([1], { stamp: { sec: -2, nanosec: 0 } }),
      jtc,
      'a start at -2 s, expected 0 (now)',
    ],
    [
      'a position besides',
      jointState([1], { position: Float64Array.of(9) }),
      named,
      'joints with position besides',
    ],
    [
      'an effort besides',
      jointState([1], { effort: Float64Array.of(9) }),
      named,
      'joints with effort besides',
    ],
    ['no point', trajectory([1], { points: 0 }), jtc, '0 trajectory points, expected 1'],
    ['two points', trajectory([1], { points: 2 }), jtc, '2 trajectory points, expected 1'],
    [
      'a point that is to be reached sooner',
      trajectory([1], { ahead: { sec: 0, nanosec: 1_000_000 } }),
      jtc,
      'a point 0.001 s ahead, expected 0.01 s',
    ],
    [
      'a velocity besides',
      trajectory([1], { point: { velocities: Float64Array.of(9) } }),
      jtc,
      'a trajectory point with velocity',
    ],
    [
      'an acceleration besides',
      trajectory([1], { point: { accelerations: Float64Array.of(9) } }),
      jtc,
      'a trajectory point with acceleration',
    ],
  ])('refuses %s and says why', (_name, bytes, of, why) => {
    expect(decodeCommand(bytes, of)).toBe(why);
  });

  it('reads all points of a trajectory, and where each lies', () => {
    const bytes = points([0.1, -0.2, 0.3]);
    const command = decoded(bytes, { ...jtc, points: 3 });
    expect(command.points.map(({ values }) => values)).toEqual([[0.1], [-0.2], [0.3]]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    expect(command.points.map(({ at }) => view.getFloat64(at, true))).toEqual([0.1, -0.2, 0.3]);
  });

  it.each([
    ['more points than robot.yaml has', points([1, 1, 1, 1]), '4 trajectory points, expected 1 to 3'],
    ['no point', points([]), '0 trajectory points, expected 1 to 3'],
    [
      'a point that is to be reached with the one before it',
      points([1, 1], () => 10_000_000),
      'a point 0.01 s ahead, expected 0.02 s',
    ],
    ['a count of points that the bytes do not hold', points([1, 1]).subarray(0, 80), /^ends after 80 bytes/],
  ])('of several refuses %s and says why', (_name, bytes, why) => {
    expect(decodeCommand(bytes, { ...jtc, points: 3 })).toMatch(why);
  });

  it('refuses a string without its NUL, and takes an empty one without bytes', () => {
    const bytes = trajectory([1], { frame: 'base' });
    const noNul = new Uint8Array(bytes);
    noNul[4 + 8 + 4 + 4] = 1; // behind encapsulation, stamp, length and 'base'
    expect(decodeCommand(noNul, jtc)).toBe('a string that does not end with NUL');
    const whole = trajectory([1.5]);
    const bare = new Uint8Array(whole); // frame_id is an empty string of 1 byte: make it one of 0 bytes
    bare[12] = 0;
    bare.set(whole.subarray(20, 44), 16); // names, number of points and of positions, without the NUL and its padding
    bare.fill(0, 40, 44); // padding, now before the position
    expect(decoded(bare, jtc)).toMatchObject({ joints: ['elbow'], points: [{ values: [1.5], at: 44 }] });
  });

  it('survives 100000 buffers of random bytes, and messages with one byte changed', () => {
    const random = lcg(7);
    let accepted = 0;
    let longest = 0;
    for (let i = 0; i < 1e5; i++) {
      const of = i % 2 === 0 ? forward : jtc;
      const bytes = Uint8Array.from({ length: Math.floor(random() * 96) }, () => Math.floor(random() * 256));
      if (i % 4 < 2 && bytes.length > 1) bytes.set([0, 1]); // else nearly all fail at the header
      accepted += Number(typeof decodeCommand(bytes, of) === 'object');
    }
    expect(accepted).toBeLessThan(10);
    for (const [bytes, of] of [
      [multiArray([1, 2]), forward],
      [trajectory([1]), jtc],
      [jointState([1]), named],
    ] as const) {
      for (let i = 0; i < bytes.length; i++) {
        for (let value = 0; value < 256; value++) {
          const changed = new Uint8Array(bytes);
          changed[i] = value;
          const command = decodeCommand(changed, of);
          if (typeof command === 'string') continue;
          for (const { values } of command.points) longest = Math.max(longest, values.length);
        }
      }
    }
    expect(longest).toBe(2);
  });
});

/** Knuth's linear congruential generator: repeatable bytes. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}
