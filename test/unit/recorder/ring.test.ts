import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from '../../../src/recorder/ring.js';

test('keeps the newest items of its span, never more than its capacity, oldest first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 100 }),
      (gaps, capacity, span) => {
        const ring = new Ring<bigint>(capacity, BigInt(span));
        const times: bigint[] = [];
        let timeNs = 0n;
        for (const gap of gaps) {
          timeNs += BigInt(gap);
          times.push(timeNs);
          ring.push(timeNs, timeNs);
          expect(ring.size).toBeLessThanOrEqual(capacity);
        }
        const expected = times.filter((time) => time >= timeNs - BigInt(span)).slice(-capacity);
        expect(ring.since(0n)).toEqual(expected);
        expect(ring.since(timeNs)).toEqual(expected.filter((time) => time === timeNs));
      },
    ),
  );
});
