/** A robot whose URDF is published by robot_state_publisher, or given as a parameter: bridge and twin as processes, over the wire. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import { STATUS_QOS, createMiddleware, type Middleware, type Publisher } from '../../src/io/ros/index.js';
import { loadRobot } from '../../src/robot/index.js';
import { Dynabridge, type Ended } from './own-process.js';

const env = { ROS_DOMAIN_ID: '102' };
const TOPIC = '/arm/robot_description';
/** a loaded machine is not what is tested here */
const STATE_TIMEOUT_MS = 1_000;

let scratch: ScratchBridge;
let folder: string;
let urdf: string;
let middleware: Middleware;
const started: Dynabridge[] = [];
const publishers: Publisher<{ data: string }>[] = [];
let copies: string;

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}
const ended = (...args: string[]): Promise<Ended> => start(...args).ended;

/** What robot_state_publisher does. */
function publish(data: string): void {
  const publisher = middleware.createPublisher(TOPIC, 'std_msgs/msg/String', STATUS_QOS);
  publisher.publish({ data });
  publishers.push(publisher);
}

/** The robot's folder without a URDF. */
function bareFolder(): string {
  const bare = path.join(copies, 'bare');
  cpSync(folder, bare, { recursive: true });
  rmSync(path.join(bare, 'cartpole.urdf'));
  return bare;
}

function changed(find: string | RegExp, put: string): string {
  const text = urdf.replace(find, put);
  expect(text).not.toBe(urdf);
  return text;
}
/** Another robot: its slider rubs more. */
const other = () => changed('damping="0.1"', 'damping="0.2"');

beforeAll(async () => {
  scratch = new ScratchBridge(100, { stateTimeoutMs: STATE_TIMEOUT_MS, policy: 'shuttle', policyRateHz: 25 });
  folder = scratch.robot.folder;
  urdf = scratch.robot.model.urdf;
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'robot_state_publisher', env });
});
beforeEach(() => (copies = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-description-'))));
afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.close();
  for (const one of started) one.kill('SIGKILL');
  await Promise.all(started.splice(0).map((one) => one.ended));
  rmSync(copies, { recursive: true });
});
afterAll(async () => {
  await middleware.close();
  scratch.dispose();
});

it('makes a robot folder of the live robot', async () => {
  publish(urdf);
  const out = path.join(copies, 'mine');
  const { code, stdout } = await ended('init', '--robot-description', TOPIC, '--out', out, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ robot: 'cartpole', folder: out, source: TOPIC });
  expect(readFileSync(path.join(out, 'cartpole.urdf'), 'utf8')).toBe(urdf);
});

it('says what was heard where there is none: exit code 4, and nothing is written', async () => {
  const out = path.join(copies, 'mine');
  const { code, stderr } = await ended('init', '--robot-description', '--out', out);
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /robot description on \/robot_description: nothing came within 10 s: nobody publishes/,
  );
  expect(readdirSync(copies)).toEqual([]);
});

it('asks for one URDF, not for two: exit code 2', async () => {
  const { code, stderr } = await ended('init');
  expect(code).toBe(2);
  expect(stderr).toMatch(/write --urdf <file>, or --robot-description/);
});

it('is compared with the folder by doctor', async () => {
  publish(urdf);
  const doctor = () => ended('doctor', '--robot', folder, '--robot-description', TOPIC, '--json');
  const finding = async () =>
    (
      JSON.parse((await doctor()).stdout.split('\n')[0]!) as {
        findings: { what: string; level: string; detail: string }[];
      }
    ).findings.find(({ what }) => what === 'robot description');
  expect(await finding()).toMatchObject({
    level: 'ok',
    detail: expect.stringMatching(/the URDF of \/arm\/robot_description is .*cartpole\.urdf/) as string,
  });
  publishers.pop()!.close();
  publish(other());
  expect(await finding()).toMatchObject({
    level: 'problem',
    detail: expect.stringMatching(/describes another robot than/) as string,
  });
});

