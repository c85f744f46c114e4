import { describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import {
  RawPhysics,
  largestDifference,
  pose,
  sorted,
  sortedObservation,
  spread,
  standardEnv,
  starts,
} from './standard-envs.js';

/** dm_control/utils/rewards.py: `tolerance` around 0 with its Gaussian sigmoid, 0.1 at the margin */
const gaussian = (value: number, margin: number) => 0.1 ** ((value / margin) ** 2);

/** dm_control/suite/cartpole.py: Balance._get_reward with sparse=False */
function cartpoleReward(raw: RawPhysics, control: number): number {
  const [x, angle] = raw.array('qpos') as unknown as [number, number];
  const upright = (Math.cos(angle) + 1) / 2;
  const centred = (1 + gaussian(x, 2)) / 2;
  const small = (4 + Math.max(0, 1 - control ** 2)) / 5;
  return upright * small * ((1 + gaussian(raw.array('qvel')[1]!, 5)) / 2) * centred;
}

describe.each(['cartpole-balance', 'cartpole-swingup'])('%s', (task) => {
  test('observations and rewards are those of the public definition', () => {
    const env = standardEnv(task);
    const raw = new RawPhysics('cartpole.xml');
    const actions = new Rng(3);
    pose(env, [0.3, 2.5], [0.1, -4]);
    raw.pose([0.3, 2.5], [0.1, -4]);
    for (let step = 0; step < 60; step++) {
      const action = actions.uniform(-1, 1);
      const result = env.step(new Float32Array([action]));
      raw.step([Math.fround(action)], 1);
      const [x, angle] = raw.array('qpos') as unknown as [number, number];
      const observation = [x, Math.cos(angle), Math.sin(angle), ...raw.array('qvel')];
      expect(largestDifference(sortedObservation(env), sorted(observation))).toBeLessThan(1e-6);
      expect(result.rewards[0]).toBeCloseTo(cartpoleReward(raw, action), 6);
      expect(result.terminated[0]).toBe(0);
    }
  });
});

test('a balancing cartpole starts near upright and the middle, with a little speed', () => {
  const drawn = starts(standardEnv('cartpole-balance'), 600);
  const [x, angle, ...speeds] = [0, 1, 2, 3].map((field) => spread(drawn.map((frame) => frame[field]!)));
  expect(x!.min).toBeGreaterThanOrEqual(-0.1);
  expect(x!.max).toBeLessThanOrEqual(0.1);
  expect(x!.deviation).toBeCloseTo(0.1 / Math.sqrt(3), 2);
  expect(angle!.min).toBeGreaterThan(-0.03401);
  expect(angle!.max).toBeLessThan(0.03401);
  expect(angle!.deviation).toBeCloseTo(0.034 / Math.sqrt(3), 2);
  for (const { deviation, mean } of speeds) {
    expect(Math.abs(mean)).toBeLessThan(0.002);
    expect(deviation / 0.01).toBeCloseTo(1, 0);
  }
});

test('a cartpole to be swung up starts hanging, normally spread by 0.01', () => {
  const drawn = starts(standardEnv('cartpole-swingup'), 600);
  const hanging = drawn.map((frame) => {
    const fromDown = frame[1]! < 0 ? frame[1]! + Math.PI : frame[1]! - Math.PI;
    return [frame[0]!, fromDown, frame[2]!, frame[3]!];
  });
  for (let field = 0; field < 4; field++) {
    const { mean, deviation, max } = spread(hanging.map((start) => start[field]!));
    expect(Math.abs(mean)).toBeLessThan(0.002);
    expect(deviation / 0.01).toBeCloseTo(1, 0);
    expect(max).toBeGreaterThan(0.015); // beyond what a uniform draw would reach
  }
});

describe('pendulum-swingup', () => {
  test('observations and rewards are those of the public definition', () => {
    const env = standardEnv('pendulum-swingup');
    const raw = new RawPhysics('pendulum.xml');
    pose(env, [0.3], [-2.6]);
    raw.pose([0.3], [-2.6]);
    const rewards: number[] = [];
    for (let step = 0; step < 50; step++) {
      rewards.push(env.step(new Float32Array([0.3])).rewards[0]!);
      raw.step([Math.fround(0.3)], 1);
      const angle = raw.array('qpos')[0]!;
      expect(rewards[step]).toBe(Math.cos(angle) >= Math.cos((8 * Math.PI) / 180) ? 1 : 0);
      const observation = [Math.cos(angle), Math.sin(angle), raw.array('qvel')[0]!];
      expect(largestDifference(sortedObservation(env), sorted(observation))).toBeLessThan(1e-6);
    }
    expect(new Set(rewards)).toEqual(new Set([0, 1]));
  });

  test('the reward changes at 8 degrees', () => {
    const { task, layout } = standardEnv('pendulum-swingup');
    const rewards = new Float32Array(4);
    const next = Float32Array.from([7.99, 0, 8.01, 0, -7.99, 0, -8.01, 0], (deg) => (deg * Math.PI) / 180);
    task.reward!(4, layout, next, new Float32Array(4), next, rewards);
    expect([...rewards]).toEqual([1, 0, 1, 0]);
  });

  test('starts at rest at any angle', () => {
    const drawn = starts(standardEnv('pendulum-swingup'), 600);
    const { min, max, deviation } = spread(drawn.map((frame) => frame[0]!));
    expect([min < -3, max > 3]).toEqual([true, true]);
    expect(deviation).toBeCloseTo(Math.PI / Math.sqrt(3), 0);
    expect(drawn.every((frame) => frame[1] === 0)).toBe(true);
  });
});

describe.each([
  ['reacher-easy', 0.06],
  ['reacher-hard', 0.025],
])('%s', (task, reach) => {
  /** where the finger is, by hand: two links of 0.12 m */
  const finger = (shoulder: number, wrist: number) => [
    0.12 * Math.cos(shoulder) + 0.12 * Math.cos(shoulder + wrist),
    0.12 * Math.sin(shoulder) + 0.12 * Math.sin(shoulder + wrist),
  ];

  test('observations and rewards are those of the public definition', () => {
    const env = standardEnv(task);
    const raw = new RawPhysics('reacher.xml');
    const [x, y] = finger(0.4, 1.4);
    const target = [x! + reach - 0.02, y!];
    pose(env, [0.4, 1.2], [0, 1], target);
    raw.pose([0.4, 1.2], [0, 1]);
    const rewards: number[] = [];
    for (let step = 0; step < 50; step++) {
      rewards.push(env.step(new Float32Array([0, 1])).rewards[0]!);
      raw.step([0, 1], 1);
      const [shoulder, wrist] = raw.array('qpos') as unknown as [number, number];
      const at = finger(shoulder, wrist);
      const toTarget = [target[0]! - at[0]!, target[1]! - at[1]!];
      const observation = [shoulder, wrist, ...toTarget, ...raw.array('qvel')];
      expect(largestDifference(env.frames, observation)).toBeLessThan(1e-6);
      expect(rewards[step]).toBe(Math.hypot(toTarget[0]!, toTarget[1]!) <= reach ? 1 : 0);
    }
    expect(new Set(rewards)).toEqual(new Set([0, 1]));
  });

  test('the reward changes where finger and target stop to overlap', () => {
    const { task: rules, layout } = standardEnv(task);
    const next = Float32Array.from([reach - 1e-4, reach + 1e-4].flatMap((far) => [1, 1, 0, -far, 0, 0]));
    const rewards = new Float32Array(2);
    rules.reward!(2, layout, next, new Float32Array(4), next, rewards);
    expect([...rewards]).toEqual([1, 0]);
  });

  test('starts at rest, with a target of its own per episode', () => {
    const drawn = starts(standardEnv(task), 600);
    const field = (index: number) => spread(drawn.map((frame) => frame[index]!));
    expect(field(0).min).toBeGreaterThanOrEqual(-3.1416);
    expect(field(0).max).toBeLessThanOrEqual(3.1416);
    expect(field(0).deviation).toBeCloseTo(Math.PI / Math.sqrt(3), 0);
    const limit = (160 * Math.PI) / 180;
    expect(Math.max(-field(1).min, field(1).max)).toBeLessThan(limit);
    expect(Math.max(-field(1).min, field(1).max)).toBeGreaterThan(0.95 * limit);
    expect(drawn.every((frame) => frame[4] === 0 && frame[5] === 0)).toBe(true);
    const targets = drawn.map((frame) => {
      const at = finger(frame[0]!, frame[1]!);
      return [frame[2]! + at[0]!, frame[3]! + at[1]!];
    });
    const radius = spread(targets.map(([x, y]) => Math.hypot(x!, y!)));
    expect(radius.min).toBeGreaterThan(0.0499);
    expect(radius.max).toBeLessThan(0.2001);
    expect(radius.mean).toBeCloseTo(0.125, 2); // uniform in radius, not in area
    for (const axis of [0, 1])
      expect(Math.abs(spread(targets.map((target) => target[axis]!)).mean)).toBeLessThan(0.012);
  });
});

describe('action repeat', () => {
  test('adds up the exact rewards of the control steps between', () => {
    const single = standardEnv('cartpole-swingup');
    const double = standardEnv('cartpole-swingup', { actionRepeat: 2 });
    single.reset(0, new Rng(4));
    double.reset(0, new Rng(4));
    for (let step = 0; step < 20; step++) {
      const action = new Float32Array([Math.sin(step)]);
      const first = single.step(action).rewards[0]!;
      const sum = first + single.step(action).rewards[0]!;
      expect(double.step(action).rewards[0]).toBeCloseTo(sum, 6);
      expect(double.frames).toEqual(single.frames);
    }
  });

  test('frames tell the reward of repeated steps as that of the last one, times the repeat', () => {
    const env = standardEnv('cartpole-balance', { actionRepeat: 4 });
    const raw = new RawPhysics('cartpole.xml');
    pose(env, [0.2, 0.4], [0, 1]);
    raw.pose([0.2, 0.4], [0, 1]);
    const action = new Float32Array([0.5]);
    const { frames } = env.step(action);
    raw.step([0.5], 4);
    const told = new Float32Array(1);
    env.task.reward!(1, env.layout, frames, action, frames, told);
    expect(told[0]).toBeCloseTo(4 * cartpoleReward(raw, 0.5), 5);
  });

  test('an episode whose length it does not divide ends within the last policy step', () => {
    const env = standardEnv('pendulum-swingup', { actionRepeat: 300 });
    expect(env.task.episodeSteps).toBe(4);
    env.reset(0, new Rng(1));
    const truncated = [1, 2, 3, 4].map(() => env.step(new Float32Array(1)).truncated[0]);
    expect(truncated).toEqual([0, 0, 0, 1]);
  });
});
