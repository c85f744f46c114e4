import { expect, test } from 'vitest';
import { COMPUTE_CASES, selectCases } from '../../../bench/compute/cases.js';
import { usefulFlops } from '../../../bench/compute/flops.js';

function gflop(name: string): number {
  const found = COMPUTE_CASES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case '${name}'`);
  return usefulFlops(found.work) / 1e9;
}

test('counts the matrix products of the training steps once, and nothing else', () => {
  expect(gflop('sac-update/256x256/b256')).toBeCloseTo(0.58, 2);
  expect(gflop('ensemble-step/7x4x200/b256')).toBeCloseTo(1.4, 2);
  expect(gflop('ensemble-step/5x3x128/b256')).toBeCloseTo(0.3, 2);
});

test('counts two operations for each multiply-add of a product', () => {
  expect(gflop('matmul/256') * 1e9).toBe(2 * 256 * 256 * 256);
  // (20 x 256 + 256 x 256 + 256 x 1) per row; backward adds dW of all layers and dX of the last two
  const row = 20 * 256 + 256 * 256 + 256;
  expect(gflop('mlp-forward/20-256-256-1/b256') * 1e9).toBe(2 * 256 * row);
  expect(gflop('mlp-forward-backward/20-256-256-1/b256') * 1e9).toBe(2 * 256 * (3 * row - 20 * 256));
});

test('an ensemble step has the products of its forward and backward pass', () => {
  expect(gflop('ensemble-step/7x4x200/b256')).toBe(gflop('ensemble-forward-backward/7x4x200/b256'));
});

test('selects cases by any part of the name, or by the whole name with a star', () => {
  const names = (patterns: string): string[] => selectCases(patterns).map(({ name }) => name);
  expect(names('matmul/64')).toEqual(['matmul/64']);
  expect(names('64x64, policy')).toEqual(['sac-update/64x64/b128', 'policy-forward/256x256/b1']);
  expect(names('ensemble-step/*')).toEqual(['ensemble-step/7x4x200/b256', 'ensemble-step/5x3x128/b256']);
  expect(names('*')).toHaveLength(COMPUTE_CASES.length);
  expect(names('nothing')).toEqual([]);
});
