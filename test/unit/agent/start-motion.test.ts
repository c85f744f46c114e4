import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpisodeEnding, Motion } from '../../../src/agent/motion.js';
import { startMotion } from '../../../src/agent/start-motion.js';
import { actionToCommand, executedIn, layoutOf } from '../../../src/env/index.js';
import { findRobot, loadRobot, type Robot, type RobotConfig } from '../../../src/robot/index.js';

const cartpole = loadRobot(findRobot('cartpole'));
const arm6 = loadRobot(findRobot('arm6'));
const withConfig = (robot: Robot, config: Partial<RobotConfig>): Robot => ({
  ...robot,
  config: { ...robot.config, ...config },
});
const start = (robot: Robot, pose: number[], steps = 500) =>
  startMotion(robot, { motion: 'start', pose, steps });
const frameOf = (...values: number[]): Float32Array => Float32Array.from(values);
/** The command that the motion asks for in a frame. */
function commandIn(robot: Robot, motion: Motion, frame: Float32Array): Float64Array {
  const { action } = motion.policy.step(motion.policy.begin(), frame);
  for (const value of action) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  const executed = executedIn(layoutOf(robot), Float64Array.from(frame));
  return actionToCommand(robot.config.action, action, executed, new Float64Array(action.length));
}

interface Journey {
  readonly ending: EpisodeEnding;
  readonly steps: number;
  /** of the slider, at every millisecond [m] */
  readonly positions: readonly number[];
}

const TICK = 0.001; // [s]

/**
 * A cart whose velocity follows what is commanded as robot.yaml declares, after the guard went over to it linearly within a policy
 * period, at the acceleration that the gate allows.
 */
function drive(robot: Robot, from: number, to: number): Journey {
  const { policyRateHz, commandLatency, actuatorLag, action: how } = robot.config;
  const { maxAcceleration } = robot.model.joints.find(({ name }) => name === 'slider')!.limits!;
  const motion: Motion = start(robot, [to]);
  const carry = motion.policy.begin();
  const late = new Array<number>(Math.round(commandLatency / TICK)).fill(0);
  const perStep = Math.round(1 / policyRateHz / TICK);
  const positions: number[] = [];
  let [x, v, sent] = [from, 0, 0];
  for (let steps = 0; ; steps++) {
    const frame = frameOf(x, 0, v, 0, sent);
    const ending = motion.ending!(carry, frame, steps);
    if (ending !== null) return { ending, steps, positions };
    const { action } = motion.policy.step(carry, frame);
    const [target] = actionToCommand(how, action, [sent], new Float64Array(1));
    const origin = sent;
    for (let tick = 1; tick <= perStep; tick++) {
      const wanted = origin + ((target! - origin) * tick) / perStep;
      const most = maxAcceleration! * TICK;
      sent += Math.min(Math.max(wanted - sent, -most), most);
      late.push(sent);
      v += (late.shift()! - v) * (1 - Math.exp(-TICK / actuatorLag));
      x += v * TICK;
      positions.push(x);
    }
  }
}

