import { describe, expect, it } from 'vitest';
import { loadRobot } from '../../../src/robot/index.js';
import { droppedTags } from '../../../src/robot/dropped-tags.js';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';
import type { XmlElement } from '../../../src/robot/xml-document.js';
import { ARM } from './scratch-robot.js';

describe('RobotModel.dropped', () => {
  const droppedOfArm = () => new Map(loadRobot(ARM).model.dropped.map(({ path, reason }) => [path, reason]));

  it('lists every tag and attribute that is not used, and nothing else', () => {
    expect(
      [...droppedOfArm().keys()].map((path) => path.replace(/^.*joint_limits\.yaml/, 'joint_limits.yaml')),
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
    const dropped = droppedOfArm();
    expect(dropped.get('robot/joint[mount]/axis')).toBe('a fixed joint does not move');
    expect(dropped.get('robot/joint[wheel]/limit/@upper')).toBe('a continuous joint has no position limits');
    expect(dropped.get('robot/joint[wheel]/limit/@colour')).toBe('unknown attribute');
    expect(dropped.get('robot/antenna')).toBe('unknown tag');
    expect(dropped.get('robot/gazebo')).toContain('Gazebo');
    expect([...dropped.values()].at(-1)).toBe('has_jerk_limits is false');
  });
});

describe('what is dropped of a URDF', () => {
  const of = (text: string) =>
    parseUrdf(`<robot name="r"><link name="a"/><link name="b"/>${text}</robot>`, 'a.urdf').dropped;
  const ENDS = '<parent link="a"/><child link="b"/>';
  const LIMIT = '<limit lower="-1" upper="1" velocity="1" effort="1"/>';

  it('has a tag whose name every object has', () => {
    const element = (tag: string, children: XmlElement[] = []): XmlElement => ({
      tag,
      attributes: {},
      children,
      file: 'a.urdf',
      line: 1,
    });
    expect(droppedTags(element('robot', [element('valueOf')]))).toEqual([
      { path: 'robot/valueOf', reason: 'unknown tag' },
    ]);
  });

  it('has position limits of a continuous joint only, and no other attribute for that reason', () => {
    const joint = (type: string, axis: string) =>
      `<joint name="j" type="${type}">${ENDS}${LIMIT}${axis}</joint>`;
    expect(of(joint('revolute', '<axis xyz="1 0 0" lower="1"/>'))).toEqual([
      { path: 'robot/joint[j]/axis/@lower', reason: 'unknown attribute' },
    ]);
    expect(of(joint('continuous', '<axis xyz="1 0 0"/>'))).toEqual(
      ['lower', 'upper'].map((name) => ({
        path: `robot/joint[j]/limit/@${name}`,
        reason: 'a continuous joint has no position limits',
      })),
    );
  });

  it('has what moves a fixed joint, but not its place', () => {
    const origin = '<origin xyz="1 2 3"/>';
    const tags = of(`<joint name="j" type="fixed">${ENDS}${origin}<dynamics damping="1"/>${LIMIT}</joint>`);
    expect(tags).toEqual(
      ['dynamics', 'limit'].map((tag) => ({
        path: `robot/joint[j]/${tag}`,
        reason: 'a fixed joint does not move',
      })),
    );
  });
});
