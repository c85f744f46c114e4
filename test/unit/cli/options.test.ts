import { describe, expect, it } from 'vitest';
import { duration } from '../../../src/cli/options.js';

describe('duration', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['3min', 180],
    ['1.5min', 90],
    ['0.5h', 1800],
    [' 60s ', 60],
  ])("reads '%s' as %d s", (text, seconds) => {
    expect(duration(text)).toBe(seconds);
  });

  it.each(['xyz', '', '0', '0s', '-5s', '3 min', '3m', '1e3', '.5h', '1h30min', 'Infinity', 's'])(
    "refuses '%s' and says what is wanted",
    (text) => {
      expect(() => duration(text)).toThrow(`expected a time such as 90s, 3min or 1h, got '${text}'`);
    },
  );
});
