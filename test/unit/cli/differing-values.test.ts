import { expect, it } from 'vitest';
import { differingValues } from '../../../src/cli/differing-values.js';

it('names each leaf that differs, by its path, and nothing else', () => {
  const one = {
    name: 'a',
    limits: { slider: { max: 2, min: -Infinity } },
    joints: ['x', 'y'],
    same: [{ a: NaN }],
  };
  const other = {
    name: 'a',
    limits: { slider: { max: 1.5, min: -1 } },
    joints: ['x'],
    same: [{ a: NaN }],
    more: {},
  };
  expect(differingValues(one, other)).toEqual([
    'limits.slider.max: 2, not 1.5',
    'limits.slider.min: -Infinity, not -1',
    'joints.1: "y", not none',
    'more: none, not {}',
  ]);
  expect(differingValues(one, structuredClone(one))).toEqual([]);
  expect(differingValues(0, -0, 'x')).toEqual(['x: 0, not 0']);
});
