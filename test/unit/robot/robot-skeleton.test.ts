import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { parse } from 'yaml';
import { compileRobot, loadEngine } from '../../../sim/index.js';
import {
  listRobots,
  loadRobot,
  robotSkeleton,
  type Robot,
  type RobotSkeleton,
} from '../../../src/robot/index.js';
import { robotSchema } from '../../../src/robot/robot-schema.js';
import { YamlLines, yamlText } from '../../../src/robot/skeleton/yaml-lines.js';
import { gateConfigFromRobot } from '../../../src/safety/index.js';
import { fillOpenValues } from '../../fixtures/fill-skeleton.js';
import { ARM, contextOf, expectBadInput } from './scratch-robot.js';

const FOREIGN = fileURLToPath(new URL('../../fixtures/urdf/foreign/lab_arm.urdf', import.meta.url));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'skeleton-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const skeletonOf = (path: string, edit = (text: string) => text, name?: string): RobotSkeleton =>
  robotSkeleton({
    text: edit(readFileSync(path, 'utf8')),
    path,
    folder,
    ...(name !== undefined && { name }),
  });

/** Writes the skeleton's files, filled except for the open value `except`, and loads the folder. */
function loadFilled(skeleton: RobotSkeleton, except?: RobotSkeleton['missing'][number]): Robot {
  for (const [name, text] of Object.entries(skeleton.files)) {
    const own = skeleton.missing.filter((value) => basename(value.file) === name && value !== except);
    writeFileSync(join(folder, name), fillOpenValues(text, own));
  }
  return loadRobot(folder);
}

/** What the fixtures lack, as a user would complete it. */
const completeArm = (urdf: string): string =>
  urdf
    .replace(
      /<link name="(forearm|finger_link|finger_mirror_link|wheel_link)"\/>/g,
      `<link name="$1">${INERTIAL}</link>`,
    )
    .replace(/<(visual|collision)>.*mesh.*<\/\1>/g, '');
const completeForeign = (urdf: string): string =>
  urdf
    .replace('<link name="link3"/>', `<link name="link3">${INERTIAL}</link>`)
    .replace('effort="0" velocity="0"', 'effort="5" velocity="1"')
    .replace(/(<child link="link3"\/>.*)/, '$1<limit lower="-2" upper="2" effort="9" velocity="1"/>')
    .replace(/<(visual|collision)>.*mesh.*<\/\1>/g, '');
const INERTIAL =
  '<inertial><mass value="1"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>';

