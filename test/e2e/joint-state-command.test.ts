/** Commands as joint states: bridge and twin are processes each. The twin is the witness. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import {
  COMMAND_QOS,
  SENSOR_QOS,
  createMiddleware,
  type JointState,
  type Middleware,
} from '../../src/io/ros/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75' };
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
const soon = { timeout: 20_000 };

let scratch: ScratchBridge;
let middleware: Middleware;
let velocity = NaN;
const commands: JointState[] = [];
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const one = new Dynabridge([...args, '--robot', scratch.robot.folder, '--json'], env);
  started.push(one);
  return one;
}

beforeAll(async () => {
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription('/joint_states', 'sensor_msgs/msg/JointState', SENSOR_QOS, (message) => {
    velocity = message.velocity[message.name.indexOf('slider')]!;
  });
});
beforeEach(() => {
  scratch = new ScratchBridge(100, { policyRateHz: 25, policy: 'shuttle', stateTimeoutMs: 1000 });
  const yaml = path.join(scratch.robot.folder, 'robot.yaml');
  const text = readFileSync(yaml, 'utf8');
  writeFileSync(
    yaml,
    text.replace(/command_message_type: .*/, 'command_message_type: sensor_msgs/msg/JointState'),
  );
  const { commandTopic } = scratch.robot.config;
  middleware.createSubscription(commandTopic, 'sensor_msgs/msg/JointState', COMMAND_QOS, (message) =>
    commands.push(message),
  );
});
afterEach(async () => {
  for (const one of started.splice(0)) {
    one.kill('SIGKILL');
    await one.ended;
  }
  scratch.dispose();
});
afterAll(() => middleware.close());

describe('commands as joint states', () => {
  it('drive the robot within limits, and bring it to rest when the guard is killed', async () => {
    const robot = start('twin');
    const bridge = start('run', '--run', scratch.run.path);
    const guard = Number((await bridge.says(/guard (\d+)/))[1]);
    await bridge.says(/engaged: the agent drives/);
    await expect.poll(() => Math.abs(velocity), soon).toBeGreaterThan(0.3);
    process.kill(guard, 'SIGKILL');
    expect((await bridge.ended).code).toBe(5);
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    robot.kill('SIGINT');
    const seen = JSON.parse((await robot.ended).stdout) as TwinSummary;
    expect(seen.violationList).toEqual([]);
    expect(seen).toMatchObject({ rejectedCommands: 0 });
    expect(seen.commands).toBeGreaterThan(10);
    const { name, position, velocity: values, effort } = commands.at(-1)!;
    expect({ name, position: position.length, effort: effort.length }).toEqual({
      name: ['slider'],
      position: 0,
      effort: 0,
    });
    expect(values[0]).toBe(0);
  });
});
