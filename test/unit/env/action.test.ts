import { describe, expect, it } from 'vitest';
import { actionToCommand } from '../../../src/env/index.js';

describe('actionToCommand', () => {
  it('scales an absolute action and does not look at the last command', () => {
    expect(
      Array.from(
        actionToCommand({ mode: 'absolute', scale: [2, 4] }, [0.5, -1], [9, 9], new Float64Array(2)),
      ),
    ).toEqual([1, -4]);
  });

  it('adds an increment to what was executed last', () => {
    expect(
      Array.from(actionToCommand({ mode: 'increment', scale: [0.5] }, [-1], [2], new Float64Array(1))),
    ).toEqual([1.5]);
  });
});
