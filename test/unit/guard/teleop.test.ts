import { describe, expect, it } from 'vitest';
import { stickCommand } from '../../../src/guard/teleop.js';
import { config, joint } from '../../safety/fixtures.js';

const joints = [
  joint({ maxVelocity: 2, maxEffort: 50 }),
  joint({ name: 'wrist', maxVelocity: 1, maxEffort: 10 }),
];
const sticks = (...axes: number[]) => ({ mode: 'joint-velocity', axes }) as const;
const teleop = { maxVelocityScale: 0.3, deadBand: 0.05 };
const from = Float64Array.of(0.5, -0.5);
const command = (kind: 'position' | 'velocity' | 'effort', ...axes: number[]) =>
  Array.from(stickCommand(config({ interface: kind, joints }), teleop, sticks(...axes), from));

describe('stickCommand', () => {
  it('is 30 % of each limit at full deflection, of the velocity or of the effort', () => {
    expect(command('velocity', 1, -1)).toEqual([0.6, -0.3]);
    expect(command('effort', 1, -1)).toEqual([15, -3]);
  });

  it('takes scale and dead band from robot.yaml', () => {
    const own = { maxVelocityScale: 0.8, deadBand: 0.5 };
    const gateConfig = config({ interface: 'velocity', joints });
    const [first, second] = stickCommand(gateConfig, own, sticks(1, 0.75), from);
    expect([first, second]).toEqual([1.6, 0.4]);
    expect(Array.from(stickCommand(gateConfig, own, sticks(0.5, -0.5), from))).toEqual([0, -0]);
  });

  it('moves a set-point on by that velocity in one control period, and not beyond its limits', () => {
    const [first, second] = command('position', 1, -1);
    expect(first).toBeCloseTo(0.5 + 0.6 * 0.01, 12);
    expect(second).toBeCloseTo(-0.5 - 0.3 * 0.01, 12);
    const atTheEnd = Float64Array.of(1, -1); // the limits of both joints
    const kept = stickCommand(config({ interface: 'position', joints }), teleop, sticks(1, -1), atTheEnd);
    expect(Array.from(kept)).toEqual([1, -1]);
  });

  it('asks for nothing within the dead band, and does not jump at its end', () => {
    expect(command('velocity', 0.05, -0.05)).toEqual([0, -0]);
    expect(command('position', 0.04, -0.04)).toEqual([0.5, -0.5]);
    expect(command('velocity', 0.051, 0)[0]).toBeLessThan(0.001);
  });

  it.each(['hold', 'joint-delta'] as const)('asks for no motion in mode %s', (mode) => {
    const gateConfig = config({ interface: 'velocity', joints });
    expect(Array.from(stickCommand(gateConfig, teleop, { mode, axes: [1, 1] }, from))).toEqual([0, 0]);
  });
});
