import { afterEach, describe, expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { reasonNames } from '../../../src/safety/index.js';
import {
  findTask,
  parseImperfections,
  realLikeImperfections,
  SimulatedVectorEnv,
  type SimulatedEnvOptions,
} from '../../../sim/index.js';
import { cartpole, engine, gripper, pendulum, withConfig } from './robots.js';

const open: SimulatedVectorEnv[] = [];
afterEach(() => open.splice(0).forEach((env) => env.dispose()));

function environment(options: Partial<SimulatedEnvOptions> = {}): SimulatedVectorEnv {
  const env = new SimulatedVectorEnv({
    engine,
    robot: cartpole,
    task: findTask(cartpole.model, 'swing-up'),
    count: 1,
    ...options,
  });
  open.push(env);
  return env;
}

/** Steps with actions drawn per environment and step from streams of their own; returns all frames and rewards. */
function rollOut(env: SimulatedVectorEnv, steps: number, streams: number[], resets = true): number[][] {
  const rngs = streams.map((seed) => new Rng(seed, 'actions'));
  if (resets) streams.forEach((seed, i) => env.reset(i, new Rng(seed, 'reset')));
  const seen = streams.map((_, i) => rowOf(env, env.frames, i));
  for (let step = 0; step < steps; step++) {
    const { frames, rewards } = env.step(Float32Array.from(rngs, (rng) => rng.uniform(-1, 1)));
    streams.forEach((_, i) => seen[i]!.push(...rowOf(env, frames, i), rewards[i]!));
  }
  return seen;
}

function rowOf(env: SimulatedVectorEnv, frames: Float32Array, index: number): number[] {
  return [...frames.subarray(index * env.layout.size, (index + 1) * env.layout.size)];
}

describe('a robot with an IMU', () => {
  const imu = { name: 'imu', type: 'imu', link: 'pole', topic: '/imu', timeoutMs: 100 } as const;
  const robot = withConfig(cartpole, { sensors: [imu] });

  test('has its readings at the end of each frame, and in its ticks', () => {
    const env = environment({ robot, recordTicks: true });
    expect(env.layout.size).toBe(5 + 6);
    env.reset(0, new Rng(1, 'reset'));
    const { frames, ticks } = env.step(Float32Array.of(0.5));
    const truth = env.truth(0);
    expect(frames[5 + 4]).toBeCloseTo(truth.velocities[1]!, 6); // the pole turns about y
    expect(ticks[0]!.map(({ sensors }) => sensors!.length)).toEqual([6, 6, 6, 6]);
    expect(ticks[0]![3]!.sensors).not.toEqual(ticks[0]![0]!.sensors);
  });

  test('continues bit for bit from a saved state', () => {
    const [first, second] = [environment({ robot }), environment({ robot })];
    rollOut(first, 10, [3]);
    second.setState(0, first.getState(0));
    expect(second.frames).toEqual(first.frames);
    expect(rollOut(second, 10, [4], false)).toEqual(rollOut(first, 10, [4], false));
  });
});

describe('repetition', () => {
  test('the same seed gives the same trajectory, another seed another', () => {
    const imperfections = realLikeImperfections(cartpole);
    const first = rollOut(environment({ imperfections }), 50, [1]);
    expect(rollOut(environment({ imperfections }), 50, [1])).toEqual(first);
    expect(rollOut(environment({ imperfections }), 50, [2])).not.toEqual(first);
  });

  test('environments side by side are what they are one by one', () => {
    const imperfections = realLikeImperfections(cartpole);
    const batched = rollOut(environment({ imperfections, count: 4 }), 40, [1, 2, 3, 4]);
    const single = [1, 2, 3, 4].map((seed) => rollOut(environment({ imperfections }), 40, [seed])[0]);
    expect(batched).toEqual(single);
  });

  test('a saved environment continues bit for bit, also in another instance', () => {
    const options = { imperfections: realLikeImperfections(cartpole), count: 2 };
    const env = environment(options);
    rollOut(env, 30, [1, 2]);
    const states = [env.getState(0), env.getState(1)];
    const expected = rollOut(env, 40, [5, 6], false);
    const other = environment(options);
    other.setState(0, states[0]!);
    other.setState(1, states[1]!);
    expect(rollOut(other, 40, [5, 6], false)).toEqual(expected);
    env.setState(0, states[1]!); // environments of one kind can trade states
    expect(rollOut(env, 40, [6, 0], false)[0]).toEqual(expected[1]);
  });
});

describe('frames', () => {
  test('hold sensor readings, then the last executed command', () => {
    const env = environment({ imperfections: parseImperfections({ linearResolution: 0.05 }) });
    env.reset(0, new Rng(4));
    const { frames } = env.step(new Float32Array([1]));
    expect(env.layout.size).toBe(5);
    expect((frames[0]! / 0.05) % 1).toBeCloseTo(0, 5);
    expect(frames[0]).not.toBe(env.truth(0).positions[0]);
    expect(frames[1]).toBeCloseTo(env.truth(0).positions[1]!, 6);
    expect(frames[4]).toBeCloseTo(0.24, 6); // 0 + scale * 1, within the limit of 8 m/s^2 * 40 ms
  });

  test('increments add to what was executed', () => {
    const env = environment();
    env.reset(0, new Rng(4));
    const commands = [1, 1, -0.5].map((action) => env.step(new Float32Array([action])).frames[4]);
    [0.24, 0.48, 0.36].forEach((command, i) => expect(commands[i]).toBeCloseTo(command, 6));
  });

  test('of a result survive a reset, and env.frames hold the new start', () => {
    const env = environment();
    env.reset(0, new Rng(4));
    const { frames } = env.step(new Float32Array([1]));
    const end = [...frames];
    expect([...env.frames]).toEqual(end);
    env.reset(0, new Rng(5));
    expect([...frames]).toEqual(end);
    expect([...env.frames]).not.toEqual(end);
    expect(env.frames[4]).toBe(0);
  });
});

describe('the gate', () => {
  test('is passed: what is executed never exceeds velocity, acceleration or the end of the rail', () => {
    const env = environment({ recordTicks: true, imperfections: realLikeImperfections(cartpole) });
    env.reset(0, new Rng(8));
    let last = 0;
    let fastest = 0;
    let furthest = 0;
    const reasons = new Set<string>();
    for (let step = 0; step < 200; step++) {
      const { ticks } = env.step(new Float32Array([Math.floor(step / 25) % 2 === 0 ? 1 : -1]));
      expect(ticks[0]).toHaveLength(4);
      for (const tick of ticks[0]!) {
        expect(Math.abs(tick.executed[0]!)).toBeLessThanOrEqual(2 + 1e-12);
        expect(Math.abs(tick.executed[0]! - last)).toBeLessThanOrEqual(8 * 0.01 + 1e-9);
        last = tick.executed[0]!;
        fastest = Math.max(fastest, Math.abs(last));
        reasonNames(tick.reasons).forEach((name) => reasons.add(name));
      }
      furthest = Math.max(furthest, Math.abs(env.truth(0).positions[0]!));
    }
    expect(furthest).toBeLessThanOrEqual(1.2);
    expect(furthest).toBeGreaterThan(1); // the sweep does reach the limit
    expect(fastest).toBeGreaterThan(1);
    expect([...reasons]).toContain('position');
  });

  test('records every control tick with its time, readings and both commands', () => {
    const env = environment({ recordTicks: true });
    env.reset(0, new Rng(8));
    env.step(new Float32Array([0.5]));
    const ticks = env.step(new Float32Array([0.5])).ticks[0]!;
    expect(ticks.map((tick) => Number(tick.timeNs) / 1e6)).toEqual([40, 50, 60, 70]);
    ticks.forEach((tick, i) => expect(tick.requested[0]).toBeCloseTo(0.12 + 0.03 * (i + 1), 9));
    ticks.forEach((tick) => expect(tick.executed[0]).toBeCloseTo(tick.requested[0]!, 9));
    expect(ticks[3]!.positions).toHaveLength(2);
  });

  test('records nothing unless told to', () => {
    const env = environment();
    env.reset(0, new Rng(8));
    expect(env.step(new Float32Array([0.5])).ticks).toEqual([[]]);
  });

  test('holds the robot when an action is not a number', () => {
    const env = environment({ recordTicks: true });
    env.reset(0, new Rng(8));
    env.step(new Float32Array([1]));
    const { ticks } = env.step(new Float32Array([NaN]));
    for (const tick of ticks[0]!) {
      expect(reasonNames(tick.reasons)).toContain('proposal-non-finite');
      expect(tick.executed[0]).toBeGreaterThanOrEqual(0);
    }
    expect(ticks[0]!.at(-1)!.executed[0]).toBeLessThan(0.1); // ramps down from 0.24
  });

  test('never lets more torque through than the motor has', () => {
    const env = environment({
      robot: pendulum,
      task: findTask(pendulum.model, 'swing-up'),
      recordTicks: true,
    });
    env.reset(0, new Rng(8));
    for (let step = 0; step < 100; step++) {
      const { ticks } = env.step(new Float32Array([step % 7 < 4 ? 3 : -3]));
      for (const tick of ticks[0]!) expect(Math.abs(tick.executed[0]!)).toBeLessThanOrEqual(2);
    }
  });
});

describe('episodes', () => {
  test('truncate at the length of the task without terminating', () => {
    const env = environment({ robot: pendulum, task: findTask(pendulum.model, 'swing-up') });
    env.reset(0, new Rng(1));
    for (let step = 1; step <= 200; step++) {
      const { truncated, terminated } = env.step(new Float32Array([0]));
      expect(truncated[0]).toBe(step === 200 ? 1 : 0);
      expect(terminated[0]).toBe(0);
    }
    env.reset(0, new Rng(2));
    expect(env.step(new Float32Array([0])).truncated[0]).toBe(0);
  });

  test('terminate when the pole falls', () => {
    const env = environment({ task: findTask(cartpole.model, 'balance') });
    env.reset(0, new Rng(1));
    let steps = 0;
    while (steps < 250 && env.step(new Float32Array([0])).terminated[0] === 0) steps++;
    expect(steps).toBeLessThan(100);
    expect(Math.abs(env.frames[1]!)).toBeGreaterThan(0.5);
  });

  test('truncate when the gate latches a fault, as with a jumping encoder', () => {
    const env = environment({ imperfections: parseImperfections({ positionNoise: 0.3 }) });
    env.reset(0, new Rng(1));
    let steps = 0;
    while (steps < 20 && env.step(new Float32Array([0])).truncated[0] === 0) steps++;
    expect(steps).toBeLessThan(20);
  });

  test('reward of the pendulum is that of Pendulum-v1 for the frame before and the torque executed', () => {
    const env = environment({ robot: pendulum, task: findTask(pendulum.model, 'swing-up') });
    env.reset(0, new Rng(6));
    for (let step = 0; step < 20; step++) {
      const [theta, velocity] = env.frames;
      const { rewards } = env.step(new Float32Array([Math.sin(step)]));
      const wrapped = Math.atan2(Math.sin(theta!), Math.cos(theta!));
      expect(rewards[0]).toBeCloseTo(
        -(wrapped ** 2 + 0.1 * velocity! ** 2 + 0.001 * (2 * Math.sin(step)) ** 2),
        4,
      );
    }
  });
});

describe('construction', () => {
  test('gives each environment its own imperfections, round robin', () => {
    const choices = [parseImperfections(), parseImperfections({ actuatorGain: 0.5 })];
    const env = environment({ imperfections: choices, count: 3 });
    for (let i = 0; i < 3; i++) env.reset(i, new Rng(1));
    for (let step = 0; step < 5; step++) env.step(new Float32Array(3).fill(0.5));
    const speeds = [0, 1, 2].map((i) => env.truth(i).velocities[0]!);
    expect(speeds[1]! / speeds[0]!).toBeCloseTo(0.5, 1);
    expect(speeds[2]).toBe(speeds[0]);
  });

  test('runs a robot with several joints and a position interface', () => {
    const still = { ...findTask(cartpole.model, 'swing-up'), name: 'still', robot: 'gripper' };
    const task = {
      ...still,
      reset: () => ({ positions: gripper.config.homePose, velocities: {} }),
      reward: (batch: number, ..._: unknown[]) => void batch,
    };
    const env = environment({ robot: gripper, task, recordTicks: true });
    env.reset(0, new Rng(1));
    expect([...env.frames.subarray(8)].map((value) => Number(value.toFixed(6)))).toEqual([0, 0.2, 0.01]);
    for (let step = 0; step < 60; step++) env.step(new Float32Array([0.5, 1, 1]));
    expect(env.truth(0).positions[0]).toBeCloseTo(0.5, 2);
    expect(env.truth(0).positions[1]).toBeCloseTo(0.1, 2);
  });

  test('refuses what makes no sense', () => {
    expect(() => environment({ count: 0 })).toThrow(/0 environments asked for/);
    const env = environment();
    expect(() => env.step(new Float32Array(2))).toThrow(/2 values, expected 1 x 1/);
    expect(() => env.reset(1, new Rng(1))).toThrow(/no environment 1/);
  });

  test('frees everything: a hundred environments made and disposed do not make the heap grow', () => {
    const bytes = () => {
      const data = engine.DoubleBuffer.FromArray([1]);
      const size = (data.GetView() as Float64Array).buffer.byteLength;
      data.delete();
      return size;
    };
    const cycle = () => {
      const env = new SimulatedVectorEnv({
        engine,
        robot: cartpole,
        task: findTask(cartpole.model, 'balance'),
        count: 8,
      });
      env.reset(0, new Rng(1));
      env.step(new Float32Array(8));
      env.dispose();
      env.dispose();
    };
    for (let i = 0; i < 10; i++) cycle();
    const before = bytes();
    for (let i = 0; i < 100; i++) cycle();
    expect(bytes()).toBe(before);
  });
});
