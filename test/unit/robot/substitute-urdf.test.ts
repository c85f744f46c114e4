/** A robot's folder made of a URDF from elsewhere. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRobot, loadRobot, substituteUrdf } from '../../../src/robot/index.js';

const CARTPOLE = findRobot('cartpole');
const URDF = readFileSync(join(CARTPOLE, 'cartpole.urdf'), 'utf8');
/** with a mesh on its first link */
const withMesh = (filename: string) =>
  URDF.replace(
    /(<link name="[^"]*")\s*\/>|(<link name="[^"]*">)/,
    (_, empty?: string, open?: string) =>
      `${open ?? `${empty!}>`}<visual><geometry><mesh filename="${filename}"/></geometry></visual>${open ? '' : '</link>'}`,
  );

let scratch: string;
let folder: string;
let into: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dynabridge-substitute-'));
  [folder, into] = [join(scratch, 'robot'), join(scratch, 'made')];
  cpSync(CARTPOLE, folder, { recursive: true });
  mkdirSync(into);
});
afterEach(() => rmSync(scratch, { recursive: true }));

function put(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `mesh of ${path}`);
}
const substitute = (text: string, prefixPath?: string) =>
  substituteUrdf(folder, { text, from: '/robot_description' }, into, prefixPath);

it('has the URDF to the byte, and the YAML files of the folder', () => {
  const text = `${URDF}<!-- ü: the topic's own -->\r\n`;
  substitute(text);
  expect(readdirSync(into).sort()).toEqual(['cartpole.urdf', 'joint_limits.yaml', 'robot.yaml']);
  const robot = loadRobot(into);
  expect(robot.model.urdf).toBe(text);
  expect(robot.config).toEqual(loadRobot(folder).config);
});

it('needs no URDF and no joint_limits.yaml in the folder', () => {
  for (const name of ['cartpole.urdf', 'joint_limits.yaml']) rmSync(join(folder, name));
  substitute(URDF);
  expect(readdirSync(into).sort()).toEqual(['cartpole.urdf', 'robot.yaml']);
});

it('is named without what a file name cannot have', () => {
  substitute(URDF.replace('name="cartpole"', 'name="../my robot"'));
  expect(readdirSync(into)).toContain('___my_robot.urdf');
});

describe('its meshes', () => {
  it('are those of the folder', () => {
    put(join(folder, 'cart_description', 'meshes', 'rail.stl'));
    substitute(withMesh('package://cart_description/meshes/rail.stl'));
    const copies = ['meshes/rail.stl', 'cart_description/meshes/rail.stl'].map((name) => join(into, name));
    expect(copies.filter((path) => existsSync(path))).toHaveLength(1);
    expect(loadRobot(into).model.name).toBe('cartpole');
  });

  it('are those of an installed package, where the folder has none', () => {
    put(join(scratch, 'ros', 'share', 'cart_description', 'meshes', 'rail.stl'));
    substitute(
      withMesh('package://cart_description/meshes/rail.stl'),
      `${join(scratch, 'nothing')}:${join(scratch, 'ros')}`,
    );
    expect(loadRobot(into).model.name).toBe('cartpole');
  });

  it('stay where an absolute name has them', () => {
    const mesh = join(scratch, 'rail.stl');
    put(mesh);
    substitute(withMesh(`file://${mesh}`));
    expect(readdirSync(into)).toHaveLength(3);
    expect(loadRobot(into).model.name).toBe('cartpole');
  });

  it('are looked for in folder and packages, which the message names', () => {
    const refused = () => substitute(withMesh('package://cart_description/rail.stl'), '/opt/ros/humble');
    expect(refused).toThrow(
      /link '.*' in \/robot_description:\d+: mesh "package:\/\/cart_description\/rail.stl"/,
    );
    expect(refused).toThrow(`not found at ${join(folder, 'rail.stl')}`);
    expect(refused).toThrow('or /opt/ros/humble/share/cart_description/rail.stl');
    expect(readdirSync(into)).toEqual([]);
  });

  it('are not written outside the folder, whatever their names', () => {
    put(join(scratch, 'rail.stl'));
    expect(() => substitute(withMesh('../rail.stl'))).toThrow(/mesh "\.\.\/rail\.stl" would lie outside/);
  });
});

it.each([
  ['', /^\/robot_description:1:1: malformed XML/],
  ['hello', /^\/robot_description:1:1: malformed XML/],
  ['<sdf version="1.9"/>', /^\/robot_description:1: root element is <sdf>; a URDF starts with <robot/],
  ['<robot name="a"><xacro:include filename="b"/></robot>', /is xacro, not URDF/],
])('is not made of %j', (text, message) => {
  expect(() => substitute(text)).toThrow(message);
  expect(readdirSync(into)).toEqual([]);
});
