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

const clip = (values: ArrayLike<number>, bound = 10) =>
  Array.from(values, (value) => Math.max(-bound, Math.min(bound, value)));
const squares = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value * value, 0);

/** The public definitions, written from the sources of Gymnasium v5 on plain MuJoCo. */
interface Oracle {
  readonly task: string;
  readonly model: string;
  readonly frameSkip: number;
  /** draws [positions' noise, velocities] in the public order */
  readonly start: (rng: Rng, n: number) => [number[], number[]];
  readonly observation: (raw: RawPhysics) => number[];
  readonly terminated: (raw: RawPhysics) => boolean;
  readonly reward: (raw: RawPhysics, xBefore: number, control: number[], terminated: boolean) => number;
}

const uniform = (scale: number) => (rng: Rng, n: number) =>
  [0, 1].map(() => Array.from({ length: n }, () => rng.uniform(-scale, scale))) as [number[], number[]];
const uniformAndNormal = (rng: Rng, n: number): [number[], number[]] => [
  Array.from({ length: n }, () => rng.uniform(-0.1, 0.1)),
  Array.from({ length: n }, () => rng.normal(0, 0.1)),
];
const withoutX = (raw: RawPhysics, bound?: number) => [
  ...raw.array('qpos').slice(1),
  ...clip(raw.array('qvel'), bound),
];

const ORACLES: Oracle[] = [
  {
    task: 'inverted-pendulum',
    model: 'inverted-pendulum.xml',
    frameSkip: 2,
    start: uniform(0.01),
    observation: (raw) => [...raw.array('qpos'), ...raw.array('qvel')],
    terminated: (raw) => Math.abs(raw.array('qpos')[1]!) > 0.2,
    reward: (_raw, _x, _control, terminated) => (terminated ? 0 : 1),
  },
  {
    task: 'inverted-double-pendulum',
    model: 'inverted-double-pendulum.xml',
    frameSkip: 5,
    start: uniformAndNormal,
    observation: (raw) => {
      const [x, lower, upper] = raw.array('qpos') as unknown as [number, number, number];
      const force = clip(raw.array('qfrc_constraint'))[0]!;
      const angles = [Math.sin(lower), Math.sin(upper), Math.cos(lower), Math.cos(upper)];
      return [x, ...angles, ...clip(raw.array('qvel')), force];
    },
    terminated: (raw) => raw.array('site_xpos')[2]! <= 1,
    reward: (raw, _x, _control, terminated) => {
      const [x, , y] = raw.array('site_xpos') as unknown as [number, number, number];
      const [, v1, v2] = raw.array('qvel') as unknown as [number, number, number];
      return (terminated ? 0 : 10) - 0.01 * x ** 2 - (y - 2) ** 2 - 1e-3 * v1 ** 2 - 5e-3 * v2 ** 2;
    },
  },
  {
    task: 'hopper',
    model: 'hopper.xml',
    frameSkip: 4,
    start: uniform(5e-3),
    observation: (raw) => withoutX(raw, 10),
    terminated: (raw) => {
      const [, z, pitch] = raw.array('qpos') as unknown as [number, number, number];
      const rest = [...raw.array('qpos').slice(2), ...raw.array('qvel')];
      return !(z > 0.7 && Math.abs(pitch) < 0.2 && rest.every((value) => Math.abs(value) < 100));
    },
    reward: (raw, x, control, terminated) =>
      (raw.array('qpos')[0]! - x) / 0.008 + (terminated ? 0 : 1) - 1e-3 * squares(control),
  },
  {
    task: 'walker2d',
    model: 'walker2d.xml',
    frameSkip: 4,
    start: uniform(5e-3),
    observation: (raw) => withoutX(raw, 10),
    terminated: (raw) => {
      const [, z, pitch] = raw.array('qpos') as unknown as [number, number, number];
      return !(z > 0.8 && z < 2 && Math.abs(pitch) < 1);
    },
    reward: (raw, x, control, terminated) =>
      (raw.array('qpos')[0]! - x) / 0.008 + (terminated ? 0 : 1) - 1e-3 * squares(control),
  },
  {
    task: 'half-cheetah',
    model: 'half-cheetah.xml',
    frameSkip: 5,
    start: uniformAndNormal,
    observation: (raw) => withoutX(raw, Infinity),
    terminated: () => false,
    reward: (raw, x, control) => (raw.array('qpos')[0]! - x) / 0.05 - 0.1 * squares(control),
  },
];

