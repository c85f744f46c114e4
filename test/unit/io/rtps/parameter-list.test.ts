import { describe, expect, it } from 'vitest';
import {
  ParameterListWriter,
  parseParameterList,
  parseParameterPayload,
} from '../../../../src/io/rtps/parameter-list.js';
import { PID } from '../../../../src/io/rtps/protocol.js';

const MAX = 16;

describe('ParameterList', () => {
  it('reads back what was written', () => {
    const payload = new ParameterListWriter()
      .string(PID.topicName, 'rt/joint_states')
      .uint32(PID.reliability, 2, 0, 7)
      .octets(PID.userData, Buffer.from('enclave=/;'))
      .payload();
    const list = parseParameterPayload(payload, MAX)!;
    expect(list.string(PID.topicName)).toBe('rt/joint_states');
    expect([list.uint32(PID.reliability), list.uint32(PID.reliability, 8)]).toEqual([2, 7]);
    expect(list.octets(PID.userData)!.toString()).toBe('enclave=/;');
    expect(list.get(PID.durability)).toBeUndefined();
  });

  it('aligns each parameter to four octets', () => {
    const bytes = new ParameterListWriter().string(PID.entityName, 'ab').inline();
    expect(bytes.toString('hex')).toBe('62000800' + '03000000' + '61620000' + '01000000');
  });

  it('reads big-endian lists', () => {
    const payload = Buffer.from('00020000' + '001a0004' + '00000002' + '00010000', 'hex');
    expect(parseParameterPayload(payload, MAX)!.uint32(PID.reliability)).toBe(2);
  });

  it('skips padding and keeps repeated parameters in order', () => {
    const bytes = Buffer.from(
      '00000400ffffffff' + '31000400aabbccdd' + '3100040011223344' + '01000000',
      'hex',
    );
    const { list, next } = parseParameterList(bytes, 0, bytes.length, true, MAX)!;
    expect(list.all(PID.defaultUnicastLocator).map((value) => value.toString('hex'))).toEqual([
      'aabbccdd',
      '11223344',
    ]);
    expect(next).toBe(bytes.length);
  });

  it.each([
    ['no sentinel', '1a00040002000000'],
    ['a value beyond the end', '1a00ff0002000000'],
    ['half a header', '1a00'],
    ['nothing', ''],
  ])('refuses a list with %s', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(parseParameterList(bytes, 0, bytes.length, true, MAX)).toBeUndefined();
  });

  it('refuses more parameters than allowed', () => {
    const writer = new ParameterListWriter();
    for (let i = 0; i <= MAX; i++) writer.uint32(PID.reliability, i);
    expect(parseParameterPayload(writer.payload(), MAX)).toBeUndefined();
  });

  it('refuses a string whose length lies', () => {
    const payload = Buffer.from('00030000' + '05000800' + 'ff000000' + '61620000' + '01000000', 'hex');
    expect(parseParameterPayload(payload, MAX)!.string(PID.topicName)).toBeUndefined();
  });

  it('refuses a payload that is not a parameter list', () => {
    expect(parseParameterPayload(Buffer.from('0001000001000000', 'hex'), MAX)).toBeUndefined();
  });
});