describe('run', () => {
  it('drives a robot whose folder has no URDF, and keeps that which it drove by', async () => {
    publish(urdf);
    start('twin', '--robot', folder);
    const args = ['--robot', bareFolder(), '--run', scratch.run.path, '--robot-description', '--json'];
    const remap = ['--ros-args', '-r', `robot_description:=${TOPIC}`];
    const bridge = start('run', ...args, ...remap);
    await bridge.says(/the URDF is that of \/arm\/robot_description \([0-9a-f]{12}\)/);
    await bridge.says(/engaged: the agent drives/);
    const client = middleware.createClient<object, { values: { string_value: string }[] }>(
      '/dynabridge/get_parameters',
      'rcl_interfaces/srv/GetParameters',
    );
    const { values } = await client.call({ names: ['robot_description'] }, 10_000);
    client.close();
    expect(values[0]!.string_value).toBe(urdf);
    bridge.kill('SIGINT');
    expect((await bridge.ended).code, bridge.stderr).toBe(130);
    const kept = readdirSync(path.join(scratch.run.path, 'robot'));
    expect(kept).toHaveLength(1);
    const robot = loadRobot(path.join(scratch.run.path, 'robot', kept[0]!));
    expect(robot.model.urdf).toBe(urdf);
    expect(robot.config).toEqual(scratch.robot.config);
  });

  const run = (...args: string[]) =>
    ended('run', '--run', scratch.run.path, '--wait', '1', ...args, '--robot-description', TOPIC);

  it.each<[string, () => string, RegExp]>([
    ['is the same', () => urdf, /the URDF of \/arm\/robot_description is .*cartpole\.urdf \([0-9a-f]{12}\)/],
    [
      'differs in a comment alone',
      () => changed('<robot', '<!-- by xacro --><robot'),
      /differs from .*cartpole\.urdf in nothing that gate and contract read .*; the file is used/,
    ],
  ])('goes by the folder where the description %s', async (_what, text, said) => {
    publish(text());
    const { code, stderr } = await run('--robot', folder);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/not under control within 1 s/); // there is no robot
    expect(code).toBe(4);
  });

  it('refuses a description of another robot: exit code 3', async () => {
    publish(other());
    const { code, stderr } = await run('--robot', folder);
    expect(stderr).toMatch(
      /describes another robot than .*cartpole\.urdf:\n {2}- joints\.slider\.dynamics\.damping: 0\.2, not 0\.1\n/,
    );
    expect(code).toBe(3);
  });

  it('goes by it where told so, with a policy that was trained for it: exit code 3', async () => {
    publish(other());
    const { code, stderr } = await run('--robot', folder, '--take-description');
    expect(stderr).toMatch(/the URDF is that of \/arm\/robot_description/);
    expect(stderr).toMatch(/was not trained for this robot:/);
    expect(code).toBe(3);
  });

  it('refuses what is no URDF, and one without the joints of robot.yaml: exit code 2', async () => {
    publish('<sdf version="1.9"/>');
    const { code, stderr } = await run('--robot', folder);
    expect(stderr).toMatch(/\/arm\/robot_description:1: root element is <sdf>/);
    expect(code).toBe(2);
    publishers.pop()!.close();
    publish(urdf.replaceAll('"slider"', '"carriage"'));
    const bare = await run('--robot', bareFolder());
    expect(bare.stderr).toMatch(
      /with the URDF of \/arm\/robot_description: joint 'slider' in .*bare\/robot\.yaml:\d+: .* no joint of the URDF/,
    );
    expect(bare.code).toBe(2);
  });
});

describe('teleop', () => {
  const teleop = (robot: string, text: string, ...args: string[]) => {
    const file = path.join(copies, 'params.yaml');
    writeFileSync(file, `/**:\n  ros__parameters:\n    robot_description: ${JSON.stringify(text)}\n`);
    return start(
      'teleop',
      '--robot',
      robot,
      '--port',
      path.join(copies, 'port'),
      ...args,
      '--ros-args',
      '--params-file',
      file,
    );
  };

  it('takes the URDF from the parameter robot_description', async () => {
    const bridge = teleop(bareFolder(), urdf, '--record', '--runs', path.join(copies, 'runs'));
    await bridge.says(/the URDF is that of parameter robot_description/);
    await bridge.says(/started guard/);
    bridge.kill('SIGINT');
    expect((await bridge.ended).code, bridge.stderr).toBe(130);
    const [run = ''] = readdirSync(path.join(copies, 'runs'));
    const kept = path.join(copies, 'runs', run, 'robot');
    expect(loadRobot(path.join(kept, readdirSync(kept)[0]!)).model.urdf).toBe(urdf);
  });

  it('refuses another robot there: exit code 3; and a topic besides: exit code 2', async () => {
    const refused = await teleop(folder, other()).ended;
    expect(refused.stderr).toMatch(/the URDF of parameter robot_description describes another robot/);
    expect(refused.code).toBe(3);
    const both = await teleop(folder, urdf, '--robot-description').ended;
    expect(both.stderr).toMatch(/both give a URDF; leave one of them out/);
    expect(both.code).toBe(2);
  });
});
