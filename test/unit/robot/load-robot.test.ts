import { mkdirSync, mkdtempSync, rmSync, unlinkSync, cpSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listRobots, loadRobot, withController } from '../../../src/robot/index.js';
import { ARM, contextOf, expectBadInput, loadEdited, type Edit } from './scratch-robot.js';

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}

describe('loadRobot', () => {
  it('reads URDF, limits and configuration of a robot folder', () => {
    const { model, config, folder } = loadRobot(ARM);
    expect(folder).toBe(ARM);
    expect(model.name).toBe('arm');
    expect(model.rootLink).toBe('world');
    expect(model.urdfPath).toBe(join(ARM, 'arm.urdf'));
    expect(model.urdfSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(model.joints.map((joint) => [joint.name, joint.role])).toEqual([
      ['mount', 'fixed'],
      ['shoulder', 'commanded'],
      ['elbow', 'commanded'],
      ['finger', 'observed'],
      ['finger_mirror', 'mimic'],
      ['wheel', 'passive'],
    ]);
    expect(config).toEqual({
      commandInterface: 'position',
      commandTopic: '/forward_command_controller/commands',
      commandMessageType: 'std_msgs/msg/Float64MultiArray',
      commandPoints: 1,
      stateTopic: '/joint_states',
      controlRateHz: 100,
      policyRateHz: 20,
      commandLatency: 0.02,
      actuatorLag: 0.03,
      positionMargin: 0.01,
      stateTimeoutMs: 100,
      stateFrozenMs: 500,
      disabledCollisions: [],
      limitScaling: 'per_joint',
      onTransition: { velocityScale: 0.2, accelerationScale: 0.5, duration: 0.5 },
      blackBoxSeconds: 30,
      action: { mode: 'increment', scale: [0.05, 0.02] },
      homePose: { elbow: 0, shoulder: 0.5, finger: 0.02, wheel: 0 },
      sensors: [],
      prediction: { enabled: true, horizon: 4 },
      teleop: {
        commandTimeoutMs: 100,
        linkTimeoutMs: 300,
        maxVelocityScale: 0.3,
        deadBand: 0.05,
        stateRateHz: 10,
        mayEngage: false,
        priority: 100,
        required: false,
        jointJog: false,
      },
      agent: { timeoutMs: 200, priority: 10 },
      locks: [],
      downstream: { acceptNoTimeout: false },
    });
  });

  it('orders commands as robot.yaml does and measurements as commanded, observed, passive', () => {
    const { model } = loadRobot(ARM);
    expect(model.commanded).toEqual(['elbow', 'shoulder']);
    expect(model.measured).toEqual(['elbow', 'shoulder', 'finger', 'wheel']);
  });

  it('reads geometry, dynamics, mimic and ros2_control', () => {
    const joints = new Map(loadRobot(ARM).model.joints.map((joint) => [joint.name, joint]));
    expect(joints.get('shoulder')).toMatchObject({
      parent: 'base',
      child: 'upper_arm',
      axis: { x: 0, y: 0, z: 1 },
      origin: { xyz: { x: 0, y: 0, z: 0.3 }, rpy: { x: 0, y: 0, z: 1.5 } },
      dynamics: { damping: 0.7, friction: 0.1 },
      ros2Control: { commandInterfaces: ['position'], stateInterfaces: ['position', 'velocity'] },
    });
    expect(joints.get('elbow')).toMatchObject({
      axis: { x: 1, y: 0, z: 0 },
      dynamics: { damping: 0, friction: 0 },
      ros2Control: { commandInterfaces: ['position', 'velocity'], stateInterfaces: ['position'] },
    });
    expect(joints.get('finger_mirror')?.mimic).toEqual({ joint: 'finger', multiplier: -1, offset: 0.01 });
    expect(joints.get('wheel')?.ros2Control).toBeUndefined();
    expect(joints.get('mount')?.limits).toBeUndefined();
  });

  it('joins what several ros2_control tags offer for a joint', () => {
    const second =
      '<ros2_control name="b" type="system"><joint name="elbow"><command_interface name="effort"/><state_interface name="effort"/></joint></ros2_control>';
    const { model } = loadEdited(['arm.urdf', '<antenna height="2"/>', second]);
    const elbow = model.joints.find((joint) => joint.name === 'elbow');
    expect(elbow?.ros2Control).toEqual({
      commandInterfaces: ['position', 'velocity', 'effort'],
      stateInterfaces: ['position', 'effort'],
    });
  });

  it('reads shapes of all kinds, and none without a size', () => {
    const mesh =
      '<collision><geometry><mesh filename="meshes/shoulder.stl" scale="1 1 1"/></geometry></collision>';
    const shaped = (geometry: string): Edit => [
      'arm.urdf',
      mesh,
      `<collision><origin xyz="1 2 3" rpy="0 0 1"/><geometry>${geometry}</geometry></collision>`,
    ];
    const read = (geometry: string) => loadEdited(shaped(geometry)).model.collisions[0];
    expect(read('<sphere radius="0.1"/>')).toEqual({
      link: 'base',
      xyz: { x: 1, y: 2, z: 3 },
      rpy: { x: 0, y: 0, z: 1 },
      geometry: { kind: 'sphere', radius: 0.1 },
    });
    expect(read('<cylinder radius="0.1" length="2"/>')?.geometry).toEqual({
      kind: 'cylinder',
      radius: 0.1,
      length: 2,
    });
    expect(read('<capsule radius="0.1" length="2"/>')?.geometry.kind).toBe('capsule');
    const size = { x: 1, y: 2, z: 3 };
    expect(read('<box size="1 2 3"/>')?.geometry).toEqual({ kind: 'box', size });
    const refuse = (geometry: string, ...parts: string[]) =>
      expectBadInput(() => loadEdited(shaped(geometry)), "link 'base'", 'arm.urdf:12', ...parts);
    expect(loadRobot(ARM).model.collisions[0]?.geometry).toEqual({ kind: 'other', tag: 'mesh' });
    refuse('', '<collision> has no shape; write <geometry>');
    expectBadInput(
      () => loadEdited(['arm.urdf', mesh, '<collision/>']),
      "link 'base'",
      '<collision> has no shape',
    );
    refuse('<sphere/>', '<sphere> has no radius above 0');
    refuse('<sphere radius="-0.1"/>', 'has no radius above 0');
    refuse('<sphere radius="0"/>', 'has no radius above 0; write radius="..." [m]');
    refuse('<cylinder radius="1"/>', 'has no length above 0');
    for (const flat of ['0 1 1', '1 0 1', '1 1 0'])
      refuse(`<box size="${flat}"/>`, 'has no size above 0; write size="x y z" [m]');
  });

  it('can be driven by another controller', () => {
    const robot = loadRobot('arm6');
    expect(withController(robot, undefined)).toBe(robot);
    expect(withController(robot, 'forward')).toBe(robot);
    const jtc = withController(robot, 'jtc');
    expect(jtc.config.commandMessageType).toBe('trajectory_msgs/msg/JointTrajectory');
    expect(jtc.config.commandTopic).toBe('/joint_trajectory_controller/joint_trajectory');
    expect(jtc.model).toBe(robot.model);
    expect(withController(jtc, undefined)).toBe(jtc);
    expect(withController(jtc, 'forward').config).toMatchObject({
      commandMessageType: 'std_msgs/msg/Float64MultiArray',
      commandPoints: 1,
      commandTopic: '/forward_command_controller/commands',
    });
  });

  it('freezes the result all the way down', () => {
    expect(isDeepFrozen(loadRobot(ARM))).toBe(true);
  });

  it('refuses a name that is neither packaged nor a folder, with the nearest name', () => {
    expectBadInput(() => loadRobot('pendulm'), "robot 'pendulm'", "did you mean 'pendulum'?");
    expectBadInput(() => loadRobot('/no/such/folder'), '/no/such/folder', ...listRobots());
  });

  it('refuses a file and names its folder', () => {
    expectBadInput(() => loadRobot(join(ARM, 'arm.urdf')), 'is a file', `write its folder, ${ARM}`);
  });
});

describe('a robot folder with missing files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'robot-'));
    cpSync(ARM, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is refused without a URDF', () => {
    unlinkSync(join(folder, 'arm.urdf'));
    expectBadInput(() => loadRobot(folder), folder, 'no .urdf file', 'write');
  });

  it('is refused with two URDFs', () => {
    writeFileSync(join(folder, 'second.urdf'), '<robot name="b"/>');
    expectBadInput(() => loadRobot(folder), folder, 'arm.urdf, second.urdf', 'keep one');
  });

  it('is refused without robot.yaml', () => {
    unlinkSync(join(folder, 'robot.yaml'));
    expectBadInput(() => loadRobot(folder), join(folder, 'robot.yaml'), 'not found', 'command_interface');
    expect(contextOf(() => loadRobot(folder))).toStrictEqual({ file: join(folder, 'robot.yaml') });
  });

  it('is refused without joint_limits.yaml, saying which limits to write there', () => {
    unlinkSync(join(folder, 'joint_limits.yaml'));
    expectBadInput(
      () => loadRobot(folder),
      join(folder, 'joint_limits.yaml'),
      "joint 'shoulder'",
      'has_acceleration_limits: true, max_acceleration: ...',
    );
  });

  it('finds package:// meshes in the folder, in a sub-folder and above', () => {
    expect(loadRobot(folder).model.name).toBe('arm');
    rmSync(join(folder, 'meshes'), { recursive: true });
    mkdirSync(join(folder, 'arm', 'meshes'), { recursive: true });
    writeFileSync(join(folder, 'arm', 'meshes', 'shoulder.stl'), '');
    // the package:// mesh is found in arm/, the relative one is now missing
    expectBadInput(() => loadRobot(folder), "link 'base'", '"meshes/shoulder.stl" not found', folder);
    const above = join(folder, 'ws', 'arm', 'urdf');
    cpSync(ARM, above, { recursive: true });
    rmSync(join(above, 'meshes'), { recursive: true });
    cpSync(join(ARM, 'meshes'), join(folder, 'ws', 'arm', 'meshes'), { recursive: true });
    expectBadInput(() => loadRobot(above), '"meshes/shoulder.stl" not found');
  });
});
