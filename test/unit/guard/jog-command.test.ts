import { describe, expect, it } from 'vitest';
import { readJog } from '../../../src/guard/jog-command.js';
import { joint } from '../../safety/fixtures.js';

const joints = [joint({ name: 'elbow', maxVelocity: 2 }), joint({ name: 'wrist', maxVelocity: 1 })];
const tuning = { maxVelocityScale: 0.5, deadBand: 0.1, commandTimeoutMs: 100 };
const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
const jog = (names: string[], velocities: number[], more: object = {}) =>
  readJog(
    { header, joint_names: names, displacements: [], velocities, duration: 0.05, ...more },
    joints,
    tuning,
  );

describe('readJog', () => {
  it('maps velocities by name to shares of what an operator may, and leaves the others at rest', () => {
    expect(jog(['wrist', 'elbow'], [-0.25, 0.5])).toEqual({ axes: [0.5, -0.5], lifetimeMs: 50 });
    expect(jog(['wrist'], [0.5])).toMatchObject({ axes: [0, 1] });
  });

  it('takes more than an operator may down to it, and what is within the dead band to 0', () => {
    expect(jog(['elbow', 'wrist'], [1.5, -9])).toMatchObject({ axes: [1, -1] });
    expect(jog(['elbow', 'wrist'], [0.1, -0.05])).toMatchObject({ axes: [0, 0] });
    expect(jog(['elbow', 'wrist'], [0.11, -0.0501])).toMatchObject({ axes: [0.11, -0.1002] });
  });

  it.each([
    [0.02, 20],
    [0.1, 100],
    [60, 100],
    [0, 100],
  ])('obeys a duration of %s s for %s ms', (duration, lifetimeMs) => {
    expect(jog(['elbow'], [0], { duration })).toMatchObject({ lifetimeMs });
  });

  it.each([
    ['displacements', ['elbow'], [0], { displacements: [0.1] }, 'it asks for displacements'],
    ['displacements', ['elbow'], [], { displacements: [0.1] }, 'only velocities are taken'],
    ['size', ['elbow', 'wrist'], [0], {}, 'it has 2 joint names and 1 velocities'],
    ['size', [], [], {}, 'it has 0 joint names'],
    ['joint', ['ankle'], [0], {}, "joint 'ankle' is not commanded here; commanded are elbow, wrist"],
    ['joint', ['elbow', 'elbow'], [0, 0], {}, "joint 'elbow' is named twice"],
    ['number', ['elbow', 'wrist'], [0, NaN], {}, "the velocity of joint 'wrist' is NaN"],
    ['number', ['elbow'], [Infinity], {}, "the velocity of joint 'elbow' is Infinity"],
    ['duration', ['elbow'], [0], { duration: NaN }, 'its duration is NaN s'],
    ['duration', ['elbow'], [0], { duration: -1 }, 'its duration is -1 s'],
    ['duration', ['elbow'], [0], { duration: Infinity }, 'its duration is Infinity s'],
  ] as const)('refuses the whole message for its %s: %s %s %s', (kind, names, velocities, more, why) => {
    const flaw = jog([...names], [...velocities], more);
    expect(flaw).toEqual({ kind, why: expect.stringContaining(why) as string });
  });
});
