import { describe, expect, it } from 'vitest';
import { canonicalHash, canonicalJson } from '../../../src/robot/index.js';

describe('canonicalJson', () => {
  it('sorts keys at every depth and leaves out undefined', () => {
    expect(canonicalJson({ b: [1, { d: true, c: null }], a: 'x"', e: undefined })).toBe(
      '{"a":"x\\"","b":[1,{"c":null,"d":true}]}',
    );
  });

  it('writes infinities, which a gate configuration has on continuous joints', () => {
    expect(canonicalJson([Infinity, -Infinity])).toBe('["Infinity","-Infinity"]');
  });

  it('refuses values without one text', () => {
    for (const value of [NaN, { a: NaN }, 1n, () => 0, [undefined]]) {
      expect(() => canonicalJson(value)).toThrow('no canonical JSON');
    }
  });
});

describe('canonicalHash', () => {
  it('is the SHA-256 of the text', () => {
    // printf '{}' | sha256sum
    expect(canonicalHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});
