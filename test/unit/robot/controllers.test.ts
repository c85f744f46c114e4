import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadRobot, robotSkeleton } from '../../../src/robot/index.js';
import { robotSchema } from '../../../src/robot/robot-schema.js';
import { readController } from '../../../src/robot/skeleton/controllers.js';
import { gateConfigFromRobot } from '../../../src/safety/index.js';
import { readVetoLimits } from '../../../src/veto/index.js';
import { contextOf } from './scratch-robot.js';

const example = (path: string): string =>
  fileURLToPath(new URL(`../../../docs/examples/${path}`, import.meta.url));
const EXAMPLES = [
  ['forward-velocity', 'planar_arm'],
  ['trajectory-position', 'pan_tilt'],
] as const;

/** A URDF with these joints, and what <ros2_control> offers of each. */
function urdf(offers: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.keys(offers);
  const link = (name: string) =>
    `<link name="${name}"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>`;
  const joint = (name: string, i: number) =>
    `<joint name="${name}" type="revolute"><parent link="l${i}"/><child link="l${i + 1}"/><axis xyz="0 0 1"/>` +
    `<limit lower="-1" upper="1" velocity="1" effort="1"/></joint>`;
  const control = names.map(
    (name) =>
      `<joint name="${name}">${offers[name]!.map((kind) => `<command_interface name="${kind}"/>`).join('')}</joint>`,
  );
  return (
    `<robot name="r">${names.map((_, i) => link(`l${i}`)).join('')}${link(`l${names.length}`)}${names.map(joint).join('')}` +
    `<ros2_control name="r" type="system">${control.join('')}</ros2_control></robot>`
  );
}

const skeleton = (text: string, controllers: string, name?: string) =>
  robotSkeleton({
    ...{ text, path: 'r.urdf', folder: 'made' },
    controllers: { text: controllers, path: 'controllers.yaml', ...(name !== undefined && { name }) },
  });

const FORWARD = `
controller_manager:
  ros__parameters:
    arm: {type: forward_command_controller/ForwardCommandController}
    hand: {type: position_controllers/JointGroupPositionController}
    states: {type: joint_state_broadcaster/JointStateBroadcaster}
arm:
  ros__parameters: {joints: [b, a], interface_name: velocity}
hand:
  ros__parameters: {joints: [c]}
`;

describe.each(EXAMPLES)('docs/examples/%s', (folder, name) => {
  const path = example(folder);

  it('loads, and gate and veto have the same limits of it', () => {
    const robot = loadRobot(path);
    expect(robot.model.name).toBe(name);
    const gate = gateConfigFromRobot(robot);
    const veto = readVetoLimits(path, robot.config.commandMessageType);
    expect(veto.commandInterface).toBe(gate.interface);
    expect(veto.controlPeriod).toBe(gate.controlPeriod);
    expect(veto.joints.map((joint) => joint.name)).toEqual(gate.joints.map((joint) => joint.name));
    veto.joints.forEach(({ minPosition, maxPosition, maxVelocity, maxAcceleration }, i) =>
      expect(gate.joints[i]).toMatchObject({ minPosition, maxPosition, maxVelocity, maxAcceleration }),
    );
    // the largest action is within what the gate allows, so that it need not be cut
    const { action, policyRateHz } = robot.config;
    gate.joints.forEach(({ maxVelocity, maxAcceleration }, i) =>
      expect(action.scale[i]! * policyRateHz).toBeLessThan(
        gate.interface === 'velocity' ? maxAcceleration : maxVelocity,
      ),
    );
  });

  it('goes where its controllers.yaml says, with its joints and interface', () => {
    const { config, model } = loadRobot(path);
    const controller = readController(readFileSync(`${path}/controllers.yaml`, 'utf8'), 'controllers.yaml');
    expect(controller).toMatchObject({
      topic: config.commandTopic,
      messageType: config.commandMessageType,
      commandInterface: config.commandInterface,
      joints: model.commanded,
    });
  });

  it('is what init makes of its URDF and controllers.yaml, but for what only its owner knows', () => {
    const text = readFileSync(`${path}/${name}.urdf`, 'utf8');
    const { files, missing, flaws } = skeleton(text, readFileSync(`${path}/controllers.yaml`, 'utf8'));
    const { config, model } = loadRobot(path);
    expect(flaws).toEqual([]);
    expect(files['robot.yaml']).toContain(`command_interface: ${config.commandInterface} #`);
    expect(files['robot.yaml']).toContain(`command_topic: ${config.commandTopic}\n`);
    expect(files['robot.yaml']).toContain(`command_message_type: ${config.commandMessageType}\n`);
    expect(files['robot.yaml']).toContain(`commanded: [${model.commanded.join(', ')}]`);
    expect(missing.map(({ key }) => key)).not.toContain('command_topic');
  });
});