describe.each(ORACLES)('$task', ({ task, model, frameSkip, start, observation, terminated, reward }) => {
  test('observations, rewards and ends of whole episodes are those of the public definition', () => {
    const env = standardEnv(task);
    const raw = new RawPhysics(model);
    const [low, high] = raw.facts('actuator_ctrlrange');
    const actions = new Rng(5, 'actions');
    let ends = 0;
    for (let episode = 0; episode < 5; episode++) {
      env.reset(0, new Rng(episode));
      const [positions, velocities] = start(new Rng(episode), raw.model.nq);
      const pose0 = raw.facts('qpos0');
      raw.pose(
        positions.map((noise, i) => pose0[i]! + noise),
        velocities,
      );
      expect(largestDifference(sortedObservation(env), sorted(observation(raw)))).toBeLessThan(1e-6);
      for (let step = 0; step < 60; step++) {
        const action = Float32Array.from(env.layout.actions, () => actions.uniform(-1, 1));
        const control = Array.from(action, (value) => (low! + high!) / 2 + ((high! - low!) / 2) * value);
        const x = raw.array('qpos')[0]!;
        raw.step(control, frameSkip);
        const result = env.step(action);
        const end = terminated(raw);
        expect(result.terminated[0]).toBe(end ? 1 : 0);
        expect(result.rewards[0]).toBe(Math.fround(reward(raw, x, control, end)));
        expect(largestDifference(sortedObservation(env), sorted(observation(raw)))).toBeLessThan(1e-6);
        if (end) {
          ends++;
          break;
        }
      }
    }
    expect(ends > 0).toBe(task !== 'half-cheetah');
  });
});

describe('starts', () => {
  test.each([
    ['inverted-pendulum', 0.01, 0.01, 4],
    ['hopper', 5e-3, 5e-3, 11],
    ['walker2d', 5e-3, 5e-3, 17],
  ])('of %s are uniform within %d around the pose of the model', (task, scale, _speed, size) => {
    const env = standardEnv(task);
    const drawn = starts(env, 400);
    for (let field = 0; field < size; field++) {
      const values = drawn.map(
        (frame) => frame[field]! - (env.layout.fields[field] === 'torso z position' ? 1.25 : 0),
      );
      const { min, max, mean, deviation } = spread(values);
      expect(min).toBeGreaterThanOrEqual(-scale * 1.0001);
      expect(max).toBeLessThanOrEqual(scale * 1.0001);
      expect(Math.abs(mean)).toBeLessThan(0.15 * scale);
      expect(deviation / (scale / Math.sqrt(3))).toBeCloseTo(1, 0);
    }
  });

  test.each([
    ['half-cheetah', 8, 17],
    ['inverted-double-pendulum', 3, 6],
  ])('of %s have uniform positions within 0.1 and normal velocities', (task, positions, moving) => {
    const drawn = starts(standardEnv(task), 400);
    for (let field = 0; field < moving; field++) {
      const { min, max, mean, deviation } = spread(drawn.map((frame) => frame[field]!));
      expect(Math.abs(mean)).toBeLessThan(0.02);
      if (field < positions) {
        expect(min).toBeGreaterThan(-0.10001);
        expect(max).toBeLessThan(0.10001);
        expect(deviation).toBeCloseTo(0.1 / Math.sqrt(3), 2);
      } else {
        expect(deviation).toBeGreaterThan(0.085);
        expect(deviation).toBeLessThan(0.115);
        expect(max).toBeGreaterThan(0.2);
      }
    }
  });
});

