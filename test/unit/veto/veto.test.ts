import { describe, expect, it } from 'vitest';
import { Veto, type VetoInterface, type VetoLimits } from '../../../src/veto/index.js';
import { decodeCommand } from '../../../src/veto/decode-command.js';
import { at, joint, limits, multiArray, points, trajectory } from './fixtures.js';

/** What is said to commands of one joint, sent at those times [ms]; the veto latches, so the first objection stays. */
function say(
  commandInterface: VetoInterface,
  ...commands: readonly (readonly [ms: number, value: number])[]
): string | null {
  const veto = new Veto(limits({ commandInterface }));
  for (const [ms, value] of commands) veto.check(multiArray([value]), at(ms));
  return veto.reason;
}

/** The same of a robot that moved before, so that the time of the first of these commands is known for sure. */
function sayInMotion(
  commandInterface: VetoInterface,
  ...commands: readonly (readonly [ms: number, value: number])[]
): string | null {
  const [[ms, value]] = commands as [[number, number]];
  return say(commandInterface, [ms - 10, value * 0.999], ...commands);
}

describe('Veto, velocity interface', () => {
  it.each([2, -2, 0, -0, 2 * (1 + 0.9e-6)])('lets a first command of %d pass, within 2 rad/s', (value) => {
    expect(say('velocity', [0, value])).toBeNull();
  });

  it.each([2 * (1 + 1.1e-6), -3, NaN, Infinity, -Infinity])('vetoes %d', (value) => {
    expect(say('velocity', [0, value])).not.toBeNull();
  });

  it('names joint, value, limit and unit', () => {
    expect(say('velocity', [0, -3])).toBe("joint 'elbow' velocity -3 rad/s beyond max_velocity 2 rad/s");
    expect(say('velocity', [0, NaN])).toBe("joint 'elbow' velocity NaN is not finite");
  });

  it('lets speed grow by max_acceleration over the time that has passed, either way', () => {
    expect(sayInMotion('velocity', [0, 0.5], [10, 0.6], [30, 0.8])).toBeNull();
    expect(sayInMotion('velocity', [0, -0.5], [10, -0.6], [30, -0.8])).toBeNull();
    expect(sayInMotion('velocity', [0, 0.5], [10, 0.601])).toMatch(
      /^joint 'elbow' speed grows by 0.10\d* rad\/s to 0.601/,
    );
    expect(sayInMotion('velocity', [0, -0.5], [10, -0.601])).toMatch(
      /max_acceleration 10 rad\/s\^2 allows 0.1\d* rad\/s$/,
    );
  });

  it('lets it brake as hard as it likes, but counts what lies beyond zero as growth', () => {
    expect(sayInMotion('velocity', [0, 2], [10, 0])).toBeNull();
    expect(sayInMotion('velocity', [0, 2], [10, -0.1])).toBeNull();
    expect(sayInMotion('velocity', [0, 2], [10, -0.101])).not.toBeNull();
    expect(sayInMotion('velocity', [0, -2], [10, 0.101])).not.toBeNull();
  });

  it('lets a repetition, which may be of a burst, leave half a period for the next command, not more', () => {
    expect(sayInMotion('velocity', [0, 0.5], [4, 0.5], [12, 0.62])).toBeNull();
    expect(sayInMotion('velocity', [0, 0.5], [6, 0.5], [12, 0.609])).toBeNull();
    expect(sayInMotion('velocity', [0, 0.5], [6, 0.5], [12, 0.611])).not.toBeNull();
    expect(say('velocity', [0, 0], [1000, 0], [2000, 0], [2010, 0.151])).not.toBeNull();
    expect(sayInMotion('velocity', [0, 0.5], [4, 0.51], [12, 0.6])).not.toBeNull();
  });

  it('takes the first command for one of a burst with the engagement, and leaves half a period', () => {
    expect(say('velocity', [0, 0.5], [10, 0.649])).toBeNull();
    expect(say('velocity', [0, 0.5], [10, 0.651])).not.toBeNull();
  });

  it('allows nothing in no time, or when the clock goes back', () => {
    expect(sayInMotion('velocity', [10, 0.5], [10, 0.5])).toBeNull();
    expect(sayInMotion('velocity', [10, 0.5], [10, 0.501])).not.toBeNull();
    expect(sayInMotion('velocity', [10, 0.5], [0, 0.501])).not.toBeNull();
  });
});

