import { describe, expect, it } from 'vitest';
import {
  ForwardController,
  JointStateController,
  JointTrajectoryController,
} from '../../../../sim/twin/index.js';

describe('ForwardController', () => {
  it('keeps the last command for ever', () => {
    const controller = new ForwardController(['a', 'b']);
    expect(controller.setpoint()).toBeNull();
    controller.onCommand([1, 2]);
    expect(Array.from(controller.setpoint()!)).toEqual([1, 2]);
    expect(Array.from(controller.setpoint()!)).toEqual([1, 2]);
  });

  it.each([[[1]], [[1, 2, 3]], [[1, NaN]], [[Infinity, 0]]])(
    'refuses %j and keeps the command before',
    (data) => {
      const controller = new ForwardController(['a', 'b']);
      controller.onCommand([5, 6]);
      expect(controller.onCommand(data)).toBeNull();
      expect(controller.rejected).toBe(1);
      expect(Array.from(controller.setpoint()!)).toEqual([5, 6]);
    },
  );
});

describe('JointStateController', () => {
  const state = (name: string[], velocity: number[]) => ({ name, velocity, position: [], effort: [] });

  it('takes the field of its interface by joint name and keeps it for ever', () => {
    const controller = new JointStateController(['a', 'b'], 'velocity');
    expect(controller.setpoint()).toBeNull();
    expect(Array.from(controller.onCommand(state(['b', 'a'], [2, 1]))!)).toEqual([1, 2]);
    expect(Array.from(controller.setpoint()!)).toEqual([1, 2]);
    const efforts = new JointStateController(['a'], 'effort');
    expect(Array.from(efforts.onCommand({ ...state(['a'], [3]), effort: [4] })!)).toEqual([4]);
  });

  it.each<[string[], number[]]>([
    [['a'], [1]],
    [
      ['a', 'c'],
      [1, 2],
    ],
    [
      ['a', 'b', 'c'],
      [1, 2, 3],
    ],
    [['a', 'b'], [1]],
    [
      ['a', 'b'],
      [1, NaN],
    ],
    [['a', 'b'], []],
  ])('refuses %j with %j and keeps the command before', (name, velocity) => {
    const controller = new JointStateController(['a', 'b'], 'velocity');
    controller.onCommand(state(['a', 'b'], [5, 6]));
    expect(controller.onCommand(state(name, velocity))).toBeNull();
    expect(controller.rejected).toBe(1);
    expect(Array.from(controller.setpoint()!)).toEqual([5, 6]);
  });
});

describe('JointTrajectoryController', () => {
  const message = (names: string[], positions: number[], seconds: number) => ({
    joint_names: names,
    points: [
      { positions, time_from_start: { sec: Math.floor(seconds), nanosec: Math.round((seconds % 1) * 1e9) } },
    ],
  });

  it('interpolates to each point by joint name and holds the last', () => {
    const controller = new JointTrajectoryController({ commanded: ['a', 'b'] }, 'positions');
    controller.onCommand(message(['a', 'b'], [0, 0], 0), 0n);
    controller.onCommand(message(['b', 'a'], [10, 4], 0.1), 1_000_000_000n);
    expect(Array.from(controller.setpoint(1_050_000_000n)!)).toEqual([2, 5]);
    expect(Array.from(controller.setpoint(1_100_000_000n)!)).toEqual([4, 10]);
    expect(Array.from(controller.setpoint(9_000_000_000n)!)).toEqual([4, 10]);
  });

  it('goes on from where it is when a new trajectory replaces a running one', () => {
    const controller = new JointTrajectoryController({ commanded: ['a'] }, 'positions');
    controller.onCommand(message(['a'], [0], 0), 0n);
    controller.onCommand(message(['a'], [10], 1), 0n);
    controller.onCommand(message(['a'], [0], 1), 500_000_000n);
    expect(controller.setpoint(500_000_000n)![0]).toBeCloseTo(5, 9);
    expect(controller.setpoint(1_000_000_000n)![0]).toBeCloseTo(2.5, 9);
  });

  it('goes through all points in time, and tells of each', () => {
    const controller = new JointTrajectoryController({ commanded: ['a'] }, 'positions');
    const points = [1, 4, 2].map((position, k) => ({
      positions: [position],
      time_from_start: { sec: k + 1, nanosec: 0 },
    }));
    controller.onCommand(message(['a'], [0], 0), 0n);
    expect(controller.onCommand({ joint_names: ['a'], points }, 0n)).toEqual(
      [1, 4, 2].map((value) => Float64Array.of(value)),
    );
    const at = (seconds: number) => controller.setpoint(BigInt(seconds * 1e9))![0];
    expect([0.5, 1, 1.5, 2.5, 3, 9].map(at)).toEqual([0.5, 1, 2.5, 3, 2, 2]);
  });

  it('refuses a trajectory without one of its joints, or without points', () => {
    const controller = new JointTrajectoryController({ commanded: ['a', 'b'] }, 'positions');
    expect(controller.onCommand(message(['a'], [1], 0.1), 0n)).toBeNull();
    expect(controller.onCommand({ joint_names: ['a', 'b'], points: [] }, 0n)).toBeNull();
    expect(controller.rejected).toBe(2);
    expect(controller.setpoint(0n)).toBeNull();
  });
});
