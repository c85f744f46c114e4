import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import type { RobotTask } from '../../../src/env/index.js';
import { kinematicChain, linkPosition, loadRobot, type Robot } from '../../../src/robot/index.js';
import {
  findTask,
  nominalImperfections,
  realLikeImperfections,
  SimulatedVectorEnv,
  type Imperfections,
} from '../../../sim/index.js';
import { engine } from './robots.js';

const STARTS = 8;

/** Goals and tips as sim/tasks documents them [m]. */
const TASKS = {
  reacher: { tip: 'tip', goal: [0.2, 0.18, 0.1] },
  arm6: { tip: 'tool0', goal: [0.3, 0.15, 0.3] },
} as const;
type Name = keyof typeof TASKS;

/**
 * A controller made by hand: where the joints must go is found by descending the tip's distance from the home pose; each joint then
 * goes there straight, as fast as the gate and the action allow.
 */
function controller(robot: Robot, name: Name) {
  const { model, config } = robot;
  const { tip, goal } = TASKS[name];
  const chain = kinematicChain(model, tip);
  const m = model.commanded.length;
  const target = Float64Array.from(model.commanded, (joint) => config.homePose[joint]!);
  for (let iteration = 0; iteration < 2000; iteration++) {
    const here = linkPosition(chain, target, 0, new Float64Array(3));
    const error = goal.map((value, axis) => value - here[axis]!);
    const slopes = target.map((_, i) => {
      const moved = target.slice();
      moved[i]! += 1e-6;
      const there = linkPosition(chain, moved, 0, new Float64Array(3));
      return error.reduce((sum, value, axis) => sum + (value * (there[axis]! - here[axis]!)) / 1e-6, 0);
    });
    slopes.forEach((slope, i) => (target[i]! += 2 * slope));
  }
  /** action (m) from a frame [positions | velocities | commands] */
  const act = (frame: Float32Array, action: Float32Array): void => {
    for (let i = 0; i < m; i++) {
      const step =
        config.commandInterface === 'position'
          ? target[i]! - frame[2 * m + i]!
          : Math.max(-3, Math.min(3, 3 * (target[i]! - frame[i]! - 0.05 * frame[m + i]!))) -
            frame[2 * m + i]!;
      action[i] = Math.max(-1, Math.min(1, step / config.action.scale[i]!));
    }
  };
  return act;
}

/** Returns of one episode from each start, and the worst distance at the end [m]. */
function play(robot: Robot, name: Name, task: RobotTask, imperfections: Imperfections) {
  const env = new SimulatedVectorEnv({ engine, robot, task, count: STARTS, imperfections });
  const rng = new Rng(99);
  const act = controller(robot, name);
  const { size, actions: joints } = env.layout;
  for (let i = 0; i < STARTS; i++) env.reset(i, rng);
  const returns = new Float64Array(STARTS);
  const actions = new Float32Array(STARTS * joints.length);
  for (let step = 0; step < task.episodeSteps; step++) {
    for (let i = 0; i < STARTS; i++) act(env.frames.subarray(i * size), actions.subarray(i * joints.length));
    env.step(actions).rewards.forEach((reward, i) => (returns[i]! += reward));
  }
  const chain = kinematicChain(robot.model, TASKS[name].tip);
  const { goal } = TASKS[name];
  const distances = Array.from({ length: STARTS }, (_, i) => {
    const tip = linkPosition(chain, env.truth(i).positions, 0, new Float64Array(3));
    return Math.hypot(...goal.map((value, axis) => value - tip[axis]!));
  });
  env.dispose();
  const mean = returns.reduce((sum, value) => sum + value) / STARTS;
  return { mean, least: Math.min(...returns), farthest: Math.max(...distances) };
}

describe.each(['reacher', 'arm6'] as const)('%s reach', (name) => {
  const robot = loadRobot(name);
  const task = findTask(robot.model, 'reach');

  test.each([
    ['nominal', nominalImperfections(robot)],
    ['real-like', realLikeImperfections(robot)],
  ])('is solved on the %s robot through the gate by a controller made by hand', (_kind, imperfections) => {
    const { mean, least, farthest } = play(robot, name, task, imperfections);
    expect(mean).toBeGreaterThan(task.goalReturn);
    expect(least).toBeGreaterThan(task.goalReturn - 20);
    expect(farthest).toBeLessThan(0.02);
  });
});
