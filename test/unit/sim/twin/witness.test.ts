import { describe, expect, it } from 'vitest';
import { Witness } from '../../../../sim/twin/index.js';
import { loadRobot, type JointLimits, type Robot } from '../../../../src/robot/index.js';

const cartpole = loadRobot('cartpole'); // slider: +-1.2 m, 2 m/s, 8 m/s^2, velocity interface, 100 Hz
const PERIOD_NS = 10_000_000n;

function kinds(witness: Witness): string[] {
  return witness.violations.map(({ kind }) => kind);
}

/** The cartpole with other limits of its slider. */
function withLimits(limits: { readonly [K in keyof JointLimits]?: JointLimits[K] | undefined }): Robot {
  const joints = cartpole.model.joints.map((joint) =>
    joint.name === 'slider' ? { ...joint, limits: { ...joint.limits, ...limits } as JointLimits } : joint,
  );
  return { ...cartpole, model: { ...cartpole.model, joints } };
}

/** Sends commands one period apart. */
function send(witness: Witness, commands: number[]): void {
  commands.forEach((v, i) => witness.command([Float64Array.of(v)], BigInt(i) * PERIOD_NS));
}

describe('Witness of a velocity robot', () => {
  it('accepts a ramp at exactly the acceleration limit, up, down and through zero', () => {
    const witness = new Witness(cartpole);
    const ramp = Array.from({ length: 60 }, (_, i) => 0.08 * (i < 20 ? i : 40 - i));
    send(witness, ramp);
    expect(witness.violations).toEqual([]);
  });

  it('counts a ramp that is five per cent too steep, once its excess is beyond one period', () => {
    const witness = new Witness(cartpole);
    send(
      witness,
      Array.from({ length: 24 }, (_, i) => 0.084 * i),
    );
    expect(kinds(witness)).toContain('command-acceleration');
  });

  it('counts a step of more than two periods of full acceleration', () => {
    const witness = new Witness(cartpole);
    send(witness, [0, 0.17]);
    expect(kinds(witness)).toEqual(['command-acceleration']);
    const { value, limit } = witness.violations[0]!;
    expect(limit).toBe(8);
    expect(value).toBeCloseTo(9, 6); // 0.01 m/s beyond what one period and one of slack allow, over that slack
  });

  it('judges braking where speeding up has no limit', () => {
    const witness = new Witness(withLimits({ maxAcceleration: undefined, maxDeceleration: 8 }));
    send(witness, [0, 2, 1]);
    expect(kinds(witness)).toEqual(['command-acceleration']);
    expect(witness.violations[0]!.limit).toBe(-8);
  });

  it('gives no time to a sender whose clock was set back', () => {
    const witness = new Witness(cartpole);
    witness.command([Float64Array.of(0)], 1_000_000_000n);
    witness.command([Float64Array.of(0.08)], 0n);
    expect(witness.violations).toEqual([]);
    witness.command([Float64Array.of(0.17)], PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-acceleration']);
  });

  it('allows for time in which nothing was sent', () => {
    const witness = new Witness(cartpole);
    witness.command([Float64Array.of(0)], 0n);
    witness.command([Float64Array.of(0.3)], 4n * PERIOD_NS);
    expect(witness.violations).toEqual([]);
  });

  it('counts a velocity beyond its limit, and one that is not a number', () => {
    const witness = new Witness(cartpole);
    witness.command([Float64Array.of(2.001)], 0n);
    expect(kinds(witness)).toEqual(['command-velocity']);
    const other = new Witness(cartpole);
    other.command([Float64Array.of(NaN)], 0n);
    expect(other.count).toBeGreaterThan(0);
  });

  it('counts a true position beyond either limit, and none on it', () => {
    const witness = new Witness(cartpole);
    witness.truth([1.2]);
    witness.truth([-1.2]);
    expect(witness.count).toBe(0);
    witness.truth([1.2001]);
    witness.truth([-1.2001]);
    expect(kinds(witness)).toEqual(['measured-position', 'measured-position']);
  });

  it('counts a malformed command', () => {
    const witness = new Witness(cartpole);
    witness.malformed();
    expect(kinds(witness)).toEqual(['command-malformed']);
  });

  it('keeps the first hundred violations and counts on', () => {
    const witness = new Witness(cartpole);
    for (let i = 0; i < 250; i++) witness.truth([9]);
    expect(witness.count).toBe(250);
    expect(witness.violations.length).toBe(100);
  });
});

describe('Witness of an effort robot', () => {
  it('counts an effort beyond its limit', () => {
    const witness = new Witness(loadRobot('pendulum')); // 2 N m
    witness.command([Float64Array.of(2)], 0n);
    expect(witness.count).toBe(0);
    witness.command([Float64Array.of(-2.01)], PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-effort']);
  });
});

describe('Witness of a position robot', () => {
  const robot: Robot = { ...cartpole, config: { ...cartpole.config, commandInterface: 'position' } };

  const ramp = (velocity: number, periods: number): number[] =>
    Array.from({ length: periods }, (_, i) => (i * velocity) / 100);

  it('counts a set-point outside the limits, and a step faster than the velocity limit', () => {
    const witness = new Witness(robot);
    witness.command([Float64Array.of(1.19)], 0n);
    witness.command([Float64Array.of(1.21)], PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-position']);
    witness.command([Float64Array.of(1.0)], 2n * PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-position', 'command-velocity']);
  });

  it('judges the points behind the first from one to the next', () => {
    const points = (...values: number[]) => values.map((value) => Float64Array.of(value));
    const witness = new Witness(robot);
    witness.command(points(1.16, 1.18, 1.2), 0n);
    expect(witness.violations).toEqual([]);
    witness.command(points(1.18, 1.2, 1.22), PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-position']);
    witness.command(points(1.18, 1.15), 2n * PERIOD_NS);
    expect(kinds(witness)).toEqual(['command-position', 'command-velocity']);
    expect(witness.violations[1]).toMatchObject({ value: expect.closeTo(-3, 9) as number, limit: 2 });
  });

  it.each([1, -1])('accepts set-points at exactly the velocity limit (%d)', (sign) => {
    const witness = new Witness(robot);
    send(witness, ramp(sign * 2, 60));
    expect(witness.violations).toEqual([]);
  });

  it.each([1, -1])('counts set-points five per cent too fast, once they are a period ahead (%d)', (sign) => {
    const witness = new Witness(robot);
    send(witness, ramp(sign * 2.1, 22)); // 1 mm ahead per step; 20 mm are allowed
    expect(kinds(witness)).toEqual(['command-velocity']);
    expect(witness.violations[0]!.limit).toBe(sign * 2);
  });

  it('counts set-points at nearly twice the velocity limit', () => {
    const witness = new Witness(robot);
    send(witness, ramp(3.9, 10));
    expect(witness.count).toBeGreaterThan(5);
    expect(new Set(kinds(witness))).toEqual(new Set(['command-velocity']));
  });

  it('does not judge the acceleration of set-points', () => {
    const witness = new Witness(robot);
    send(witness, [0, 0, 0.02, 0, 0.02]);
    expect(witness.violations).toEqual([]);
  });
});
