import { describe, expect, it } from 'vitest';
import { actionToCommand, commandToAction } from '../../../src/env/index.js';

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

describe('commandToAction', () => {
  it.each(['increment', 'absolute'] as const)('is the inverse of actionToCommand: %s', (mode) => {
    const config = { mode, scale: [0.5, 2] };
    const before = Float64Array.of(0.3, -1);
    const command = actionToCommand(config, [-0.75, 1], before, new Float64Array(2));
    const action = commandToAction(config, before, command)!;
    expect(action[0]).toBeCloseTo(-0.75, 6);
    expect(action[1]).toBeCloseTo(1, 6);
  });

  it('is none where the commands are further apart than an action reaches, or not numbers', () => {
    const config = { mode: 'increment', scale: [0.5] } as const;
    expect(commandToAction(config, [0], [0.51])).toBeNull();
    expect(commandToAction(config, [0], [-0.51])).toBeNull();
    expect(commandToAction(config, [0], [NaN])).toBeNull();
    expect(Array.from(commandToAction(config, [0], [0.500001])!)).toEqual([1]);
  });
});
