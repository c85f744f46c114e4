import { describe, expect, it } from 'vitest';
import { loadRobot } from '../../../src/robot/index.js';
import { ARM } from './scratch-robot.js';

describe('RobotModel.dropped', () => {
  const dropped = new Map(loadRobot(ARM).model.dropped.map(({ path, reason }) => [path, reason]));

  it('lists every tag and attribute that is not used, and nothing else', () => {
    expect(
      [...dropped.keys()].map((path) => path.replace(/^.*joint_limits\.yaml/, 'joint_limits.yaml')),
    ).toEqual([
      'robot/@xmlns:xacro',
      'robot/material[grey]',
      'robot/joint[mount]/axis',
      'robot/link[base]/visual',
      'robot/joint[shoulder]/calibration',
      'robot/link[upper_arm]/sensor[imu]',
      'robot/joint[wheel]/limit/@lower',
      'robot/joint[wheel]/limit/@upper',
      'robot/joint[wheel]/limit/@colour',
      'robot/transmission[shoulder_transmission]',
      'robot/gazebo',
      'robot/ros2_control[arm]/hardware',
      'robot/ros2_control[arm]/joint[shoulder]/command_interface[position]/param[min]',
      'robot/ros2_control[arm]/sensor[wrench]',
      'robot/antenna',
      'joint_limits.yaml/joint_limits/elbow/max_jerk',
    ]);
  });

  it('gives the reason of each', () => {
    expect(dropped.get('robot/joint[mount]/axis')).toBe('a fixed joint does not move');
    expect(dropped.get('robot/joint[wheel]/limit/@upper')).toBe('a continuous joint has no position limits');
    expect(dropped.get('robot/joint[wheel]/limit/@colour')).toBe('unknown attribute');
    expect(dropped.get('robot/antenna')).toBe('unknown tag');
    expect(dropped.get('robot/gazebo')).toContain('Gazebo');
    expect([...dropped.values()].at(-1)).toBe('has_jerk_limits is false');
  });
});
