import { describe, expect, it } from 'vitest';
import { parseOrder } from '../../../src/cli/device-orders.js';

describe('parseOrder', () => {
  it('reads sticks as shares, axes that are left out at rest', () => {
    expect(parseOrder(' stick 1 3 80 -32767 ', 2)).toEqual({
      order: 'stick',
      command: { mode: 'joint-velocity', enable: true, estop: true, ttlMs: 80, axes: [-1, 0] },
    });
  });

  it('reads the other orders', () => {
    expect(parseOrder('reset 4294967295', 1)).toEqual({ order: 'reset', nonce: 4294967295 });
    expect(parseOrder('estop 9', 1)).toEqual({ order: 'estop', cause: 9 });
    expect(parseOrder('log two  words', 1)).toEqual({ order: 'log', text: 'two  words' });
    expect(parseOrder('mode 2', 1)).toEqual({ order: 'mode', wanted: 'agent' });
    expect(parseOrder('setpoint 80 -32767', 2)).toEqual({
      order: 'setpoint',
      command: { ttlMs: 80, axes: [-1, 0] },
    });
    expect(parseOrder('hang', 1)).toEqual({ order: 'hang' });
    expect(parseOrder('  ', 1)).toBeUndefined();
  });

  it.each([
    ['fly', /'fly' is no order; there are:\n {2}stick/],
    ['stick 1 1 100 40000', /40000 where an integer from -32767 to 32767 is wanted/],
    ['stick 1 1 100 0 0', /has 2 axes, the robot 1/],
    ['stick 7 1 100 0', /7 where an integer from 0 to 2/],
    ['stick 1', /nothing where an integer/],
    ['setpoint 80 0 0', /has 2 axes, the robot 1/],
    ['mode 3', /3 where an integer from 0 to 2/],
    ['estop 256', /from 0 to 255/],
    ['reset 1 2', /one number is wanted/],
    ['quit now', /nothing comes after quit/],
  ])("refuses '%s' and says what is wanted", (line, message) => {
    expect(() => parseOrder(line, 1)).toThrow(message);
  });
});