describe('the optional sections of a skeleton', () => {
  const START = '# What follows is optional';

  it('are comments that hold the defaults: without them the robot is the same', () => {
    const skeleton = skeletonOf(loadRobot('cartpole').model.urdfPath);
    const commented = loadFilled(skeleton);
    const path = join(folder, 'robot.yaml');
    const [head, tail] = readFileSync(path, 'utf8').split(START) as [string, string];
    const open = tail.split('\n').slice(1).join('\n').replace(/^# /gm, '');
    expect(Object.keys(parse(open) as object)).toEqual([
      'prediction',
      'teleop',
      'agent',
      'downstream',
      'black_box',
      'sensors',
      'locks',
    ]);
    writeFileSync(path, head + open);
    expect(loadRobot(folder).config).toEqual(commented.config);
  });

  it('name every key of the schema, and say what each means', () => {
    const { files } = skeletonOf(loadRobot('cartpole').model.urdfPath);
    const tail = files['robot.yaml']!.split(START)[1]!.split('\n').slice(1);
    const given = parse(tail.map((line) => line.replace(/^# /, '')).join('\n')) as Record<string, object>;
    for (const key of ['prediction', 'teleop', 'agent', 'downstream', 'black_box'] as const)
      expect(given[key], key).toEqual(v.parse(robotSchema.entries[key], {}));
    for (const line of tail.filter(Boolean)) expect(line).toMatch(/^# ( {2})?\w+:.* # \S/);
  });
});

describe('the skeleton of a URDF', () => {
  it.each(listRobots())(
    'of %s alone loads, once filled, with its joints and the limits of its URDF',
    (name) => {
      const packaged = loadRobot(name);
      const skeleton = skeletonOf(packaged.model.urdfPath);
      const { model, config } = loadFilled(skeleton);
      expect(skeleton.flaws).toEqual([]);
      expect(skeleton.missingMeshes).toEqual([]);
      expect(model.urdf).toBe(packaged.model.urdf);
      expect(model.commanded).toEqual(packaged.model.commanded);
      expect(model.measured).toEqual(packaged.model.measured);
      expect(config.commandInterface).toBe(packaged.config.commandInterface);
      for (const { name: joint, role, limits } of model.joints) {
        if (role !== 'commanded') continue;
        const expected = packaged.model.joints.find((other) => other.name === joint)!.limits!;
        expect(limits!.position).toEqual(expected.position);
        expect(limits!.maxEffort).toBe(expected.maxEffort);
        expect(limits!.maxVelocity).toBeGreaterThanOrEqual(expected.maxVelocity);
      }
    },
  );

  it.each([
    ['the arm of the tests', ARM + '/arm.urdf', completeArm],
    ['a foreign arm', FOREIGN, completeForeign],
  ])('of %s compiles in MuJoCo, once filled', async (_what, path, complete) => {
    const skeleton = skeletonOf(path, complete);
    expect(skeleton.flaws).toEqual([]);
    const robot = loadFilled(skeleton);
    gateConfigFromRobot(robot);
    compileRobot(await loadEngine(), robot).dispose();
  });

  it.each([
    ['the arm of the tests', ARM + '/arm.urdf', completeArm],
    ['a foreign arm', FOREIGN, completeForeign],
    ['the pendulum', loadRobot('pendulum').model.urdfPath, (text: string) => text],
  ])('of %s is refused while any one value is missing, at that line', (_what, path, complete) => {
    const skeleton = skeletonOf(path, complete);
    expect(skeleton.missing.length).toBeGreaterThan(4);
    for (const value of skeleton.missing) {
      expectBadInput(() => loadFilled(skeleton, value), `${value.file}:${value.line}`, 'write', value.key);
    }
  });

  it('never fills in what a URDF cannot tell', () => {
    const keys = skeletonOf(loadRobot('pendulum').model.urdfPath).missing.map(({ key }) => key);
    expect(keys).toEqual([
      'command_topic',
      'command_latency',
      'actuator_lag',
      'position_margin',
      'stop_action',
      'joint_limits.hinge.max_acceleration',
    ]);
  });

  it('finds commanded joints and their common interface in ros2_control', () => {
    const { roles } = skeletonOf(FOREIGN);
    expect(roles.commandInterface).toBe('position');
    expect(roles.commanded.map(({ name }) => name)).toEqual([
      'joint 1',
      'joint2',
      'joint3',
      'joint4',
      'finger',
    ]);
    expect(roles.mimic.map(({ name }) => name)).toEqual(['finger_mirror']);
    expect(roles.passive).toEqual([]);
  });

  it('takes every joint that can move, and asks for the interface, without ros2_control', () => {
    const { roles, missing } = skeletonOf(FOREIGN, (text) =>
      text.replace(/<ros2_control[\s\S]*<\/ros2_control>/, ''),
    );
    expect(roles.commanded).toHaveLength(5);
    expect(roles.commandInterface).toBeUndefined();
    expect(missing[0]).toMatchObject({ key: 'command_interface', line: 3 });
    expect(missing.map(({ key }) => key)).toContain('action.scale');
  });

  it('asks which interface where the joints leave a choice or agree on none', () => {
    const choice = skeletonOf(loadRobot('cartpole').model.urdfPath, (text) =>
      text.replace('<command_interface name="velocity"/>', '$&<command_interface name="effort"/>'),
    );
    expect(choice.missing[0]).toMatchObject({ key: 'command_interface', write: 'one of velocity | effort' });
    const none = skeletonOf(loadRobot('reacher').model.urdfPath, (text) =>
      text.replace('<command_interface name="velocity"/>', '<command_interface name="effort"/>'),
    );
    expect(none.missing[0]?.write).toMatch(
      /shoulder effort, elbow velocity; joints that do not offer it go to/,
    );
  });

  it('puts the home pose at 0 where that is inside the limits, else in their middle', () => {
    const { files } = skeletonOf(FOREIGN, completeForeign);
    expect((parse(files['robot.yaml']!) as { home_pose: unknown }).home_pose).toEqual({
      'joint 1': 0,
      joint2: 1.5,
      joint3: 0,
      joint4: 0,
      finger: 0.02,
    });
  });

  it('lists what the URDF itself lacks, with the line in the copy', () => {
    const { flaws, missingMeshes, files } = skeletonOf(FOREIGN);
    const copy = join(folder, 'Lab_Arm.urdf');
    expect(Object.keys(files)[0]).toBe('Lab_Arm.urdf');
    expect(flaws).toHaveLength(3);
    expect(flaws[0]).toContain(`joint 'joint3' in ${copy}:27: a revolute joint needs limits; write <limit`);
    expect(flaws[1]).toContain(
      `joint 'joint4' in ${copy}:33: <limit lower="-1" upper="1" effort="0" velocity="0">`,
    );
    expect(flaws[2]).toContain(`link 'link3' in ${copy}:30: moves but has no mass`); // finger_link has its pad's
    expect(missingMeshes.map(({ filename }) => filename)).toEqual([
      'package://lab_arm_description/meshes/base.dae',
      'package://lab_arm_description/meshes/base.stl',
    ]);
  });

  it('needs no folder, and no mesh whose name is not told', () => {
    const text = readFileSync(FOREIGN, 'utf8').replace(/<mesh [^>]*>/g, '<mesh/>');
    const skeleton = robotSkeleton({ text, path: FOREIGN, name: 'my arm' });
    expect(basename(skeleton.folder)).toBe('my_arm');
    expect(Object.keys(skeleton.files)[0]).toBe('my_arm.urdf');
    expect(skeleton.missingMeshes).toEqual([]);
  });

  it('asks which joints are driven where ros2_control commands none', () => {
    const { missing, files } = skeletonOf(FOREIGN, (urdf) =>
      urdf.replace(/<command_interface[^>]*(\/>|>[\s\S]*?<\/command_interface>)/g, ''),
    );
    expect(missing.map(({ key }) => key)).toContain('joints.commanded');
    expect(parse(files['joint_limits.yaml']!)).toEqual({ joint_limits: {} });
  });

  it('does not miss meshes that are in the folder', () => {
    mkdirSync(join(folder, 'meshes'));
    writeFileSync(join(folder, 'meshes/base.dae'), '');
    writeFileSync(join(folder, 'meshes/base.stl'), '');
    expect(skeletonOf(FOREIGN).missingMeshes).toEqual([]);
  });

  it('copies the URDF unchanged, and with another name where one is given', () => {
    const text = readFileSync(FOREIGN, 'utf8');
    expect(skeletonOf(FOREIGN).files['Lab_Arm.urdf']).toBe(text);
    const renamed = skeletonOf(FOREIGN, (same) => same, 'bench2');
    expect(renamed.robot).toBe('bench2');
    expect(renamed.files['bench2.urdf']).toBe(text.replace('name="Lab Arm"', 'name="bench2"'));
  });

  it.each([
    ['xacro', '<robot name="a" xmlns:xacro="x"><xacro:arm/></robot>', ['is xacro', 'expand it first: xacro']],
    ['text that is no XML', 'solid teapot', ['in.urdf:1', 'malformed XML']],
    ['another kind of XML', '<sdf/>', ['root element is <sdf>', '<robot name="...">']],
    ['a robot without joints', '<robot name="a"><link name="b"/></robot>', ["'a' has no joint that moves"]],
    [
      'a robot that cannot move',
      '<robot name="a"><link name="b"/><link name="c"/><joint name="j" type="fixed"><parent link="b"/><child link="c"/></joint></robot>',
      ['has no joint that moves', 'revolute, continuous or prismatic'],
    ],
  ])('is refused for %s', (_what, text, parts) => {
    const attempt = () => robotSkeleton({ text, path: '/x/in.urdf', folder });
    expectBadInput(attempt, ...parts);
    expect(contextOf(attempt)).toMatchObject({ file: '/x/in.urdf' });
  });
});

describe('YamlLines', () => {
  it('writes keys below their parents, comments where there are some, and remembers what it asks for', () => {
    const yaml = new YamlLines('x.yaml');
    yaml.section([], 'a', 'what it is');
    yaml.section(['a'], 'b');
    yaml.value(['a', 'b'], 'c', 1, '[m]');
    yaml.value(['a', 'b'], 'd', true);
    yaml.ask(['a'], 'e', 'a number');
    expect(yaml.text).toBe('a: # what it is\n  b:\n    c: 1 # [m]\n    d: true\n  e: # MISSING: a number\n');
    expect(yaml.missing).toEqual([{ file: 'x.yaml', line: 5, key: 'a.e', write: 'a number' }]);
  });

  it('quotes joint names that YAML would read as something else', () => {
    const names = [
      'a',
      'left/arm-1',
      'joint 1',
      'a: b',
      '#c',
      'true',
      'Null',
      '1',
      '[x',
      'é',
      'say "hi"',
      'x\ny',
    ];
    const yaml = new YamlLines('x.yaml');
    yaml.add(`list: [${names.map(yamlText).join(', ')}]`);
    yaml.section([], 'map');
    for (const name of names) yaml.value(['map'], name, 1, 'a comment');
    expect(parse(yaml.text)).toEqual({
      list: names,
      map: Object.fromEntries(names.map((name) => [name, 1])),
    });
  });
});
