import { describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/core/index.js';
import { listStandardTasks, loadStandardEnv, type StandardVectorEnv } from '../../../../sim/index.js';
import { RawPhysics, engine, pose, standardEnv } from './standard-envs.js';

const NAMES = listStandardTasks().map((task) => task.name);

/** Steps all environments with actions from a stream each, never resetting; every frame, reward and flag. */
function rollOut(env: StandardVectorEnv, steps: number, streams: readonly number[]): number[][] {
  const rngs = streams.map((seed) => new Rng(seed, 'actions'));
  const seen: number[][] = streams.map(() => []);
  for (let step = 0; step < steps; step++) {
    const { frames, rewards, terminated, truncated } = env.step(
      Float32Array.from(rngs.flatMap((rng) => env.layout.actions.map(() => rng.uniform(-1, 1)))),
    );
    const { size } = env.layout;
    seen.forEach((row, i) =>
      row.push(...frames.subarray(i * size, (i + 1) * size), rewards[i]!, terminated[i]!, truncated[i]!),
    );
  }
  return seen;
}

describe.each(NAMES)('%s', (name) => {
  const { actionRepeat } = listStandardTasks().find((task) => task.name === name)!;

  test('a saved environment continues bit for bit, also in another instance', () => {
    const env = standardEnv(name, { actionRepeat, count: 2 });
    [0, 1].forEach((i) => env.reset(i, new Rng(i)));
    rollOut(env, 60, [1, 2]); // long enough for runners to lie on the floor
    const states = [env.getState(0), env.getState(1)];
    const frames = env.frames.slice();
    const expected = rollOut(env, 60, [3, 4]);
    const other = standardEnv(name, { actionRepeat, count: 2 });
    other.reset(0, new Rng(7));
    rollOut(other, 5, [8, 9]);
    [1, 0].forEach((i) => other.setState(1 - i, states[i]!));
    expect([...other.frames]).toEqual([
      ...frames.subarray(env.layout.size),
      ...frames.subarray(0, env.layout.size),
    ]);
    expect(rollOut(other, 60, [4, 3])).toEqual([expected[1], expected[0]]);
  });

  test('environments side by side are what they are one by one', () => {
    const env = standardEnv(name, { actionRepeat, count: 3 });
    [0, 1, 2].forEach((i) => env.reset(i, new Rng(i)));
    const together = rollOut(env, 30, [1, 2, 3]);
    const single = [0, 1, 2].map((i) => {
      const one = standardEnv(name, { actionRepeat });
      one.reset(0, new Rng(i));
      return rollOut(one, 30, [i + 1])[0];
    });
    expect(together).toEqual(single);
  });

  test('frames tell the ends exactly, and the rewards where the task has them', () => {
    const env = standardEnv(name);
    const rng = new Rng(2);
    const { layout, task } = env;
    const told = new Float32Array(1);
    const ends = new Uint8Array(1);
    let terminated = 0;
    env.reset(0, rng);
    for (let step = 0; step < 200; step++) {
      const before = env.frames.slice();
      const action = Float32Array.from(layout.actions, () => rng.uniform(-1, 1));
      const result = env.step(action);
      task.terminated(1, layout, result.frames, ends);
      expect(ends[0]).toBe(result.terminated[0]);
      task.reward?.(1, layout, before, action, result.frames, told);
      // 1e-3: the double pendulum's tip, which Gymnasium reads before the integrator's last correction
      if (task.reward) expect(Math.abs(told[0]! - result.rewards[0]!)).toBeLessThan(1e-3);
      if (ends[0] === 1) {
        terminated++;
        env.reset(0, rng);
      }
    }
    expect(terminated > 0).toBe(/inverted|hopper|walker/.test(name));
    expect(task.reward === undefined).toBe(/hopper|walker|cheetah/.test(name));
  });

  test('an episode of full length is truncated, not terminated', () => {
    const env = standardEnv(name, { actionRepeat: 50 });
    env.reset(0, new Rng(1));
    const { episodeSteps } = env.task;
    expect(episodeSteps).toBe(name === 'pendulum-v1' ? 4 : 20);
    const flags: number[] = [];
    for (let step = 0; step < episodeSteps && !flags.includes(1); step++) {
      flags.push(env.step(new Float32Array(env.layout.actions.length)).truncated[0]!);
    }
    const survives = !/inverted|hopper|walker/.test(name);
    if (survives) expect(flags).toEqual([...Array.from({ length: episodeSteps - 1 }, () => 0), 1]);
    env.reset(0, new Rng(1));
    expect(env.step(new Float32Array(env.layout.actions.length)).truncated[0]).toBe(0);
  });

  test('fields are named once, and angles are among them', () => {
    const { layout } = standardEnv(name);
    expect(layout.fields.length).toBe(layout.size);
    expect(new Set(layout.fields).size).toBe(layout.size);
    expect(layout.angles.every((angle) => layout.fields.includes(angle))).toBe(true);
  });
});

test('an end within repeated steps stops them', () => {
  const env = standardEnv('inverted-pendulum', { actionRepeat: 10 });
  pose(env, [0, 0.199], [0, 1]);
  const { terminated, rewards, frames } = env.step(new Float32Array(1));
  expect(terminated[0]).toBe(1);
  expect(rewards[0]).toBe(0);
  expect(frames[1]).toBeLessThan(0.3); // one control step of 40 ms, not ten
});

test('actions beyond 1 act like 1', () => {
  const [wild, tame] = [40, 1].map((size) => {
    const env = standardEnv('half-cheetah');
    env.reset(0, new Rng(1));
    const { frames, rewards } = env.step(new Float32Array(6).fill(size));
    return [...frames, ...rewards];
  });
  expect(wild).toEqual(tame);
});

describe('refusals', () => {
  test.each([
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ])('an action of %d', (value, shown) => {
    const env = standardEnv('hopper', { count: 2 });
    const actions = new Float32Array(6);
    actions[4] = value;
    expect(() => env.step(actions)).toThrow(`action 'knee' of environment 1 is ${shown}, expected -1 to 1`);
  });

  test('actions of another size, unknown environments, states of another task', () => {
    const env = standardEnv('hopper', { count: 2 });
    const other = standardEnv('walker2d');
    other.reset(0, new Rng(1));
    expect(() => env.step(new Float32Array(3))).toThrow('actions has 3 values, expected 2 x 3');
    expect(() => env.reset(2, new Rng(1))).toThrow('there is no environment 2; there are 2');
    expect(() => env.setState(0, other.getState(0))).toThrow(
      /the saved state has \d+ bytes, 'hopper' needs \d+/,
    );
  });

  test('physics that diverges', () => {
    const env = standardEnv('hopper');
    pose(env, [0, NaN, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]);
    expect(() => env.step(new Float32Array(3))).toThrow(
      /the physics of 'hopper' diverged: torso z position is NaN in environment 0, control step 1/,
    );
  });
});

test('a state that was handed out does not change, nor does what was restored with the buffer', () => {
  const env = standardEnv('half-cheetah');
  env.reset(0, new Rng(1));
  const state = env.getState(0);
  const copy = state.slice();
  const expected = rollOut(env, 10, [1]);
  expect(state).toEqual(copy);
  env.setState(0, state);
  state.fill(255);
  expect(rollOut(env, 10, [1])).toEqual(expected);
});

test('frees its memory', () => {
  const raw = new RawPhysics('hopper.xml');
  const heap = () => raw.array('qpos').buffer.byteLength;
  const openAndClose = () => {
    const env = loadStandardEnv({ engine, task: 'hopper', count: 8 });
    env.reset(0, new Rng(1));
    env.step(new Float32Array(24));
    env.dispose();
  };
  for (let i = 0; i < 3; i++) openAndClose();
  const before = heap();
  for (let i = 0; i < 40; i++) openAndClose(); // 8 MB each
  expect(heap()).toBe(before);
});
