import { describe, expect, it } from 'vitest';
import { OperatorMotion, setPointCommand, stickCommand } from '../../../src/guard/operator-motion.js';
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

describe('setPointCommand', () => {
  const towards = (kind: 'position' | 'velocity' | 'effort', ...shares: number[]) =>
    Array.from(setPointCommand(config({ interface: kind, joints }), 0.3, shares, from));

  it('goes towards a position between the limits, no faster than a stick would', () => {
    const [first, second] = towards('position', 1, 1);
    expect(first).toBeCloseTo(0.5 + 0.3 * 2 * 0.01, 12);
    expect(second).toBeCloseTo(-0.5 + 0.3 * 0.01, 12);
    expect(towards('position', 0.5, -0.5)).toEqual([0.5, -0.5]); // it is there
    expect(towards('position', 0.501, -0.499)[0]).toBeCloseTo(0.501, 12);
  });

  it('asks for a velocity or an effort as a share of its limit, up to the highest of a stick', () => {
    expect(towards('velocity', 0.1, -0.2)).toEqual([0.2, -0.2]);
    expect(towards('velocity', 1, -1)).toEqual([0.6, -0.3]);
    expect(towards('effort', 1, -0.1)).toEqual([15, -1]);
  });

  it('leaves a continuous joint of a position interface where it is', () => {
    const turning = joint({ minPosition: -Infinity, maxPosition: Infinity });
    const one = setPointCommand(config({ interface: 'position', joints: [turning] }), 0.3, [1], from);
    expect(Array.from(one)).toEqual([0.5]);
  });
});

describe('OperatorMotion', () => {
  const MS = 1_000_000n;
  const base = Float64Array.of(0, 0);
  const until = (ms: bigint) => ({ receivedNs: 0n, expiresNs: ms * MS });
  const command = (axes: readonly number[], enable = true) =>
    ({
      type: 'teleop',
      mode: 'joint-velocity',
      enable,
      estop: false,
      ttlMs: 100,
      axes,
      ...until(100n),
    }) as const;
  const setPoint = (axes: readonly number[]) =>
    ({ type: 'set-point', ttlMs: 50, axes, ...until(50n) }) as const;
  const drive = (kind: 'position' | 'velocity' = 'velocity') =>
    new OperatorMotion(config({ interface: kind, joints }), teleop);
  const asked = (motion: OperatorMotion, ms = 0n, degraded = false) =>
    Array.from(motion.proposal(base, ms * MS, degraded)!.command);

  it('asks for half of everything while the line is degraded, by sticks and by set-points', () => {
    const motion = drive();
    motion.takeCommand(command([1, -1]));
    expect(asked(motion)).toEqual([0.6, -0.3]);
    expect(asked(motion, 0n, true)).toEqual([0.3, -0.15]);
    expect(asked(motion)).toEqual([0.6, -0.3]);
    motion.takeCommand(command([0, 0]));
    motion.takeSetPoint(setPoint([1, -1]));
    expect(asked(motion, 0n, true)).toEqual([0.3, -0.15]);
    const placed = drive('position');
    placed.takeCommand(command([1, 0]));
    expect(asked(placed, 0n, true)[0]).toBeCloseTo(0.5 * 0.6 * 0.01, 12);
  });

  it('acts on a set-point for its ttl, and on the command beside it for its own', () => {
    const motion = drive();
    motion.takeCommand(command([0, 0]));
    motion.takeSetPoint(setPoint([0.1, 0]));
    expect(asked(motion, 49n)).toEqual([0.2, 0]);
    expect(asked(motion, 50n)).toEqual([0, 0]);
    expect(motion.proposal(base, 0n, false)!.expiresNs).toBe(100n * MS);
  });

  it('asks for nothing by a set-point alone: there is no enable button in it', () => {
    const motion = drive();
    motion.takeSetPoint(setPoint([1, 1]));
    expect(motion.proposal(base, 0n, false)).toBeNull();
    expect(motion.input(0n)).toBeNull();
  });

  it('follows the sticks where they are deflected', () => {
    const motion = drive();
    motion.takeSetPoint(setPoint([1, 1]));
    motion.takeCommand(command([-1, 0]));
    expect(asked(motion)).toEqual([-0.6, 0]);
  });

  it('is not neutral under a set-point that has not run out, as under a deflected stick', () => {
    const motion = drive();
    motion.takeCommand(command([0, 0]));
    expect(motion.input(0n)!.neutral).toBe(true);
    motion.takeSetPoint(setPoint([0, 0]));
    expect(motion.input(49n * MS)!.neutral).toBe(false);
    expect(motion.input(50n * MS)!.neutral).toBe(true);
  });

  it('forgets a set-point when the operator begins to drive, and when the link is lost', () => {
    for (const forget of [(m: OperatorMotion) => m.begin(), (m: OperatorMotion) => m.takeCommand(null)]) {
      const motion = drive();
      motion.takeSetPoint(setPoint([1, 1]));
      forget(motion);
      motion.takeCommand(command([0, 0]));
      expect(asked(motion)).toEqual([0, 0]);
    }
  });

  it('moves the set-point of a position interface on from tick to tick, and anew from the last command', () => {
    const motion = drive('position');
    motion.takeCommand(command([1, 0]));
    asked(motion);
    expect(asked(motion)[0]).toBeCloseTo(2 * 0.6 * 0.01, 12);
    motion.begin();
    expect(asked(motion)[0]).toBeCloseTo(0.6 * 0.01, 12);
  });
});
