import { describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  largestDifference,
  sorted,
  sortedObservation,
  spread,
  standardEnv,
  starts,
} from './standard-envs.js';

const env1 = () => standardEnv('pendulum-v1');

/** gymnasium/envs/classic_control/pendulum.py, `step`: g 10, m 1, l 1, dt 0.05 */
function publicStep(angle: number, speed: number, action: number) {
  const u = Math.max(-2, Math.min(2, 2 * action));
  const normalised = ((((angle + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
  const reward = -(normalised ** 2 + 0.1 * speed ** 2 + 0.001 * u ** 2);
  const faster = speed + (((3 * 10) / 2) * Math.sin(angle) + 3 * u) * 0.05;
  const next = Math.max(-8, Math.min(8, faster));
  return { angle: angle + next * 0.05, speed: next, reward };
}

test('follows the published equations, with its actions in units of 2 N m', () => {
  const env = env1();
  const rng = new Rng(9);
  let clipped = 0;
  for (let episode = 0; episode < 10; episode++) {
    env.reset(0, new Rng(episode));
    const start = new Rng(episode);
    let angle = start.uniform(-Math.PI, Math.PI);
    let speed = start.uniform(-1, 1);
    for (let step = 0; step < 60; step++) {
      const action = Math.fround(episode < 5 ? Math.sign(speed) || 1 : rng.uniform(-1, 1)); // pumping reaches the speed limit
      const result = env.step(new Float32Array([action]));
      const next = publicStep(angle, speed, action);
      ({ angle, speed } = next);
      if (Math.abs(speed) === 8) clipped++;
      expect(result.rewards[0]).toBeCloseTo(next.reward, 5);
      const observation = [Math.cos(angle), Math.sin(angle), speed];
      expect(largestDifference(sortedObservation(env), sorted(observation))).toBeLessThan(1e-6);
    }
  }
  expect(clipped).toBeGreaterThan(0);
});

describe('reward of chosen states, by hand', () => {
  test.each([
    [0, 0, 0, 0],
    [Math.PI / 2, 0, 0, -((Math.PI / 2) ** 2)],
    [-1, 2, 1, -(1 + 0.4 + 0.004)],
    [3 * Math.PI, -8, -1, -(Math.PI ** 2 + 6.4 + 0.004)], // an imagined angle need not be wrapped
    [0, 0, 3, -0.004], // beyond the torque limit
  ])('angle %d, speed %d, action %d: %d', (angle, speed, action, expected) => {
    const { task, layout } = env1();
    const rewards = new Float32Array(1);
    const frame = new Float32Array([angle, speed]);
    task.reward!(1, layout, frame, new Float32Array([action]), frame, rewards);
    expect(rewards[0]).toBeCloseTo(expected, 4);
  });
});

test('starts at any angle with a speed within 1 rad/s, and never terminates', () => {
  const env = env1();
  const drawn = starts(env, 600);
  const angle = spread(drawn.map((frame) => frame[0]!));
  const speed = spread(drawn.map((frame) => frame[1]!));
  expect([angle.min < -3, angle.max > 3]).toEqual([true, true]);
  expect(angle.deviation).toBeCloseTo(Math.PI / Math.sqrt(3), 0);
  expect(speed.min).toBeGreaterThanOrEqual(-1);
  expect(speed.max).toBeLessThanOrEqual(1);
  expect(speed.deviation).toBeCloseTo(1 / Math.sqrt(3), 1);
  const out = new Uint8Array([1]);
  env.task.terminated(1, env.layout, new Float32Array([Math.PI, 8]), out);
  expect(out[0]).toBe(0);
});

test('takes no model file', () => {
  expect(() => standardEnv('pendulum-v1', { mjcf: '/tmp/pendulum.xml' })).toThrow(
    "task 'pendulum-v1' is simulated by its own equations and takes no model file, got /tmp/pendulum.xml",
  );
});