describe('ends', () => {
  /** what `task.terminated` says of a frame with these fields, the others 0 */
  function ends(task: string, fields: Record<string, number>): boolean {
    const { layout, task: rules } = standardEnv(task);
    const out = new Uint8Array(1);
    rules.terminated(
      1,
      layout,
      Float32Array.from(layout.fields, (field) => fields[field] ?? 0),
      out,
    );
    return out[0] === 1;
  }

  test('an inverted pendulum ends beyond 0.2 rad to either side, and when it is not finite', () => {
    for (const sign of [-1, 1]) {
      expect(ends('inverted-pendulum', { 'hinge position': sign * 0.1999 })).toBe(false);
      expect(ends('inverted-pendulum', { 'hinge position': sign * 0.2001 })).toBe(true);
    }
    expect(ends('inverted-pendulum', { 'hinge position': NaN })).toBe(true);
    expect(ends('inverted-pendulum', { 'slider velocity': Infinity })).toBe(true);
  });

  test('a double pendulum ends when its tip is no higher than 1 m', () => {
    const bend = (height: number) => Math.acos(height / 1.2);
    expect(ends('inverted-double-pendulum', { 'lower hinge position': bend(1.001) })).toBe(false);
    expect(ends('inverted-double-pendulum', { 'lower hinge position': bend(0.999) })).toBe(true);
    const upper = Math.acos((1.001 - 0.6) / 0.6);
    expect(ends('inverted-double-pendulum', { 'upper hinge position': upper })).toBe(false);
    expect(ends('inverted-double-pendulum', { 'upper hinge position': upper + 0.01 })).toBe(true);
    expect(ends('inverted-double-pendulum', { 'lower hinge position': NaN })).toBe(true);
  });

  test('a hopper ends below 0.7 m, from 0.2 rad of pitch, and from 100 in what follows', () => {
    const z = { 'torso z position': 1 };
    expect(ends('hopper', { 'torso z position': 0.7001 })).toBe(false);
    expect(ends('hopper', { 'torso z position': 0.6999 })).toBe(true);
    expect(ends('hopper', { 'torso z position': 50 })).toBe(false);
    for (const sign of [-1, 1]) {
      expect(ends('hopper', { ...z, 'torso pitch position': sign * 0.1999 })).toBe(false);
      expect(ends('hopper', { ...z, 'torso pitch position': sign * 0.2001 })).toBe(true);
      expect(ends('hopper', { ...z, 'ankle position': sign * 99.9 })).toBe(false);
      expect(ends('hopper', { ...z, 'ankle position': sign * 100 })).toBe(true);
    }
    expect(ends('hopper', { ...z, 'knee velocity': NaN })).toBe(true);
  });

  test('a walker ends outside 0.8 m to 2 m, and from 1 rad of pitch', () => {
    expect(ends('walker2d', { 'torso z position': 0.8001 })).toBe(false);
    expect(ends('walker2d', { 'torso z position': 0.7999 })).toBe(true);
    expect(ends('walker2d', { 'torso z position': 1.9999 })).toBe(false);
    expect(ends('walker2d', { 'torso z position': 2.0001 })).toBe(true);
    for (const sign of [-1, 1]) {
      expect(ends('walker2d', { 'torso z position': 1, 'torso pitch position': sign * 0.9999 })).toBe(false);
      expect(ends('walker2d', { 'torso z position': 1, 'torso pitch position': sign * 1.0001 })).toBe(true);
    }
    expect(ends('walker2d', { 'torso z position': NaN })).toBe(true);
  });

  test('the environment ends there too, and pays nothing for being healthy', () => {
    const env = standardEnv('hopper');
    pose(env, [0, 1.25, 0.15, 0, 0, 0], [0, 0, 0, 0, 0, 0]);
    const standing = env.step(new Float32Array(3));
    expect([standing.terminated[0], Math.round(standing.rewards[0]!)]).toEqual([0, 1]);
    pose(env, [0, 1.25, 0.21, 0, 0, 0], [0, 0, 0, 0, 0, 0]);
    const tipped = env.step(new Float32Array(3));
    expect([tipped.terminated[0], Math.round(tipped.rewards[0]!)]).toEqual([1, 0]);
    expect(tipped.truncated[0]).toBe(0);
  });

  test('velocities are observed no faster than 10, but the reward is told of the true ones', () => {
    const env = standardEnv('inverted-double-pendulum');
    pose(env, [0, 0, 0], [0, 30, -60]);
    const { frames, rewards } = env.step(new Float32Array(1));
    const speeds = frames.subarray(3, 6).map(Math.abs);
    expect(Math.max(...speeds)).toBe(10);
    expect(rewards[0]).toBeLessThan(9 - 5e-3 * 20 ** 2);
  });
});

test('actions are scaled to the control range, which the inverted pendulum has at 3', () => {
  const env = standardEnv('inverted-pendulum');
  const raw = new RawPhysics('inverted-pendulum.xml');
  pose(env, [0, 0.01], [0, 0]);
  raw.pose([0, 0.01], [0, 0]);
  const { frames } = env.step(new Float32Array([0.5]));
  raw.step([1.5], 2);
  expect(largestDifference(frames, [...raw.array('qpos'), ...raw.array('qvel')])).toBeLessThan(1e-7);
});