describe('the motion to a start pose of a robot with velocity commands', () => {
  it('settles there without overshoot, whatever rate, latency and lag are declared', () => {
    const place = fc.double({ min: -0.9, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(10, 20, 25, 50, 100),
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        fc.double({ min: 0.001, max: 0.1, noNaN: true }),
        fc.constantFrom('increment' as const, 'absolute' as const),
        ...[place, place],
        (policyRateHz, commandLatency, actuatorLag, mode, from, to) => {
          const action = { mode, scale: [mode === 'absolute' ? 1 : 6 / policyRateHz] };
          const robot = withConfig(cartpole, { policyRateHz, commandLatency, actuatorLag, action });
          const { ending, steps, positions } = drive(robot, from, to);
          expect(ending).toEqual({ cause: 'pose', why: 'the start pose is reached' });
          const beyond = positions.map((x) => Math.sign(to - from) * (x - to));
          expect(Math.max(...beyond)).toBeLessThan(1e-3);
          expect(Math.abs((positions.at(-1) ?? from) - to)).toBeLessThan(0.025);
          const onTheWay = Math.abs(to - from) / 0.6; // at 0.3 of max_velocity [s]
          const sluggish = 4 / policyRateHz + commandLatency + actuatorLag;
          expect(steps / policyRateHz).toBeLessThan(1.2 * onTheWay + 1 + 20 * sluggish);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('asks for no more speed than an operator could, nor than an absolute action can', () => {
    const far = frameOf(-0.9, 0, 0, 0, 0.59);
    expect(commandIn(cartpole, start(cartpole, [0.9]), far)[0]).toBeCloseTo(0.6, 5); // 0.3 of 2 m/s
    const absolute = withConfig(cartpole, { action: { mode: 'absolute', scale: [0.4] } });
    expect(commandIn(absolute, start(absolute, [0.9]), far)[0]).toBeCloseTo(0.4, 5);
  });

  it('keeps joints that go together on a straight line', () => {
    const reacher = loadRobot(findRobot('reacher'));
    const robot = withConfig(reacher, { action: { mode: 'absolute', scale: [9, 9] } });
    const [shoulder, elbow] = commandIn(robot, start(robot, [-0.8, 1.6]), frameOf(-1.8, 1.1, 0, 0, 0, 0));
    expect(shoulder! / elbow!).toBeCloseTo(1 / 0.5, 5);
  });
});

describe('the motion to a start pose of a robot with position commands', () => {
  const home = arm6.model.commanded.map((name) => arm6.config.homePose[name]!);
  const from = (offsets: number[]) =>
    frameOf(
      ...home.map((x, i) => x + offsets[i]!),
      ...new Array<number>(6).fill(0),
      ...home.map((x, i) => x + offsets[i]!),
    );

  it('goes on from the last executed command on a straight line, as fast as an action can', () => {
    const offsets = [0.6, -0.3, 0, 0, 0, 0.15];
    const command = commandIn(arm6, start(arm6, home), from(offsets));
    const [largest] = arm6.config.action.scale;
    expect(Math.abs(command[0]! - home[0]! - 0.6)).toBeLessThanOrEqual(largest! + 1e-6);
    const left = [...command].map((x, i) => x - home[i]!);
    const share = left[0]! / 0.6;
    expect(share).toBeLessThan(1);
    left.forEach((x, i) => expect(x).toBeCloseTo(share * offsets[i]!, 5));
  });

  it('stops at the pose', () => {
    const command = commandIn(arm6, start(arm6, home), from([0.01, 0, 0, 0, -0.005, 0]));
    command.forEach((x, i) => expect(x).toBeCloseTo(home[i]!, 5));
  });

  it('goes no faster than an operator could where an action can do more', () => {
    const scale = new Array<number>(6).fill(10);
    const robot = withConfig(arm6, { action: { mode: 'absolute', scale } });
    const command = commandIn(robot, start(robot, home), from([0.6, 0, 0, 0, 0, 0]));
    const { maxVelocity } = robot.model.joints.find(({ name }) => name === 'shoulder_pan')!.limits!;
    expect(home[0]! + 0.6 - command[0]!).toBeCloseTo((0.3 * maxVelocity) / robot.config.policyRateHz, 5);
  });
});

describe('the motion to a start pose', () => {
  const ending = (motion: Motion, frames: readonly Float32Array[], limit = Infinity) => {
    const carry = motion.policy.begin();
    return frames.map((frame, steps) => motion.ending!(carry, frame, Math.min(steps, limit)));
  };
  const at = (position: number, velocity = 0) => frameOf(position, 0, velocity, 0, 0);
  const there = { cause: 'pose', why: 'the start pose is reached' };

  it('is over once all joints have been there, and at rest, for five frames in a row', () => {
    const motion = start(cartpole, [0.1]);
    const frames = [at(0.1), at(0.1), at(0.1), at(0.1), at(0.2), ...new Array<Float32Array>(5).fill(at(0.1))];
    const found = ending(motion, frames);
    expect(found.slice(0, -1)).toEqual(new Array(9).fill(null));
    expect(found.at(-1)).toEqual(there);
    const moving = ending(motion, new Array<Float32Array>(9).fill(at(0.1, 0.11))); // 5 % of 2 m/s is 0.1
    expect(moving).toEqual(new Array(9).fill(null));
    expect(ending(motion, new Array<Float32Array>(5).fill(at(0.1, 0.09))).at(-1)).toEqual(there);
  });

  it.each([
    ['a joint that is elsewhere', at(0.212), 'slider at 0.212 m, wanted 0 m'],
    ['a joint that moves', at(0, -0.3), 'slider still moves at -0.3 m/s'],
    ['an arrival that is too late', at(0), 'there for 4 frames only, 5 are wanted'],
  ])('gives up at its limit, and names %s', (_what, frame, how) => {
    const found = ending(start(cartpole, [0], 3), new Array<Float32Array>(4).fill(frame));
    expect(found.slice(0, 3)).toEqual([null, null, null]);
    expect(found[3]).toEqual({ cause: 'steps', why: `not at the start pose after 3 steps: ${how}` });
  });

  it('takes 1 % of its range for there, and 0.01 rad of a joint without, by the shorter way round', () => {
    const joints = cartpole.model.joints.map((joint) => {
      const { position: _, ...limits } = joint.limits ?? { maxVelocity: 2, maxEffort: 1 };
      return joint.name === 'slider' ? { ...joint, type: 'continuous' as const, limits } : joint;
    });
    const turning: Robot = { ...cartpole, model: { ...cartpole.model, joints } };
    const last = (robot: Robot, goal: number, position: number) =>
      ending(start(robot, [goal]), new Array<Float32Array>(5).fill(at(position))).at(-1);
    const { min, max } = cartpole.model.joints.find(({ name }) => name === 'slider')!.limits!.position!;
    const tolerance = 0.01 * (max - min);
    expect(last(cartpole, 0, 0.99 * tolerance)).toEqual(there);
    expect(last(cartpole, 0, 1.01 * tolerance)).toBeNull();
    expect(last(turning, 3, 3 + 4 * Math.PI - 0.0099)).toEqual(there);
    expect(last(turning, 3, 3 + 4 * Math.PI - 0.0101)).toBeNull();
    expect(commandIn(turning, start(turning, [3]), at(-3))[0]).toBeLessThan(0);
  });

  it('gives clean evidence of each step', () => {
    const { policy, predictor } = start(cartpole, [0]);
    expect(predictor!.judge(policy.begin())).toMatchObject({ authority: 1, reason: 'clean' });
  });

  it('is not possible with effort commands', () => {
    expect(() => start(loadRobot(findRobot('pendulum')), [0])).toThrow(
      'a robot with effort commands cannot be driven to a pose by this; bring it there by hand',
    );
  });

  it.each([
    [[], /the start pose is \[\], expected 1 finite positions/],
    [[NaN], /the start pose is \[NaN\]/],
    [[0, 0], /the start pose is \[0, 0\]/],
    [[1.5], /joint 'slider' cannot start at 1.5 m: it is kept within \[/],
    [[-1.5], /joint 'slider' cannot start at -1.5 m/],
  ])('is refused to the pose %j', (pose, message) => {
    expect(() => start(cartpole, pose)).toThrow(message);
  });

  it('may end where the gate begins to keep clear, and not beyond', () => {
    const { max } = cartpole.model.joints.find(({ name }) => name === 'slider')!.limits!.position!;
    const edge = max - cartpole.config.positionMargin;
    expect(() => start(cartpole, [edge])).not.toThrow();
    expect(() => start(cartpole, [edge + 1e-9])).toThrow();
  });
});