describe('Veto, position interface', () => {
  it('lets a set-point move at max_velocity over the time that has passed', () => {
    expect(sayInMotion('position', [0, 0.5], [10, 0.52], [30, 0.48])).toBeNull();
    expect(sayInMotion('position', [0, 0.5], [10, 0.5202])).toMatch(
      /^joint 'elbow' position steps by 0.020\d* rad in 0.01 s/,
    );
    expect(sayInMotion('position', [0, 0.5], [10, 0.4798])).not.toBeNull();
  });

  it('keeps set-points within the limits', () => {
    expect(say('position', [0, 0.99], [10, 1])).toBeNull();
    expect(say('position', [0, 0.99], [10, 1.001])).toBe(
      "joint 'elbow' position 1.001 rad outside [-1, 1] rad and not on the way back in",
    );
    expect(say('position', [0, -0.99], [10, -1.001])).not.toBeNull();
  });

  it('lets one that begins outside stand and move inward only', () => {
    expect(say('position', [0, 1.2], [10, 1.2], [20, 1.19])).toBeNull();
    expect(say('position', [0, 1.2], [10, 1.19], [20, 1.191])).not.toBeNull();
    expect(say('position', [0, -1.2], [10, -1.19], [20, -1.191])).not.toBeNull();
  });

  it('knows no range for a joint without end', () => {
    const endless = joint({ minPosition: -Infinity, maxPosition: Infinity });
    const veto = new Veto(limits({ commandInterface: 'position', joints: [endless] }));
    expect(veto.check(multiArray([1e4]), at(0))).toBeNull();
    expect(veto.check(multiArray([1e4 + 0.02]), at(10))).toBeNull();
  });
});

describe('Veto, effort interface', () => {
  it('keeps efforts within max_effort, and nothing else', () => {
    expect(say('effort', [0, 30], [10, -30], [10, 0])).toBeNull();
    expect(say('effort', [0, 30.1])).toBe("joint 'elbow' effort 30.1 N m beyond max_effort 30 N m");
    const slider = limits({ commandInterface: 'effort', joints: [joint({ name: 'slider', unit: 'm' })] });
    expect(new Veto(slider).check(multiArray([-31]), at(0))).toBe(
      "joint 'slider' effort -31 N beyond max_effort 30 N",
    );
  });
});

describe('Veto, trajectories of several points', () => {
  // elbow: within +-1 rad, 2 rad/s, so 0.02 rad per point
  const of = limits({
    messageType: 'trajectory_msgs/msg/JointTrajectory',
    commandInterface: 'position',
    points: 4,
  });

  it('lets pass what keeps the limits from point to point, and from the point that is due at the next command', () => {
    const veto = new Veto(of);
    expect(veto.check(points([0, 0.02, 0.04, 0.06]), at(0))).toBeNull();
    expect(veto.check(points([0.06, 0.08, 0.1]), at(30))).toBeNull();
    expect(veto.check(points([0.04]), at(40))).toBeNull();
  });

  it.each([
    [
      'a later point beyond the position limit',
      points([0.99, 1, 1.01]),
      /^joint 'elbow' position 1.01 rad outside .* \(point 3 of 3\)$/,
    ],
    [
      'a later step that is too long',
      points([0, 0.02, 0.05]),
      /^joint 'elbow' position steps by .* \(point 3 of 3\)$/,
    ],
    ['a later value that is not finite', points([0, NaN]), /is not finite \(point 2 of 2\)$/],
  ])('vetoes %s', (_name, bytes, why) => {
    const veto = new Veto(of);
    expect(veto.check(bytes, at(0))).toMatch(why);
    expect(veto.substitute(at(0))).toBeNull();
  });

  it.each([
    [5, 0],
    [25, 0.04],
    [999, 0.06],
  ])('%d ms after the last command that passed, the substitute keeps %d rad', (ms, kept) => {
    const veto = new Veto(of);
    veto.check(points([0, 0.02, 0.04, 0.06]), at(0));
    veto.check(points([NaN]), at(ms));
    for (const later of [0, 10, 500]) {
      const { values, bytes } = veto.substitute(at(ms + later))!;
      expect(values).toEqual(Float64Array.of(kept));
      const command = decodeCommand(bytes, of);
      if (typeof command === 'string') throw new Error(command);
      expect(command.points.map((point) => point.values[0])).toEqual([kept, kept, kept, kept]);
    }
  });

  it('of a first command that holds a wrong number of values in one point is a veto', () => {
    const veto = new Veto({ ...of, joints: [joint(), joint({ name: 'wrist' })] });
    expect(veto.check(points([0, 0]), at(0))).toBe('the command has 1 values, expected 2');
  });
});

