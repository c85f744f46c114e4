import { describe, expect, it } from 'vitest';
import { wrapAngle } from '../../../src/core/index.js';

describe('wrapAngle', () => {
  it.each([
    [0, 0],
    [3, 3],
    [Math.PI, -Math.PI],
    [-Math.PI, -Math.PI],
    [6, 6 - 2 * Math.PI],
    [-7, -7 + 2 * Math.PI],
  ])('takes %f to %f', (angle, expected) => {
    expect(wrapAngle(angle)).toBeCloseTo(expected, 12);
  });
});
