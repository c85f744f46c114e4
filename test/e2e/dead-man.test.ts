/** A bridge that is killed as a whole, in motion: twin, dead-man and the bridge's own are processes each. The twin is the witness. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import { SENSOR_QOS, createMiddleware, type Middleware } from '../../src/io/ros/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75' };
const FROM = '/dynabridge/commands';
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
const soon = { timeout: 20_000 };

let scratch: ScratchBridge;
let middleware: Middleware;
let position = NaN;
let velocity = NaN;
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const one = new Dynabridge([...args, '--json'], env);
  started.push(one);
  return one;
}

/** The robot as the bridge has it: the same, but for the topic of its commands. */
function behindDeadMan(): string {
  const folder = path.join(scratch.folder, 'behind', 'cartpole');
  cpSync(scratch.robot.folder, folder, { recursive: true });
  const yaml = path.join(folder, 'robot.yaml');
  writeFileSync(yaml, readFileSync(yaml, 'utf8').replace(/command_topic: .*/, `command_topic: ${FROM}`));
  return folder;
}

beforeAll(async () => {
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription('/joint_states', 'sensor_msgs/msg/JointState', SENSOR_QOS, (message) => {
    const slider = message.name.indexOf('slider');
    position = message.position[slider]!;
    velocity = message.velocity[slider]!;
  });
});
beforeEach(() => {
  scratch = new ScratchBridge(100, { policyRateHz: 25, policy: 'shuttle', stateTimeoutMs: 1000 });
});
afterEach(async () => {
  for (const one of started.splice(0)) {
    one.kill('SIGKILL');
    await one.ended;
  }
  scratch.dispose();
  velocity = NaN;
});
afterAll(() => middleware.close());

/** All of the bridge at once, its supervisor first, while the robot moves and has a way to go: half a metre takes 0.6 s. */
async function killInMotion(bridge: Dynabridge): Promise<void> {
  const pids = (await bridge.says(/started (.*)/))[1]!.match(/\d+/g)!.map(Number);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  await bridge.says(/engaged: the agent drives/);
  const often = { ...soon, interval: 10 };
  await expect.poll(() => Math.abs(velocity) > 0.5 && Math.abs(position) < 0.4, often).toBe(true);
  bridge.kill('SIGKILL');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

describe('a bridge that is killed as a whole', () => {
  it('leaves a robot behind a dead-man at rest, within its limits', async () => {
    const { folder, config } = scratch.robot;
    const own = behindDeadMan();
    const robot = start('twin', '--robot', folder);
    const deadMan = start('dead-man', '--robot', own, '--to', config.commandTopic);
    const bridge = start('run', '--robot', own, '--run', scratch.run.path);
    await killInMotion(bridge);
    await deadMan.says(/stopping: no command for 200 ms/);
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    await deadMan.says(/at rest/);
    await sleep(300);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    deadMan.kill('SIGINT');
    const { code, stdout } = await deadMan.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ dropped: 0, stops: 1 });
    robot.kill('SIGINT');
    const seen = JSON.parse((await robot.ended).stdout) as TwinSummary;
    expect(seen.violationList).toEqual([]);
    expect(seen.commands).toBeGreaterThan(10);
  });

  it('leaves a robot without one in motion', async () => {
    const { folder } = scratch.robot;
    start('twin', '--robot', folder);
    await killInMotion(start('run', '--robot', folder, '--run', scratch.run.path));
    await sleep(400); // beyond the dead-man's patience and its ramp
    expect(Math.abs(velocity)).toBeGreaterThan(AT_REST);
  });
});

it.each([
  [['--to', FROM], /commands would come from and go to/],
  [['--to', '/controller/commands', '--timeout', '5'], /less than 3 control periods; write 30 or more/],
  [[], /--to/],
])('a dead-man with %j is refused', async (args, why) => {
  const { code, stderr } = await start('dead-man', '--robot', behindDeadMan(), ...args).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(why);
});
