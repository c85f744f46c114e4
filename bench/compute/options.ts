import { InvalidArgumentError } from 'commander';
import { COMPUTE_CASES, selectCases, type ComputeCase } from './cases.js';
import type { Impl } from './measure.js';

export const COMPUTE_IMPLS: readonly Impl[] = ['native', 'wasm', 'cpu', 'pytorch'];

export function computeCases(patterns: string): readonly ComputeCase[] {
  const cases = selectCases(patterns);
  if (cases.length === 0) {
    throw new InvalidArgumentError(
      `no case matches; there are:\n${COMPUTE_CASES.map(({ name }) => `  ${name}`).join('\n')}`,
    );
  }
  return cases;
}
