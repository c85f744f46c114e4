import { MessageWriter } from '@foxglove/rosmsg2-serialization';
import { describe, expect, it } from 'vitest';
import { CdrDecoder } from '../../../../src/io/ros/cdr-decoder.js';
import { CdrEncoder } from '../../../../src/io/ros/cdr-encoder.js';
import { CodecCache } from '../../../../src/io/ros/codec.js';
import { definitionsOf } from '../../../../src/io/ros/definitions.js';
import { INTERFACE_TEXTS } from '../../../../src/io/ros/interface-texts.js';
import type { MessageTypes } from '../../../../src/io/ros/messages.js';

const header = { stamp: { sec: -5, nanosec: 4_000_000_000 }, frame_id: 'base_link' };
const none = new Float64Array(0);

/** A value of each supported type; the strings are ASCII so that the library's writer can serve as the reference. */
const VALUES: { readonly [Name in keyof MessageTypes]: MessageTypes[Name] } = {
  'rosgraph_msgs/msg/Clock': { clock: { sec: 12, nanosec: 345 } },
  'std_msgs/msg/Bool': { data: true },
  'std_msgs/msg/String': { data: 'hello' },
  'std_msgs/msg/Float64MultiArray': {
    layout: { dim: [{ label: 'joints', size: 2, stride: 3 }], data_offset: 1 },
    data: Float64Array.of(1.5, -2, Math.PI),
  },
  'sensor_msgs/msg/JointState': {
    header,
    name: ['slider', 'pole', ''],
    position: Float64Array.of(0.1, -0.2, 3),
    velocity: Float64Array.of(1, 2, 3),
    effort: none,
  },
  'sensor_msgs/msg/Imu': {
    header,
    orientation: { x: 0.1, y: -0.2, z: 0.3, w: 0.9 },
    orientation_covariance: Float64Array.of(-1, 0, 0, 0, 0, 0, 0, 0, 0),
    angular_velocity: { x: 1, y: -2, z: 3.5 },
    angular_velocity_covariance: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9),
    linear_acceleration: { x: 0.25, y: 0, z: 9.81 },
    linear_acceleration_covariance: new Float64Array(9),
  },
  'geometry_msgs/msg/WrenchStamped': {
    header,
    wrench: { force: { x: 1, y: 2, z: -4.9 }, torque: { x: 0.5, y: -0.25, z: 0 } },
  },
  'control_msgs/msg/JointJog': {
    header,
    joint_names: ['slider', 'a'],
    displacements: none,
    velocities: Float64Array.of(0.5, -0.25),
    duration: 0.1,
  },
  'trajectory_msgs/msg/JointTrajectory': {
    header,
    joint_names: ['a'],
    points: [
      {
        positions: Float64Array.of(1),
        velocities: none,
        accelerations: none,
        effort: Float64Array.of(2),
        time_from_start: { sec: 1, nanosec: 2 },
      },
    ],
  },
  'diagnostic_msgs/msg/DiagnosticStatus': {
    level: 2,
    name: 'guard',
    message: 'stale',
    hardware_id: 'arm',
    values: [{ key: 'age [ms]', value: '120' }],
  },
  'diagnostic_msgs/msg/DiagnosticArray': {
    header,
    status: [{ level: 0, name: '', message: '', hardware_id: '', values: [] }],
  },
};

const codecs = new CodecCache();

