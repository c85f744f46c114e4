import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Every value within `relative` of the largest expected magnitude (float32 against a double-precision reference). */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, relative = 1e-4): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-6;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= relative * scale)) {
      expect.fail(`value ${i}: ${actual[i]} is not within ${relative * scale} of ${expected[i]}`);
    }
  }
}

/** A file that test/fixtures/rl/make_fixtures.py wrote. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/rl/${name}`, import.meta.url), 'utf8')) as T;
}
