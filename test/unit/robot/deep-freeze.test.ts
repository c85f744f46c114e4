import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../../src/robot/deep-freeze.js';

describe('deepFreeze', () => {
  it('freezes every object and array, and returns the value', () => {
    const value = { limits: { position: [{ min: 0 }] }, name: 'arm', none: null };
    expect(deepFreeze(value)).toBe(value);
    for (const part of [value, value.limits, value.limits.position, value.limits.position[0]])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('takes values that are no objects as they are', () => {
    for (const value of [undefined, null, 1, 'text', true]) expect(deepFreeze(value)).toBe(value);
  });

  it('ends on a value that holds itself', () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(Object.isFrozen(deepFreeze(loop))).toBe(true);
  });
});
