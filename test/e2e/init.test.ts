/** `dynabridge init` as the owner of a foreign robot meets it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileRobot, loadEngine } from '../../sim/index.js';
import { loadRobot } from '../../src/robot/index.js';
import { fillOpenValues } from '../fixtures/fill-skeleton.js';
import { Dynabridge, type Ended } from './own-process.js';

const fixture = (file: string) => fileURLToPath(new URL(`../fixtures/urdf/${file}`, import.meta.url));
const REACHER = fileURLToPath(new URL('../../urdf/reacher/reacher.urdf', import.meta.url));
const FOREIGN = fixture('foreign/lab_arm.urdf');

interface InitResult {
  readonly robot: string;
  readonly folder: string;
  readonly files: readonly string[];
  readonly missing: readonly { file: string; line: number; key: string }[];
  readonly flaws: readonly string[];
  readonly dropped: readonly { path: string }[];
}

let scratch: string;
let out: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-init-'));
  out = path.join(scratch, 'robots', 'mine');
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const init = (...args: string[]): Promise<Ended> => new Dynabridge(['init', ...args]).ended;

describe('init', () => {
  it('makes a folder that is refused until its missing values are written, then loads and compiles', async () => {
    const { code, stdout } = await init('--urdf', REACHER, '--out', out, '--name', 'mine', '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as InitResult;
    expect(result).toMatchObject({ robot: 'mine', folder: out, flaws: [] });
    expect(readdirSync(out).sort()).toEqual(['joint_limits.yaml', 'mine.urdf', 'robot.yaml']);
    const refused = await new Dynabridge(['train', '--robot', out, '--runs', scratch]).ended;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      `robot.yaml:${result.missing[0]!.line}: 'command_topic' has no value yet`,
    );

    for (const file of result.files) {
      const own = result.missing.filter((value) => path.resolve(value.file) === file);
      writeFileSync(file, fillOpenValues(readFileSync(file, 'utf8'), own));
    }
    const robot = loadRobot(out);
    expect(robot.model.name).toBe('mine');
    expect(robot.model.commanded).toEqual(['shoulder', 'elbow']);
    compileRobot(await loadEngine(), robot).dispose();
  });

  it('tells what it found, what it dropped, what is missing with file and line, and what to do next', async () => {
    const { code, stdout } = await init('--urdf', FOREIGN, '--out', out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/commanded +joint 1, joint2, joint3, joint4, finger\n/);
    expect(stdout).toMatch(/command interface +position/);
    expect(stdout).toMatch(/transmission \(1\): belongs to ros_control/);
    expect(stdout).toMatch(/robot\.yaml:\d+ +command_latency: \[s\]/);
    expect(stdout).toMatch(/joint_limits\.yaml:\d+ +joint_limits\.joint 1\.max_velocity: \[rad\/s\]/);
    expect(stdout).toMatch(/joint 'joint3' in .*Lab_Arm\.urdf:27: a revolute joint needs limits/);
    expect(stdout).toMatch(/package:\/\/lab_arm_description\/meshes\/base\.dae: copy it to/);
    expect(stdout).toMatch(/dynabridge doctor --robot .*mine/);
  });

  it('takes interface, topic, message and joints from the controllers, so that nobody is asked for them', async () => {
    const example = (file: string) =>
      fileURLToPath(new URL(`../../docs/examples/trajectory-position/${file}`, import.meta.url));
    const urdf = ['--urdf', example('pan_tilt.urdf'), '--controllers', example('controllers.yaml')];
    const { code, stdout } = await init(...urdf, '--out', out, '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as InitResult;
    const topic = '/joint_trajectory_controller/joint_trajectory';
    expect(result).toMatchObject({ controller: 'joint_trajectory_controller', commandTopic: topic });
    for (const file of result.files) {
      const own = result.missing.filter((value) => path.resolve(value.file) === file);
      writeFileSync(file, fillOpenValues(readFileSync(file, 'utf8'), own));
    }
    expect(loadRobot(out).config).toMatchObject({
      commandInterface: 'position',
      commandTopic: topic,
      commandMessageType: 'trajectory_msgs/msg/JointTrajectory',
    });
  });

  it('overwrites nothing without --force, and its own result is nothing to overwrite', async () => {
    await init('--urdf', FOREIGN, '--out', out);
    expect((await init('--urdf', FOREIGN, '--out', out)).code).toBe(0);
    const yaml = path.join(out, 'robot.yaml');
    const skeleton = readFileSync(yaml, 'utf8');
    writeFileSync(yaml, 'mine');
    const refused = await init('--urdf', FOREIGN, '--out', out);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/robot\.yaml would be overwritten; write another --out, or --force/);
    expect(readFileSync(yaml, 'utf8')).toBe('mine');
    expect((await init('--urdf', FOREIGN, '--out', out, '--force')).code).toBe(0);
    expect(readFileSync(yaml, 'utf8')).toBe(skeleton);
    expect(readdirSync(out)).toHaveLength(3); // no temporary file is left
  });

  it('adds the YAML files beside a URDF that is in the folder already, and refuses a second URDF', async () => {
    mkdirSync(out, { recursive: true });
    const own = path.join(out, 'arm_v2.urdf');
    writeFileSync(own, readFileSync(REACHER));
    expect((await init('--urdf', own, '--out', out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['arm_v2.urdf', 'joint_limits.yaml', 'robot.yaml']);
    const second = await init('--urdf', FOREIGN, '--out', out, '--force');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/holds another URDF, arm_v2\.urdf/);
  });

  it.each([
    ['a file that is missing', ['--urdf', '/no/such.urdf'], undefined, /no\/such\.urdf: no such file/],
    ['a folder', ['--urdf', os.tmpdir()], undefined, /is a folder; write the path of the \.urdf file/],
    [
      'controllers that are missing',
      ['--urdf', REACHER, '--controllers', '/no/c.yaml'],
      undefined,
      /--controllers \/no\/c\.yaml: no such file/,
    ],
    [
      'a controller of no file',
      ['--urdf', REACHER, '--controller-name', 'arm'],
      undefined,
      /of which file\? write --controllers/,
    ],
    ['no option', [], undefined, /write --urdf <file>, or --robot-description/],
    ['a name that is none', ['--urdf', REACHER, '--name', '../x'], undefined, /a letter, then letters/],
    ['a file that is no XML', [], 'solid teapot', /in\.urdf:1.*malformed XML/],
    ['xacro', [], '<robot name="a"><xacro:arm/></robot>', /is xacro.*expand it first: xacro/],
    ['no joints', [], '<robot name="a"><link name="b"/></robot>', /has no joint that moves/],
  ])(
    'is refused for %s: one clear error, exit code 2, and nothing written',
    async (_what, args, text, message) => {
      const file = path.join(scratch, 'in.urdf');
      if (text !== undefined) writeFileSync(file, text);
      const { code, stderr } = await init(
        ...args,
        ...(text === undefined ? [] : ['--urdf', file]),
        '--out',
        out,
      );
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^ +at /m); // no stack trace
      expect(code).toBe(2);
      expect(existsSync(path.dirname(out))).toBe(false);
    },
  );

  it('a robot that is refused is told by doctor too', async () => {
    await init('--urdf', REACHER, '--out', out);
    const { code, stdout } = await new Dynabridge(['doctor', '--robot', out]).ended;
    expect(code).toBe(4);
    expect(stdout).toMatch(/FAIL +robot .*mine .*'command_topic' has no value yet; write command_topic/);
  });
});
