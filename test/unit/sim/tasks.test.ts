import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { robotLayout, type RobotTask } from '../../../src/env/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import {
  cartpoleBalance,
  cartpoleSwingUp,
  findTask,
  listTasks,
  pendulumSwingUp,
} from '../../../sim/index.js';

const pendulumLayout = robotLayout(['hinge'], ['hinge']);
const cartpoleLayout = robotLayout(['slider', 'pole_hinge'], ['slider']);

/** Rewards of one-step transitions, by the batched function. */
function rewards(
  task: RobotTask,
  layout: typeof cartpoleLayout,
  rows: { frame?: number[]; action?: number | number[]; next: number[] }[],
) {
  const out = new Float32Array(rows.length);
  const frames = Float32Array.from(
    rows.flatMap(({ frame }) => frame ?? new Array<number>(layout.size).fill(0)),
  );
  const next = Float32Array.from(rows.flatMap((row) => row.next));
  task.reward(
    rows.length,
    layout,
    frames,
    Float32Array.from(rows.flatMap(({ action }) => action ?? 0)),
    next,
    out,
  );
  return [...out];
}

function terminated(task: RobotTask, next: number[][]) {
  const out = new Uint8Array(next.length).fill(9);
  task.terminated(next.length, cartpoleLayout, Float32Array.from(next.flat()), out);
  return [...out];
}

describe('pendulum swing-up', () => {
  test.each([
    // theta, thetadot before; u in the next frame; reward by hand
    [0, 0, 0, 0],
    [Math.PI, 0, 0, -9.869604401],
    [1, 2, 0, -1.4],
    [0, 0, 2, -0.004],
    [-Math.PI - 0.5, -8, -2, -(2.641592654 ** 2 + 6.4 + 0.004)], // wraps to pi - 0.5
    [3 * Math.PI + 0.5, 0, 0, -(2.641592654 ** 2)], // wraps to -pi + 0.5
    [2 * Math.PI, 0, 0, 0],
  ])('theta %f, thetadot %f, u %f gives %f', (theta, velocity, u, expected) => {
    const [value] = rewards(pendulumSwingUp, pendulumLayout, [
      { frame: [theta, velocity, 99], next: [99, 99, u] },
    ]);
    expect(value).toBeCloseTo(expected, 5);
  });

  test('starts all round the circle, at up to 1 rad/s', () => {
    const rng = new Rng(1);
    const starts = Array.from({ length: 2000 }, () => pendulumSwingUp.reset(rng));
    const angles = starts.map((start) => start.positions['hinge']!);
    const speeds = starts.map((start) => start.velocities['hinge']!);
    expect(Math.min(...angles)).toBeGreaterThanOrEqual(-Math.PI);
    expect(Math.min(...angles)).toBeLessThan(-3.1);
    expect(Math.max(...angles)).toBeGreaterThan(3.1);
    expect(Math.max(...speeds.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(Math.max(...speeds)).toBeGreaterThan(0.99);
  });
});

describe('cart-pole balance', () => {
  test('reward by hand: 1 at rest upright, 0.1 of a factor at its margin', () => {
    expect(
      rewards(cartpoleBalance, cartpoleLayout, [
        { next: [0, 0, 0, 0, 0] },
        { next: [0, 0.5, 0, 0, 0] }, // upright 0.1
        { next: [1, 0, 0, 0, 0] }, // centred (1 + 0.1) / 2
        { next: [0, 0, 0, 2, 0] }, // calm (1 + 0.1) / 2
        { next: [0, 0.25, 1, 0, 0] }, // 0.1^(1/4); cart speed does not count
      ]).map((value) => Number(value.toFixed(5))),
    ).toEqual([1, 0.1, 0.55, 0.55, 0.56234]);
  });

  test('terminates beyond 0.5 rad on either side, and only then', () => {
    const poles = [0.499, 0.501, -0.499, -0.501, 3];
    expect(
      terminated(
        cartpoleBalance,
        poles.map((theta) => [0, theta, 0, 0, 0]),
      ),
    ).toEqual([0, 1, 0, 1, 1]);
  });

  test('starts near upright and near the middle', () => {
    const rng = new Rng(2);
    for (let i = 0; i < 500; i++) {
      const { positions } = cartpoleBalance.reset(rng);
      expect(Math.abs(positions['slider']!)).toBeLessThanOrEqual(0.3);
      expect(Math.abs(positions['pole_hinge']!)).toBeLessThanOrEqual(0.15);
    }
  });
});

describe('cart-pole swing-up', () => {
  test('reward by hand', () => {
    const hanging = Math.PI;
    expect(
      rewards(cartpoleSwingUp, cartpoleLayout, [
        { next: [0, 0, 0, 0, 0] },
        { next: [0, hanging, 0, 0, 0] },
        { next: [0, Math.PI / 2, 0, 0, 0] },
        { next: [1.2, 0, 0, 0, 0] },
        { action: 1, next: [0, 0, 0, 0, 0] },
        { action: -0.5, next: [0, 0, 0, 5, 0] }, // 4.75 / 5 * 0.55
      ]).map((value) => Number(value.toFixed(5))),
    ).toEqual([1, 0, 0.5, 0.55, 0.8, 0.5225]);
  });

  test('never terminates and starts hanging', () => {
    expect(
      terminated(cartpoleSwingUp, [
        [0, 3, 0, 9, 0],
        [2, 0, 0, 0, 0],
      ]),
    ).toEqual([0, 0]);
    expect(
      Math.abs(cartpoleSwingUp.reset(new Rng(3)).positions['pole_hinge']! - Math.PI),
    ).toBeLessThanOrEqual(0.1);
  });
});

test.each(listTasks().map(({ robot, name }) => [robot, name] as const))(
  '%s/%s: a batch is what its rows are one by one',
  (robot, name) => {
    const { model } = loadRobot(robot);
    const task = findTask(model, name);
    const layout = robotLayout(model.measured, model.commanded);
    const rng = new Rng(11);
    const rows = Array.from({ length: 50 }, () => ({
      frame: Array.from({ length: layout.size }, () => rng.normal(0, 2)),
      action: layout.actions.map(() => rng.uniform(-1, 1)),
      next: Array.from({ length: layout.size }, () => rng.normal(0, 2)),
    }));
    expect(rewards(task, layout, rows)).toEqual(rows.map((row) => rewards(task, layout, [row])[0]));
  },
);

describe('findTask', () => {
  test('finds by robot and name', () => {
    expect(findTask(loadRobot('cartpole').model, 'swing-up')).toBe(cartpoleSwingUp);
    expect(findTask(loadRobot('pendulum').model, 'swing-up')).toBe(pendulumSwingUp);
  });

  test('lists the tasks that there are', () => {
    expect(() => findTask(loadRobot('cartpole').model, 'juggle')).toThrow(
      /no task 'juggle'; its tasks are balance, swing-up/,
    );
    expect(() => findTask({ ...loadRobot('cartpole').model, name: 'ur5' }, 'reach')).toThrow(
      /no task for robot 'ur5'.*pendulum\/swing-up, cartpole\/balance, cartpole\/swing-up/,
    );
  });

  test('a task says which joint its frames lack', () => {
    expect(() => rewards(cartpoleBalance, pendulumLayout, [{ next: [0, 0, 0] }])).toThrow(
      /needs joint 'slider', the frames hold hinge/,
    );
  });
});
