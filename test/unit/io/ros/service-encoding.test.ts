import { describe, expect, it } from 'vitest';
import { PID, VENDOR, makeGuid, type Sample } from '../../../../src/io/rtps/index.js';
import { parseParameterList } from '../../../../src/io/rtps/parameter-list.js';
import {
  encodingFor,
  identityInlineQos,
  prependHeader,
  relatedIdentity,
  replyIdentity,
  splitHeader,
} from '../../../../src/io/ros/service-encoding.js';
import { userDataValue } from '../../../../src/io/ros/user-data.js';

const prefix = Buffer.from('010f0102030405060708090a', 'hex');
const reader = makeGuid(prefix, 0x1304);
const writer = makeGuid(prefix, 0x1203);
const SEQUENCE = 2n ** 33n + 5n;

function sample(inlineQos: Buffer | undefined): Sample {
  const parsed = inlineQos && parseParameterList(inlineQos, 0, inlineQos.length, true, 16);
  return {
    inlineQos: parsed?.list,
    participant: { prefix, vendorId: VENDOR.fastDds },
    writerId: 0x1203,
    sequenceNumber: 9,
  } as unknown as Sample;
}

describe('service encoding', () => {
  it('is chosen by the vendor of the peer', () => {
    expect(encodingFor(VENDOR.cycloneDds)).toBe('header');
    expect(encodingFor(VENDOR.fastDds)).toBe('inline-qos');
    expect(encodingFor(VENDOR.dynabridge)).toBe('inline-qos');
  });

  it('puts a header in front of the body and takes it off again', () => {
    const payload = Buffer.from('00010000' + '01000000', 'hex');
    const identity = { client: Buffer.from('1122334455667788', 'hex'), sequence: SEQUENCE };
    const framed = prependHeader(payload, identity);
    expect(framed.toString('hex')).toBe('00010000' + '1122334455667788' + '0500000002000000' + '01000000');
    expect(splitHeader(framed)).toEqual({ identity, body: payload });
  });

  it('reads a big-endian header and drops the padding count of the encapsulation', () => {
    const framed = Buffer.from('00000003' + '8877665544332211' + '0000000200000005' + '01000000', 'hex');
    const { identity, body } = splitHeader(framed)!;
    expect(identity).toEqual({ client: Buffer.from('1122334455667788', 'hex'), sequence: SEQUENCE });
    expect(body.toString('hex')).toBe('00000000' + '01000000');
  });

  it('finds no header in a payload that is too short', () => {
    expect(splitHeader(Buffer.alloc(19))).toBeUndefined();
  });

  it('carries an identity as inline QoS under both parameter ids', () => {
    const inlineQos = identityInlineQos({ client: reader, sequence: SEQUENCE });
    const { list } = parseParameterList(inlineQos, 0, inlineQos.length, true, 16)!;
    expect(list.get(PID.relatedSampleIdentity)).toEqual(list.get(PID.relatedSampleIdentityFastDds));
    expect(relatedIdentity(sample(inlineQos))).toEqual({ client: reader, sequence: SEQUENCE });
  });

  it('replies to the reader that a request names, else to its writer', () => {
    const naming = identityInlineQos({ client: reader, sequence: 0n });
    expect(replyIdentity(sample(naming))).toEqual({ client: reader, sequence: 9n });
    const zero = identityInlineQos({ client: Buffer.alloc(16), sequence: 0n });
    expect(replyIdentity(sample(zero))).toEqual({ client: writer, sequence: 9n });
    expect(replyIdentity(sample(undefined))).toEqual({ client: writer, sequence: 9n });
  });
});

describe('userDataValue', () => {
  it('finds a key among pairs', () => {
    expect(userDataValue('clientid=1.2;typehash=RIHS01_ab;', 'typehash')).toBe('RIHS01_ab');
    expect(userDataValue('clientid=1.2;', 'serviceid')).toBeUndefined();
    expect(userDataValue('', 'clientid')).toBeUndefined();
  });
});
