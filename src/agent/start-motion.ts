import { badInput } from '../core/index.js';
import type { StartDeployment } from '../io/ipc/index.js';
import type { Robot } from '../robot/index.js';
import type { EpisodeEnding, Motion } from './motion.js';
import type { Prediction } from './predictor.js';
import { StartJoint } from './start-joint.js';

interface StartCarry {
  /** (m) */
  readonly action: Float32Array;
  /** frames in a row with all joints at their goals */
  settled: number;
}

/** A joint that passes through its goal is not there. */
const SETTLED_FRAMES = 5;

/**
 * No world model speaks of this motion: it was fitted to what policies do, and would take the way back for unusual. So the gate alone
 * bounds it. An agent of which evidence is expected has no authority without, and says that nothing speaks against the motion: for
 * each step, so that evidence still expires with an agent that hangs.
 */
const UNPREDICTED: Prediction = { authority: 1, reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 };

/**
 * Brings the commanded joints to where an episode starts, as a policy would: by actions, which go through the gate. The joints go
 * straight there, each no faster than an operator could drive it.
 * @throws BAD_INPUT for effort interfaces, and for a pose that the robot does not have
 */
export function startMotion(robot: Robot, { pose, steps: limit }: StartDeployment): Motion<StartCarry> {
  const { model, config } = robot;
  if (config.commandInterface === 'effort') {
    throw badInput('a robot with effort commands cannot be driven to a pose by this; bring it there by hand');
  }
  const m = model.commanded.length;
  if (pose.length !== m || !pose.every(Number.isFinite))
    throw badInput(`the start pose is [${pose.join(', ')}], expected ${m} finite positions`, { pose });
  const joints = pose.map((goal, index) => new StartJoint(robot, index, goal));
  const toCommand = config.commandInterface === 'position' ? approach(robot, joints) : settle(robot, joints);
  const { mode, scale } = config.action;
  const command = new Float64Array(m);
  return {
    version: 0,
    predictor: { judge: () => UNPREDICTED },
    policy: {
      begin: () => ({ action: new Float32Array(m), settled: 0 }),
      step: (carry, frame) => {
        toCommand(frame, command);
        joints.forEach(({ at }, i) => {
          const change = command[i]! - (mode === 'increment' ? frame[at.command]! : 0);
          carry.action[i] = Math.min(Math.max(change / scale[i]!, -1), 1);
        });
        return { action: carry.action, carry };
      },
    },
    ending: (carry, frame, steps) => {
      const away = joints.map((joint) => joint.whyNotThere(frame)).filter((why) => why !== null);
      carry.settled = away.length === 0 ? carry.settled + 1 : 0;
      return endingOf(carry.settled, away, steps, limit);
    },
  };
}

function endingOf(
  settled: number,
  away: readonly string[],
  steps: number,
  limit: number,
): EpisodeEnding | null {
  if (settled >= SETTLED_FRAMES) return { cause: 'pose', why: 'the start pose is reached' };
  if (steps < limit) return null;
  const how =
    away.length > 0 ? away.join(', ') : `there for ${settled} frames only, ${SETTLED_FRAMES} are wanted`;
  return { cause: 'steps', why: `not at the start pose after ${steps} steps: ${how}` };
}

/** Commands (m) for a frame, into `command`. */
type ControlLaw = (frame: Float32Array, command: Float64Array) => void;

/** Position interfaces: the command goes on from the last one in steps of bounded speed; the gate can always stop at it. */
function approach({ config }: Robot, joints: readonly StartJoint[]): ControlLaw {
  const { mode, scale } = config.action;
  const largest = joints.map(({ maxVelocity }, i) => {
    const step = (config.teleop.maxVelocityScale * maxVelocity) / config.policyRateHz;
    return mode === 'increment' ? Math.min(step, scale[i]!) : step;
  });
  return (frame, command) => {
    joints.forEach((joint, i) => (command[i] = joint.remaining(frame[joint.at.command]!)));
    shorten(command, largest);
    joints.forEach(({ at }, i) => (command[i]! += frame[at.command]!));
  };
}

/**
 * Velocity interfaces: v = k (goal - position), with a k at which nothing overshoots. A change of v acts late by the policy period T,
 * in which the guard goes over to it linearly (that is the signal of T ago), by the latency L of commands and states, and through the
 * lag tau of the actuator. The loop is s (tau s + 1) + k exp(-(T + L) s) = 0. Its dominant root s = -x is real where
 * k exp(x (T + L)) <= x (1 - tau x) for some x > 0; for x = 2 k, a = k tau and b = k (T + L) this is 1 <= 2 (1 - 2 a) exp(-2 b).
 * With a + b = 1/4, that is
 *
 *   k = 1 / (4 (T + L + tau))
 *
 * the right side is (1 + 4 b) exp(-2 b), which is 1 without any delay and more with some; a smaller k makes it larger still. x is 2 k at
 * most, so braking from a speed v takes 2 k v at most: k is kept to deceleration / (2 v), that neither gate nor action bends the curve.
 */
function settle({ config }: Robot, joints: readonly StartJoint[]): ControlLaw {
  const { mode, scale } = config.action;
  const period = 1 / config.policyRateHz;
  const largest = joints.map(({ maxVelocity }, i) => {
    const speed = config.teleop.maxVelocityScale * maxVelocity;
    return mode === 'increment' ? speed : Math.min(speed, scale[i]!);
  });
  const braking = joints.map(({ maxDeceleration }, i) =>
    Math.min(maxDeceleration, mode === 'increment' ? scale[i]! / period : Infinity),
  );
  const gain = Math.min(
    1 / (4 * (period + config.commandLatency + config.actuatorLag)),
    ...braking.map((deceleration, i) => deceleration / (2 * largest[i]!)),
  );
  return (frame, command) => {
    joints.forEach((joint, i) => (command[i] = gain * joint.remaining(frame[joint.at.position]!)));
    shorten(command, largest);
  };
}

/** Makes a vector shorter, where needed, so that no value is larger than may be; its direction stays. */
function shorten(vector: Float64Array, largest: readonly number[]): void {
  const share = largest.reduce((least, most, i) => Math.min(least, most / Math.abs(vector[i]!)), 1);
  for (let i = 0; i < vector.length; i++) vector[i]! *= share;
}