describe('codecs', () => {
  it.each(Object.entries(VALUES))('read back a %s', (type, value) => {
    const codec = codecs.get(type);
    expect(codec.decode(codec.encode(value))).toEqual(value);
  });

  it.each(Object.entries(VALUES))('encode a %s as the reference does', (type, value) => {
    const reference = Buffer.from(new MessageWriter(definitionsOf(type)).writeMessage(value));
    expect(codecs.get(type).encode(value).toString('hex')).toBe(reference.toString('hex'));
  });

  it('keep text beyond ASCII whole', () => {
    const codec = codecs.get<{ data: string }>('std_msgs/msg/String');
    for (const data of ['23 °C', 'Ωμέγα', '🤖'.repeat(1000), '']) {
      expect(codec.decode(codec.encode({ data }))).toEqual({ data });
    }
  });

  it('encode absent fields as zero, empty and false', () => {
    const codec = codecs.get<object>('sensor_msgs/msg/JointState');
    const zero = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
    expect(codec.decode(codec.encode({}))).toEqual({
      header: zero,
      name: [],
      position: none,
      velocity: none,
      effort: none,
    });
  });

  it('give an empty service request the octet that IDL demands', () => {
    expect(codecs.get<object>('std_srvs/srv/Trigger_Request').encode({}).toString('hex')).toBe('0001000000');
  });

  it('read back both services', () => {
    for (const type of ['Trigger_Response', 'SetBool_Response']) {
      const codec = codecs.get<object>(`std_srvs/srv/${type}`);
      expect(codec.decode(codec.encode({ success: true, message: 'ok' }))).toEqual({
        success: true,
        message: 'ok',
      });
    }
    const request = codecs.get<object>('std_srvs/srv/SetBool_Request');
    expect(request.decode(request.encode({ data: true }))).toEqual({ data: true });
  });

  it('leave what was encoded before untouched', () => {
    const codec = codecs.get<{ data: string }>('std_msgs/msg/String');
    const first = codec.encode({ data: 'first' });
    codec.encode({ data: 'other' });
    expect(codec.decode(first)).toEqual({ data: 'first' });
  });

  it('throw on payloads that do not fit', () => {
    const codec = codecs.get('sensor_msgs/msg/JointState');
    const whole = codec.encode(VALUES['sensor_msgs/msg/JointState']);
    for (const length of [0, 3, 4, 12, 30, whole.length - 1]) {
      expect(() => codec.decode(Buffer.from(whole.subarray(0, length)))).toThrow();
    }
  });

  it('read nothing beyond the payload, where it lies in a larger buffer', () => {
    const codec = codecs.get('sensor_msgs/msg/JointState');
    const whole = codec.encode(VALUES['sensor_msgs/msg/JointState']);
    for (let length = 0; length < whole.length; length++) {
      expect(() => codec.decode(whole.subarray(0, length)), `${length} octets`).toThrow(/does not fit/);
    }
  });

  it.each([
    ['a sequence of strings', 'sensor_msgs/msg/JointState', [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
    ['a string', 'std_msgs/msg/String', []],
    ['numbers', 'std_msgs/msg/Float64MultiArray', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['structs', 'std_msgs/msg/Float64MultiArray', []],
  ])('believe no length of %s that the payload does not hold', (_what, type, before) => {
    for (const count of [1000, 33_554_431, 0x7fff_ffff, 0xffff_ffff]) {
      for (const littleEndian of [false, true]) {
        const length = Buffer.alloc(4);
        if (littleEndian) length.writeUInt32LE(count);
        else length.writeUInt32BE(count);
        const payload = Buffer.of(0, littleEndian ? 1 : 0, 0, 0, ...before, ...length, 1, 2, 3, 4);
        expect(() => codecs.get(type).decode(payload)).toThrow(/does not fit/);
      }
    }
  });

  it('read either byte order, and XCDR2, where doubles are aligned to 4', () => {
    const codec = codecs.get('std_msgs/msg/Float64MultiArray');
    const body = (...words: number[]) => words.flatMap((word) => [0, 0, 0, word]);
    const value = { layout: { dim: [], data_offset: 7 }, data: Float64Array.of(2) };
    const two = [0x40, 0, 0, 0, 0, 0, 0, 0];
    expect(codec.decode(Buffer.of(0, 0, 0, 0, ...body(0, 7, 1, 0), ...two))).toEqual(value);
    expect(codec.decode(Buffer.of(0, 6, 0, 0, ...body(0, 7, 1), ...two))).toEqual(value);
    const turned = [...two].reverse();
    expect(codec.decode(Buffer.of(0, 7, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, ...turned))).toEqual(value);
  });

  it('refuse other encapsulations, a bool that is neither 0 nor 1, and a string without its end', () => {
    const bool = codecs.get('std_msgs/msg/Bool');
    expect(bool.decode(Buffer.of(0, 1, 0, 0, 1))).toEqual({ data: true });
    for (const octets of [
      [0, 1, 0, 0, 2],
      [0, 3, 0, 0, 1],
      [1, 1, 0, 0, 1],
      [0, 1, 0],
    ]) {
      expect(() => bool.decode(Buffer.from(octets))).toThrow(/does not fit/);
    }
    const text = codecs.get('std_msgs/msg/String');
    expect(text.decode(Buffer.of(0, 1, 0, 0, 0, 0, 0, 0))).toEqual({ data: '' });
    expect(() => text.decode(Buffer.of(0, 1, 0, 0, 2, 0, 0, 0, 65, 66))).toThrow(/does not fit/);
  });

  it('know no types beyond the common interfaces', () => {
    expect(() => codecs.get('my_msgs/msg/Thing')).toThrow(/my_msgs\/msg\/Thing/);
  });

  it('refuse a fixed array of another length', () => {
    const definition = [
      { definitions: [{ name: 'k', type: 'uint8', isComplex: false, isArray: true, arrayLength: 3 }] },
    ];
    const encoder = new CdrEncoder(definition);
    expect(encoder.encode({ k: [1, 2, 3] }).toString('hex')).toBe('00010000010203');
    expect(() => encoder.encode({ k: [1] })).toThrow(/'k' has 1 elements, expected 3/);
    const decoder = new CdrDecoder(definition);
    expect(decoder.decode(Buffer.of(0, 1, 0, 0, 1, 2, 3))).toEqual({ k: Uint8Array.of(1, 2, 3) });
    expect(() => decoder.decode(Buffer.of(0, 1, 0, 0, 1, 2))).toThrow(/does not fit/);
  });
});

it.each(Object.keys(INTERFACE_TEXTS))('%s is complete: no type is missing', (name) => {
  expect(definitionsOf(name.replace(/^(\w+)\/(\w+)$/, '$1/msg/$2'))[0]!.definitions).toBeDefined();
});
