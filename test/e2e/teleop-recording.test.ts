/** An operator's driving alone in one MCAP file, and the gate run again on it; twin, bridge, operator and replay are processes each. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { findRobot } from '../../src/robot/index.js';
import { JogSender } from './jog-sender.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '100' };
const COMMANDS = '/velocity_controller/commands';
const JOG = '/dynabridge/joint_jog';
const soon = { timeout: 20_000 };

interface TeleopResult {
  readonly run: string;
  readonly recording: string;
  readonly times: number;
}
interface ReplayResult {
  readonly differences: number;
  readonly lost: number;
  readonly commands: number;
}
interface Bag {
  readonly rosbag2_bagfile_information: {
    readonly topics_with_message_count: readonly {
      readonly topic_metadata: { readonly name: string; readonly type: string };
      readonly message_count: number;
    }[];
  };
}

describe('teleop --record-wire', () => {
  let folder: string;
  let robot: string;
  const started: { kill(signal: NodeJS.Signals): void }[] = [];
  function start(...args: string[]): Dynabridge {
    const one = new Dynabridge(args, env);
    started.push(one);
    return one;
  }
  const teleop = (...args: string[]): Dynabridge =>
    start('teleop', '--robot', robot, '--runs', path.join(folder, 'runs'), '--json', ...args);

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-teleop-recording-'));
    robot = path.join(folder, 'cartpole');
    cpSync(findRobot('cartpole'), robot, { recursive: true });
    const yaml = path.join(robot, 'robot.yaml');
    const text = readFileSync(yaml, 'utf8').replace(/state_timeout_ms: .*/, 'state_timeout_ms: 1000');
    writeFileSync(yaml, text);
    appendFileSync(yaml, '\nteleop: {joint_jog: true}\n');
  });
  afterEach(() => {
    for (const one of started.splice(0)) one.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('writes what the operator asks for and what the gate made of it, which replays without a difference', async () => {
    start('twin', '--robot', robot);
    const bridge = teleop('--record-wire');
    await bridge.says(/waiting: nobody publishes on \/dynabridge\/joint_jog/);
    const operator = new JogSender('slider', env);
    started.push(operator);
    const granted = async () => {
      operator.request(true);
      await sleep(200);
      return operator.stdout;
    };
    await expect.poll(granted, soon).toContain('true the operator drives');
    operator.jog(0.3);
    await sleep(1_000);
    operator.jog(0);
    await sleep(500);
    bridge.kill('SIGINT');
    const { code, stdout, stderr } = await bridge.ended;
    expect(code, stderr).toBe(130);
    const { run, recording, times } = JSON.parse(stdout) as TeleopResult;
    expect(path.dirname(path.dirname(recording))).toBe(path.join(run, 'recordings'));
    expect(times).toBeGreaterThanOrEqual(1);

    const bag = parseYaml(readFileSync(path.join(path.dirname(recording), 'metadata.yaml'), 'utf8')) as Bag;
    const topics = new Map(
      bag.rosbag2_bagfile_information.topics_with_message_count.map((topic) => [
        topic.topic_metadata.name,
        topic,
      ]),
    );
    expect(topics.get(JOG)!.topic_metadata.type).toBe('control_msgs/msg/JointJog');
    expect(topics.get(JOG)!.message_count).toBeGreaterThan(20);
    expect(topics.get('/joint_states')!.message_count).toBeGreaterThan(20);
    expect(topics.get(COMMANDS)!.message_count).toBeGreaterThan(20);

    const replayed = await start('replay', recording, '--json').ended;
    expect(replayed.code, replayed.stderr).toBe(0);
    const result = JSON.parse(replayed.stdout) as ReplayResult;
    expect(result).toMatchObject({ differences: 0, lost: 0 });
    expect(result.commands).toBeGreaterThan(20);
  });

  it('refuses a file that is there, before a run is made for it', async () => {
    const file = path.join(folder, 'there.mcap');
    writeFileSync(file, 'mine');
    const { code, stderr } = await teleop('--record-wire', file).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/--record-wire .*there\.mcap: is there already/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(existsSync(path.join(folder, 'runs'))).toBe(false);
  });
});