describe('Veto, any interface', () => {
  const two: VetoLimits = limits({
    commandInterface: 'position',
    messageType: 'trajectory_msgs/msg/JointTrajectory',
    joints: [joint(), joint({ name: 'wrist', maxVelocity: 1 })],
  });
  const both = { names: ['elbow', 'wrist'] };

  it('vetoes other numbers of values, names and orders', () => {
    expect(new Veto(two).check(trajectory([0, 0], both), at(0))).toBeNull();
    expect(new Veto(limits()).check(multiArray([0, 0]), at(0))).toBe('the command has 2 values, expected 1');
    expect(new Veto(two).check(trajectory([0], both), at(0))).toBe('the command has 1 values, expected 2');
    expect(new Veto(two).check(trajectory([0, 0], { names: ['wrist', 'elbow'] }), at(0))).toBe(
      'the command is for joints ["wrist","elbow"], expected ["elbow","wrist"]',
    );
    expect(new Veto(two).check(trajectory([0, 0], { names: ['elbow'] }), at(0))).not.toBeNull();
  });

  it('vetoes what it cannot read', () => {
    expect(new Veto(two).check(multiArray([0, 0]), at(0))).toMatch(/^the command cannot be read: /);
  });

  it('judges every joint by its own limits', () => {
    const veto = new Veto(two);
    veto.check(trajectory([0, 0], both), at(0));
    expect(veto.check(trajectory([0.02, 0.01], both), at(10))).toBeNull();
    expect(veto.check(trajectory([0.04, 0.03], both), at(20))).toMatch(/^joint 'wrist' position steps/);
  });

  it('latches: the first reason stays, and nothing passes any more', () => {
    const veto = new Veto(limits());
    expect(veto.reason).toBeNull();
    expect(veto.check(multiArray([0.1]), at(0))).toBeNull();
    const why = veto.check(multiArray([3]), at(10));
    expect(veto.check(multiArray([0.1]), at(20))).toBe(why);
    expect(veto.check(multiArray([NaN]), at(30))).toBe(why);
    expect(veto.reason).toBe(why);
  });

  it('does not see what is done to the bytes afterwards', () => {
    const veto = new Veto(limits());
    const bytes = Buffer.from(multiArray([0.1]));
    veto.check(bytes, at(0));
    bytes.fill(0xff);
    expect(veto.check(multiArray([0.2]), at(10))).toBeNull();
    expect(veto.substitute(at(10))?.values[0]).toBe(0.2);
  });
});

