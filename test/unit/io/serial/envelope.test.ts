import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionOf, positionShare, velocityShare } from '../../../../src/io/serial/index.js';

const elbow = { minPosition: -1, maxPosition: 3, maxVelocity: 2 };
const wheel = { minPosition: -Infinity, maxPosition: Infinity, maxVelocity: 2 };

describe('shares of an envelope', () => {
  it('are -1 and 1 at the limits of a joint, and no more beyond them', () => {
    expect([-1, 0, 1, 3].map((position) => positionShare(elbow, position))).toEqual([-1, -0.5, 0, 1]);
    expect([-5, 7].map((position) => positionShare(elbow, position))).toEqual([-1, 1]);
    expect([-4, -1, 0, 2, 3].map((velocity) => velocityShare(elbow, velocity))).toEqual([-1, -0.5, 0, 1, 1]);
  });

  it('of a continuous joint are of half a turn, wrapped', () => {
    expect(positionShare(wheel, Math.PI / 2)).toBeCloseTo(0.5, 12);
    expect(positionShare(wheel, 2.5 * Math.PI)).toBeCloseTo(0.5, 12);
    expect(positionShare(wheel, -0.25 * Math.PI)).toBeCloseTo(-0.25, 12);
    expect(positionOf(wheel, 0.5)).toBeCloseTo(Math.PI / 2, 12);
  });

  it('come back as the position that they were made of', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 3, noNaN: true }), (position) => {
        expect(positionOf(elbow, positionShare(elbow, position))).toBeCloseTo(position, 12);
      }),
    );
  });

  it('can always be written, whatever the encoder says', () => {
    const any = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(any, any, (position, velocity) => {
        for (const joint of [elbow, wheel]) {
          expect(Math.abs(positionShare(joint, position))).toBeLessThanOrEqual(1);
          expect(Math.abs(velocityShare(joint, velocity))).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
