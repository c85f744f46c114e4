import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { NumberSet } from '../../../../src/io/rtps/number-set.js';
import { MAX_SET_BITS } from '../../../../src/io/rtps/protocol.js';

describe('NumberSet', () => {
  it('puts the base into the most significant bit of the first word', () => {
    const set = new NumberSet(1000);
    set.add(1000);
    set.add(1033);
    expect(set.words[0]).toBe(0x8000_0000);
    expect(set.words[1]).toBe(0x4000_0000);
    expect([set.length, set.wordCount]).toEqual([34, 2]);
  });

  it('holds exactly what was added within 256 of its base', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.uniqueArray(fc.integer({ min: -10, max: 300 }), { maxLength: 80 }),
        (base, offsets) => {
          const set = new NumberSet(base);
          for (const offset of offsets) {
            expect(set.add(base + offset)).toBe(offset >= 0 && offset < MAX_SET_BITS);
          }
          const inside = offsets.filter((offset) => offset >= 0 && offset < MAX_SET_BITS);
          expect(set.values()).toEqual(inside.sort((a, b) => a - b).map((offset) => base + offset));
        },
      ),
    );
  });

  it('is empty at first', () => {
    const set = new NumberSet(7);
    expect([set.values(), set.wordCount, set.has(7)]).toEqual([[], 0, false]);
  });
});