describe('a parameter file of ros2_control', () => {
  it('gives the joints their order, and leaves those of other controllers to them', () => {
    const text = urdf({ a: ['velocity'], b: ['velocity', 'position'], c: ['position'], d: [] });
    const { roles, files } = skeleton(text, FORWARD, 'arm');
    expect(roles.commanded.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(roles.observed.map(({ name }) => name)).toEqual(['c']);
    expect(roles.passive.map(({ name }) => name)).toEqual(['d']);
    expect(roles.commandInterface).toBe('velocity');
    expect(files['robot.yaml']).toMatch(/commanded: \[b, a\].*\n {2}observed: \[c\].*\n {2}passive: \[d\]/);
    expect(files['robot.yaml']).toContain('command_topic: /arm/commands\n');
    const hand = skeleton(text, FORWARD, 'hand').roles;
    expect(hand.controller).toMatchObject({ topic: '/hand/commands', commandInterface: 'position' });
  });

  it.each([
    ['/left/controller_manager', '/left/arm', '/left/arm/joint_trajectory'],
    ['left: {controller_manager', 'arm', '/left/arm/joint_trajectory'],
    ['/**/controller_manager', '/**/arm', '/arm/joint_trajectory'],
  ])('is read in namespaces: %s', (manager, own, topic) => {
    const type = 'joint_trajectory_controller/JointTrajectoryController';
    const parameters = '{ros__parameters: {joints: [a], command_interfaces: [velocity, position]}}';
    const text = manager.includes('{')
      ? `${manager}: {ros__parameters: {arm: {type: ${type}}}}, ${own}: ${parameters}}`
      : `"${manager}": {ros__parameters: {arm: {type: ${type}}}}\n"${own}": ${parameters}`;
    expect(readController(text, 'c.yaml')).toMatchObject({
      ...{ topic, commandInterface: 'position', joints: ['a'] },
      messageType: 'trajectory_msgs/msg/JointTrajectory',
    });
  });

  it('is that of the controller’s own namespace where another has the same name', () => {
    const other = '/other/arm: {ros__parameters: {joints: [x], interface_name: position}}';
    expect(readController(`${other}\n${FORWARD}`, 'c.yaml', 'arm')).toMatchObject({
      ...{ topic: '/arm/commands', commandInterface: 'velocity', joints: ['b', 'a'] },
    });
  });

  const NONE = /c\.yaml: names no controller that takes streamed commands; expected/;
  const file = 'c.yaml';
  const names = ['arm', 'hand'];
  it.each<[string, string, string | undefined, RegExp, object]>([
    ['nothing of ours', 'a: 1', undefined, NONE, { file }],
    ['keys without a value', 'a:\nb: {c: , d: text}', undefined, NONE, { file }],
    [
      'another node that has it',
      FORWARD.replace('controller_manager', 'elsewhere'),
      undefined,
      NONE,
      { file },
    ],
    [
      'a choice',
      FORWARD,
      undefined,
      /arm and hand take commands; say which is ours with --controller-name/,
      { file, names },
    ],
    ['another name', FORWARD, 'amr', /no controller 'amr'.*did you mean 'arm'/, { file, names }],
    [
      'no joints',
      FORWARD.replace('joints: [b, a], ', ''),
      'arm',
      /arm names no joints/,
      { file, controller: 'arm' },
    ],
    [
      'another interface',
      FORWARD.replace('velocity', 'acceleration'),
      'arm',
      /arm has interface acceleration; expected/,
      { file, controller: 'arm' },
    ],
    [
      'no parameters of its own',
      FORWARD.replace(/^arm:\n.*\n/m, ''),
      'arm',
      /arm has interface none; expected/,
      { file, controller: 'arm' },
    ],
    [
      'a name that is no topic',
      FORWARD.replaceAll('arm', '9 lives'),
      '9 lives',
      /'\/9 lives\/commands' is no ROS topic/,
      {},
    ],
    [
      'a wildcard within its namespace',
      FORWARD.replace('controller_manager', '/left/**/controller_manager'),
      'arm',
      /'\/left\/\*\*\/arm\/commands' is no ROS topic/,
      {},
    ],
  ])('is refused with %s', (_, text, name, message, context) => {
    const attempt = () => readController(text, file, name);
    expect(attempt).toThrow(message);
    expect(contextOf(attempt)).toStrictEqual(context);
  });

  it('is refused where it is no YAML', () => {
    expect(() => readController('a: [', 'c.yaml')).toThrow(/c\.yaml:1:\d+: malformed YAML/);
  });

  it('is refused where it does not fit the URDF', () => {
    const unknown = () => skeleton(urdf({ a: ['velocity'], bb: ['velocity'] }), FORWARD, 'arm');
    expect(unknown).toThrow(
      /controller 'arm' has joint 'b', which is no joint of the URDF that moves by itself \(did you mean/,
    );
    expect(contextOf(unknown)).toStrictEqual({ controller: 'arm', joint: 'b' });
    const another = () => skeleton(urdf({ a: ['position'], b: ['velocity'] }), FORWARD, 'arm');
    expect(another).toThrow(
      /commands the velocity of joint 'a', for which the URDF’s <ros2_control> offers position; make the two agree/,
    );
    expect(contextOf(another)).toStrictEqual({ controller: 'arm', joint: 'a' });
    const none = () => skeleton(urdf({ a: [], b: ['velocity'] }), FORWARD, 'arm');
    expect(none).toThrow(/joint 'a', for which the URDF’s <ros2_control> offers no command interface;/);
  });

  it('is enough where the URDF has no <ros2_control>', () => {
    const text = urdf({ a: [], b: [], c: [] }).replace(/<ros2_control.*<\/ros2_control>/, '');
    const { roles, files } = skeleton(text, FORWARD, 'arm');
    expect(roles.commanded.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(parse(files['robot.yaml']!)).toMatchObject({
      command_interface: 'velocity',
      command_topic: '/arm/commands',
      command_message_type: 'std_msgs/msg/Float64MultiArray',
      state_topic: v.getDefault(robotSchema.entries.state_topic),
    });
  });
});
