/** An operator on the network, with and beside a policy: bridge, twin and operator are processes each. The twin is the witness. */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import { SENSOR_QOS, createMiddleware, type JointState, type Middleware } from '../../src/io/ros/index.js';
import { JogSender } from './jog-sender.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75' };
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
const soon = { timeout: 20_000 };

let scratch: ScratchBridge;
let middleware: Middleware;
let velocity = NaN;
const started: { kill(signal: NodeJS.Signals): void }[] = [];

function start(...args: string[]): Dynabridge {
  const one = new Dynabridge([...args, '--robot', scratch.robot.folder, '--json'], env);
  started.push(one);
  return one;
}
function operator(): JogSender {
  const one = new JogSender('slider', env);
  started.push(one);
  return one;
}

/** Asks until it is granted: a busy machine has messages late. */
async function takeOver(sender: JogSender): Promise<void> {
  const granted = async () => {
    sender.request(true);
    await sleep(200);
    return sender.stdout;
  };
  await expect.poll(granted, soon).toContain('true the operator drives');
}
/** Asks for motion until it is there, and for authority again where messages were late. */
async function drive(sender: JogSender, bridge: Dynabridge, asked: number): Promise<void> {
  const speed = async () => {
    if (/teleop: event (?!.*teleop: event )(\w+)/s.exec(bridge.stderr)?.[1] === 'lost') {
      sender.jog(0);
      await sleep(200);
      sender.request(true);
      await sleep(200);
    }
    sender.jog(asked);
    return velocity / asked;
  };
  await expect.poll(speed, { ...soon, interval: 200 }).toBeGreaterThan(0.6);
}
const atRest = () => expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);

async function endsWell(bridge: Dynabridge, robot: Dynabridge): Promise<void> {
  bridge.kill('SIGINT');
  expect((await bridge.ended).code).toBe(130);
  robot.kill('SIGINT');
  expect((JSON.parse((await robot.ended).stdout) as TwinSummary).violationList).toEqual([]);
}

beforeAll(async () => {
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription<JointState>(
    '/joint_states',
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
    (message) => {
      velocity = message.velocity[message.name.indexOf('slider')]!;
    },
  );
});
beforeEach(() => {
  scratch = new ScratchBridge(100, { policyRateHz: 25, policy: 'shuttle', stateTimeoutMs: 1000 });
});
afterEach(() => {
  for (const one of started.splice(0)) one.kill('SIGKILL');
  scratch.dispose();
  velocity = NaN;
});
afterAll(() => middleware.close());

describe('an operator on the network', () => {
  it('is there only where robot.yaml says so', async () => {
    const { code, stderr } = await start('teleop').ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/give --port, or write teleop: \{joint_jog: true\} in robot\.yaml/);
  });

  it('drives without a policy or a device; the robot rests when the operator is killed in motion', async () => {
    appendFileSync(path.join(scratch.robot.folder, 'robot.yaml'), '\nteleop: {joint_jog: true}\n');
    const robot = start('twin');
    const bridge = start('teleop');
    await bridge.says(/waiting: nobody publishes on \/dynabridge\/joint_jog/);
    const sender = operator();
    await bridge.says(/waiting: the operator on \/dynabridge\/joint_jog has not called .*request_teleop/);
    await takeOver(sender);
    await bridge.says(/teleop: event taken, by joint_jog/);
    await drive(sender, bridge, 0.3);
    sender.kill();
    await bridge.says(/teleop: event lost, by joint_jog/);
    await atRest();
    await endsWell(bridge, robot);
  });

  it('takes over from the agent; its silence does not give the robot back', async () => {
    appendFileSync(path.join(scratch.robot.folder, 'robot.yaml'), '\nteleop: {joint_jog: true}\n');
    const robot = start('twin');
    const bridge = start('run', '--run', scratch.run.path);
    await bridge.says(/engaged: the agent drives/);
    await expect.poll(() => Math.abs(velocity), soon).toBeGreaterThan(AT_REST);
    const sender = operator();
    await takeOver(sender);
    await bridge.says(/disengaged: reason the operator took over/);
    await drive(sender, bridge, -0.3);
    sender.kill();
    await bridge.says(/teleop: event lost/);
    await atRest();
    await sleep(500);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    await endsWell(bridge, robot);
  });
});
