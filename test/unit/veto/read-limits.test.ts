import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findRobot, listRobots, loadRobot, type Robot } from '../../../src/robot/index.js';
import { gateConfigFromRobot } from '../../../src/safety/index.js';
import { readVetoLimits, type VetoLimits } from '../../../src/veto/index.js';
import { ARM, expectBadInput } from '../robot/scratch-robot.js';

const GRIPPER = fileURLToPath(new URL('../../fixtures/sim/gripper', import.meta.url));
const FORWARD = 'std_msgs/msg/Float64MultiArray';
type Edit = readonly [
  file: 'arm.urdf' | 'joint_limits.yaml' | 'robot.yaml',
  find: RegExp | string,
  put: string,
];

/** Reads a copy of the arm with edits applied; the copy is removed again. */
function readEdited(...edits: readonly Edit[]): VetoLimits {
  const folder = mkdtempSync(join(tmpdir(), 'veto-'));
  try {
    cpSync(ARM, folder, { recursive: true });
    for (const [file, find, put] of edits) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const edited = text.replace(find, () => put);
      expect(edited, `edit of ${file}`).not.toBe(text);
      writeFileSync(path, edited);
    }
    return readVetoLimits(folder, FORWARD);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same facts as the gate has them. */
function asTheGateHasThem(robot: Robot): VetoLimits {
  const config = gateConfigFromRobot(robot);
  return {
    commandInterface: config.interface,
    messageType: robot.config.commandMessageType,
    controlPeriod: config.controlPeriod,
    points: robot.config.commandPoints,
    joints: config.joints.map((joint) => ({
      name: joint.name,
      unit: joint.unit,
      minPosition: joint.minPosition,
      maxPosition: joint.maxPosition,
      maxVelocity: joint.maxVelocity,
      maxAcceleration: joint.maxAcceleration,
      maxDeceleration: joint.maxDeceleration,
      maxEffort: joint.maxEffort,
    })),
  };
}

describe('readVetoLimits', () => {
  it.each([...listRobots().map(findRobot), ARM, GRIPPER])('reads of %s what the gate reads', (folder) => {
    expect(readVetoLimits(folder, FORWARD)).toEqual(asTheGateHasThem(loadRobot(folder)));
  });

  it('takes the tighter of URDF, its soft limits and joint_limits.yaml', () => {
    const { joints, controlPeriod } = readVetoLimits(ARM, FORWARD);
    expect(controlPeriod).toBe(0.01);
    expect(joints.map(({ name }) => name)).toEqual(['elbow', 'shoulder']);
    expect(joints[1]).toMatchObject({ minPosition: -1.9, maxPosition: 2, maxVelocity: 2, maxEffort: 30 });
    expect(joints[0]).toMatchObject({ minPosition: 0.1, maxPosition: 2.4, maxVelocity: 3, maxEffort: 20 });
    expect(joints[0]).toMatchObject({ maxAcceleration: 5, maxDeceleration: 5 });
    const [elbow] = readEdited([
      'arm.urdf',
      /upper="2.5" velocity="3.0"/,
      'upper="2.2" velocity="0.5"',
    ]).joints;
    expect(elbow).toMatchObject({ maxPosition: 2.2, maxVelocity: 0.5 });
  });

  it('is frozen, and says which message it is told to expect', () => {
    const limits = readVetoLimits(ARM, 'trajectory_msgs/msg/JointTrajectory');
    expect(limits.messageType).toBe('trajectory_msgs/msg/JointTrajectory');
    for (const part of [limits, limits.joints, limits.joints[0]]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('reads the range of a continuous joint from joint_limits.yaml only', () => {
    const endless: Edit = ['arm.urdf', 'name="elbow" type="revolute"', 'name="elbow" type="continuous"'];
    const soft: Edit = ['joint_limits.yaml', 'has_soft_limits: true', 'has_soft_limits: false'];
    expect(readEdited(endless).joints[0]).toMatchObject({ minPosition: 0.1, maxPosition: 2.4 });
    expect(readEdited(endless, soft).joints[0]).toMatchObject({
      minPosition: -Infinity,
      maxPosition: Infinity,
    });
  });

  it.each<[string, Edit, string]>([
    ['XML that does not close', ['arm.urdf', '</robot>', ''], 'the URDF is not XML'],
    ['no robot', ['arm.urdf', /^[^]*$/, '<sdf/>'], '<robot> of the URDF'],
    ['no joints', ['arm.urdf', /^[^]*$/, '<robot name="arm"/>'], "joint 'elbow' of the URDF"],
    ['no joint', ['arm.urdf', /^[^]*$/, '<robot><link name="a"/></robot>'], "joint 'elbow' of the URDF"],
    ['a joint of text', ['arm.urdf', /^[^]*$/, '<robot><joint>x</joint></robot>'], 'a joint of the URDF'],
    ['a joint twice', ['arm.urdf', 'name="mount" type', 'name="elbow" type'], 'joints of the same name'],
    [
      'a joint that cannot move',
      ['arm.urdf', 'name="elbow" type="revolute"', 'name="elbow" type="fixed"'],
      '"fixed"',
    ],
    ['no velocity', ['arm.urdf', 'velocity="3.0" effort="20"', 'effort="20"'], "'elbow' has no max_velocity"],
    ['no effort', ['arm.urdf', 'effort="20"', ''], "'elbow' has no max_effort"],
    [
      'a limit that is no number',
      ['arm.urdf', 'effort="20"', 'effort="strong"'],
      '"strong", expected a number',
    ],
    ['an empty limit', ['arm.urdf', 'effort="20"', 'effort=""'], '"", expected a number'],
    ['an endless limit', ['arm.urdf', 'effort="20"', 'effort="Infinity"'], 'expected a number'],
    ['a limit of nothing', ['arm.urdf', 'effort="20"', 'effort="0"'], '0, expected more than 0'],
    [
      'two limits',
      ['arm.urdf', '<limit lower="0" upper="2.5"', '<limit/><limit lower="0" upper="2.5"'],
      '<limit>',
    ],
    [
      'an inverted range',
      ['joint_limits.yaml', 'soft_lower_limit: 0.1', 'soft_lower_limit: 2.45'],
      'no range between',
    ],
    [
      'no acceleration',
      ['joint_limits.yaml', 'has_acceleration_limits: true\n    max_acceleration: 5', 'x: 5'],
      'max_acceleration',
    ],
    ['a switch without its value', ['joint_limits.yaml', 'max_deceleration: 4.0', ''], 'max_deceleration'],
    ['no limits', ['joint_limits.yaml', 'joint_limits:', 'limits:'], 'joint_limits is missing'],
    ['no limits of a joint', ['joint_limits.yaml', '  elbow:', '  elbows:'], "'elbow' of joint_limits.yaml"],
    ['YAML that is none', ['joint_limits.yaml', 'joint_limits:', 'joint_limits: ]'], 'is not YAML'],
    ['a list', ['robot.yaml', /^[^]*$/, '- 1'], 'robot.yaml is missing or not one mapping'],
    ['no joints of the robot', ['robot.yaml', /joints:[^]*home_pose/, 'home_pose'], 'joints of robot.yaml'],
    ['no commanded joint', ['robot.yaml', '[elbow, shoulder]', '[]'], 'at least one joint'],
    ['commanded joints that are none', ['robot.yaml', '[elbow, shoulder]', 'elbow'], 'at least one joint'],
    ['a joint commanded twice', ['robot.yaml', '[elbow, shoulder]', '[elbow, elbow]'], 'each once'],
    [
      'another interface',
      ['robot.yaml', 'interface: position', 'interface: torque'],
      '"torque", expected one of',
    ],
    ['no interface', ['robot.yaml', 'command_interface: position', ''], 'command_interface is undefined'],
    ['a rate of nothing', ['robot.yaml', 'joints:', 'control_rate_hz: 0\njoints:'], 'control_rate_hz is 0'],
  ])('refuses %s', (_name, edit, why) => {
    expectBadInput(() => readEdited(edit), why);
  });

  it('refuses a joint whose range is stated nowhere', () => {
    const soft: Edit = ['joint_limits.yaml', 'has_soft_limits: true', 'has_soft_limits: false'];
    expectBadInput(() => readEdited(soft, ['arm.urdf', 'upper="2.5"', '']), "'elbow' has no max_position");
    expectBadInput(() => readEdited(soft, ['arm.urdf', 'lower="0" ', '']), "'elbow' has no min_position");
  });

  it('refuses a folder with a file missing, or with two URDFs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'veto-'));
    try {
      expectBadInput(() => readVetoLimits(folder, FORWARD), 'cannot read', 'robot.yaml');
      cpSync(ARM, folder, { recursive: true });
      cpSync(join(folder, 'arm.urdf'), join(folder, 'other.urdf'));
      expectBadInput(() => readVetoLimits(folder, FORWARD), 'has 2 .urdf files, expected 1');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