describe('Veto of a gate that fell silent', () => {
  /** One command at rest, silence, and the next command 10 ms later. */
  function afterSilence(commandInterface: VetoInterface, value: number, silent = true): Veto {
    const veto = new Veto(limits({ commandInterface }));
    veto.check(multiArray([0]), at(0));
    if (silent) veto.fallSilent();
    veto.check(multiArray([value]), at(10));
    return veto;
  }

  it('takes the next command for a first one: others may have moved the robot meanwhile', () => {
    for (const [commandInterface, value] of [
      ['velocity', 1.5],
      ['position', 1],
    ] as const) {
      expect(afterSilence(commandInterface, value, false).reason).not.toBeNull();
      expect(afterSilence(commandInterface, value).reason).toBeNull();
    }
  });

  it('judges it like any first one', () => {
    expect(afterSilence('velocity', 3).reason).toMatch(/beyond max_velocity/);
  });

  it('has nothing to substitute for it: the robot was left to others', () => {
    expect(afterSilence('velocity', 3).substitute(at(20))).toBeNull();
  });

  it('forgets no veto', () => {
    const veto = new Veto(limits({ commandInterface: 'velocity' }));
    veto.check(multiArray([3]), at(0));
    veto.fallSilent();
    expect(veto.check(multiArray([0]), at(10))).toMatch(/beyond max_velocity/);
  });
});

describe('the substitute', () => {
  const decoded = (bytes: Uint8Array, of: VetoLimits): readonly number[] => {
    const command = decodeCommand(bytes, of);
    return typeof command === 'string' ? [] : command.points[0]!.values;
  };

  it('is nothing where no command has passed', () => {
    const veto = new Veto(limits());
    expect(veto.substitute(at(0))).toBeNull();
    veto.check(multiArray([9]), at(0));
    expect(veto.substitute(at(10))).toBeNull();
  });

  it('ramps the last velocities that passed to zero at max_deceleration, and stays there', () => {
    const of = limits({ joints: [joint(), joint({ name: 'wrist', maxDeceleration: 20 })] });
    const veto = new Veto(of);
    veto.check(multiArray([1, -0.5]), at(0));
    veto.check(multiArray([NaN, 0]), at(10));
    const [elbow, wrist] = veto.substitute(at(20))!.values;
    expect(elbow).toBeCloseTo(1 - 5 * 0.02, 12);
    expect(wrist).toBeCloseTo(-0.5 + 20 * 0.02, 12);
    expect(veto.substitute(at(100))!.values.map(Math.abs)).toEqual(Float64Array.of(0.5, 0));
    expect(veto.substitute(at(5000))!.values.map(Math.abs)).toEqual(Float64Array.of(0, 0));
    expect(decoded(veto.substitute(at(20))!.bytes, of)).toEqual([elbow, wrist]);
  });

  it('keeps the last set-point, in the same message', () => {
    const of = limits({ messageType: 'trajectory_msgs/msg/JointTrajectory', commandInterface: 'position' });
    const veto = new Veto(of);
    veto.check(trajectory([0.25]), at(0));
    veto.check(trajectory([9]), at(10));
    expect(Buffer.from(veto.substitute(at(20))!.bytes)).toEqual(Buffer.from(trajectory([0.25])));
  });

  it('is no effort', () => {
    const of = limits({ commandInterface: 'effort' });
    const veto = new Veto(of);
    veto.check(multiArray([12]), at(0));
    veto.check(multiArray([99]), at(10));
    expect(veto.substitute(at(10))!.values).toEqual(Float64Array.of(0));
    expect(decoded(veto.substitute(at(10))!.bytes, of)).toEqual([0]);
  });

  it('is in the byte order of the last command', () => {
    const bytes = new Uint8Array(multiArray([1]));
    bytes[1] = 0;
    for (const [start, size] of [
      [12, 4],
      [20, 8],
    ] as const)
      bytes.subarray(start, start + size).reverse();
    const of = limits();
    const veto = new Veto(of);
    expect(veto.check(bytes, at(0))).toBeNull();
    veto.check(bytes.subarray(1), at(10));
    const { bytes: instead, values } = veto.substitute(at(10))!;
    expect(instead.subarray(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 0));
    expect(decoded(instead, of)).toEqual(Array.from(values));
    expect(values[0]).toBeCloseTo(0.95, 12);
  });
});
