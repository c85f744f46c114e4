import { describe, expect, it } from 'vitest';
import { decodeLocator, encodeLocator, multicastPort, unicastPort } from '../../../../src/io/rtps/locator.js';
import { MAX_DOMAIN_ID } from '../../../../src/io/rtps/protocol.js';
import { incompatibility } from '../../../../src/io/rtps/qos-match.js';
import { locatorSelector } from '../../../../src/io/rtps/reachability.js';
import type { RemoteEndpoint } from '../../../../src/io/rtps/remote-participant.js';

function remote(extra: Partial<RemoteEndpoint>): RemoteEndpoint {
  return {
    topic: 'rt/x',
    type: 't',
    reliable: true,
    transientLocal: false,
    isWriter: true,
    hasPartition: false,
    representations: [0],
    ...extra,
  } as RemoteEndpoint;
}

const local = { topic: 'rt/x', type: 't', reliable: true, transientLocal: false };

describe('incompatibility', () => {
  it.each([
    ['a reliable reader and a reliable writer', local, {}, undefined],
    ['a best-effort reader and a reliable writer', { ...local, reliable: false }, {}, undefined],
    ['a reliable reader and a best-effort writer', local, { reliable: false }, 'reliability'],
    [
      'a best-effort writer and a reliable reader',
      { ...local, reliable: false },
      { isWriter: false },
      'reliability',
    ],
    ['a volatile reader and a transient-local writer', local, { transientLocal: true }, undefined],
    ['a transient-local reader and a volatile writer', { ...local, transientLocal: true }, {}, 'durability'],
    [
      'a volatile writer and a transient-local reader',
      local,
      { isWriter: false, transientLocal: true },
      'durability',
    ],
    ['different types', local, { type: 'u' }, 'type'],
    ['a partition', local, { hasPartition: true }, 'partition'],
    ['XCDR2 alone', local, { representations: [2] }, 'representation'],
  ])('of %s', (_what, ours, theirs, expected) => {
    expect(incompatibility(ours, remote(theirs))).toBe(expected);
  });
});

describe('locators', () => {
  it('follow the port formula of the specification', () => {
    expect([multicastPort(0), unicastPort(0, 0), unicastPort(0, 1)]).toEqual([7400, 7410, 7412]);
    expect(unicastPort(MAX_DOMAIN_ID, 0)).toBeLessThan(65_536);
  });

  it('read back what was written, in either byte order', () => {
    const locator = { address: '192.168.10.20', port: 7411 };
    const bytes = encodeLocator(locator);
    expect(decodeLocator(bytes, true)).toEqual(locator);
    bytes.writeInt32BE(1, 0);
    bytes.writeUInt32BE(7411, 4);
    expect(decodeLocator(bytes, false)).toEqual(locator);
  });

  it.each([
    ['another kind', 0, 2],
    ['no port', 4, 0],
    ['a port beyond 65535', 4, 70_000],
  ])('refuse %s', (_what, offset, value) => {
    const bytes = encodeLocator({ address: '127.0.0.1', port: 7400 });
    bytes.writeUInt32LE(value, offset);
    expect(decodeLocator(bytes, true)).toBeUndefined();
  });

  const loopback = { address: '127.0.0.1', port: 1 };
  const ours = { address: '10.0.0.5', port: 2 };
  const other = { address: '10.0.0.6', port: 3 };

  it('are chosen on this machine when we are on loopback', () => {
    const select = locatorSelector('127.0.0.1', ['127.0.0.1', '10.0.0.5'], 4);
    expect(select([other, ours, loopback])).toEqual([loopback]);
    expect(select([other, ours])).toEqual([ours]);
    expect(select([other])).toEqual([]);
  });

  it('are chosen on the same interface, else all but loopback, when we are on a network', () => {
    const select = locatorSelector('10.0.0.5', ['127.0.0.1', '10.0.0.5'], 4);
    expect(select([loopback, other, ours])).toEqual([ours]);
    expect(select([loopback, other])).toEqual([other]);
  });
});
