import { describe, expect, it } from 'vitest';
import { GatedCommand, createGatedCommand } from '../../src/safety/gated-command.js';
import * as safety from '../../src/safety/index.js';

const joints = [{ name: 'elbow' }, { name: 'wrist' }];

describe('GatedCommand', () => {
  it('cannot be constructed outside the gate, not even by force', () => {
    const values = Float64Array.of(1, 2);
    expect(() => new GatedCommand(Symbol('gate'), joints, 'velocity', values, 1, 10n)).toThrow(TypeError);
    expect(Object.keys(safety)).not.toContain('createGatedCommand');
  });

  it('keeps its values whatever happens to the arrays it was made from or gave out', () => {
    const values = Float64Array.of(1, 2);
    const command = createGatedCommand(joints, 'velocity', values, 3, 10n);
    values[0] = 99;
    command.copyValues()[1] = 99;
    expect([...command.copyValues()]).toEqual([1, 2]);
    expect([command.value(0), command.value(1), command.value(2)]).toEqual([1, 2, NaN]);
    expect(command).toMatchObject({
      length: 2,
      seq: 3,
      commandInterface: 'velocity',
      joints: ['elbow', 'wrist'],
    });
  });

  it('expires at its time, not before', () => {
    const command = createGatedCommand(joints, 'velocity', Float64Array.of(1, 2), 3, 10n);
    expect([9n, 10n, 11n].map((now) => command.isExpired(now))).toEqual([false, true, true]);
  });
});
