/**
 * An operator at a serial device beside a running agent: the C firmware library on a pseudo-terminal, `dynabridge run` and the twin in
 * processes of their own. The twin is the witness.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import {
  SENSOR_QOS,
  createMiddleware,
  type JointState,
  type Middleware,
  type TriggerResponse,
} from '../../src/io/ros/index.js';
import { compileDevice, HostDevice, missingTools, PortPair } from '../conformance/operator-device.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '74' };
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
/** of full deflection */
const RIGHT = 'stick 1 1 100 32767';
const [ENABLED, RELEASED, DEFLECTED_RELEASED] = ['stick 1 1 100 0', 'stick 1 0 100 0', 'stick 1 0 100 32767'];
/** with the number of the stop */
const LATCHED = /^status 3 1 \d+ (\d+)$/;
const missing = missingTools();

describe.skipIf(missing !== undefined)(`teleoperation${missing ? `: ${missing}` : ''}`, () => {
  let scratch: ScratchBridge;
  let middleware: Middleware;
  let program: string;
  let ports: PortPair;
  let device: HostDevice;
  let robot: Dynabridge;
  let bridge: Dynabridge;
  let velocity = NaN;

  beforeAll(async () => {
    program = compileDevice();
    scratch = new ScratchBridge(100, { stateTimeoutMs: 1000 }); // no test of joint states that are late
    appendFileSync(path.join(scratch.robot.folder, 'robot.yaml'), '\nteleop: {may_engage: true}\n');
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
  beforeEach(async () => {
    ports = await PortPair.open();
    device = new HostDevice(program, ports.device, ['slider']);
    const { folder } = scratch.robot;
    robot = new Dynabridge(['twin', '--robot', folder, '--json'], env);
    const more = ['--teleop-port', ports.bridge, '--json'];
    bridge = new Dynabridge(['run', '--robot', folder, '--run', scratch.run.path, ...more], env);
    await bridge.says(/teleop-linked/);
    await bridge.says(/engaged: the agent drives/);
    await expect.poll(() => Math.abs(velocity), { timeout: 10_000 }).toBeGreaterThan(AT_REST);
  });
  afterEach(async () => {
    for (const one of [bridge, robot]) one.kill('SIGKILL');
    await device.stop();
    ports.unplug();
    await Promise.all([bridge.ended, robot.ended]);
  });
  afterAll(async () => {
    await middleware.close();
    scratch.dispose();
  });

  const status = () => device.events.findLast((line) => line.startsWith('status'));
  const atRest = () => expect.poll(() => Math.abs(velocity), { timeout: 5000 }).toBeLessThan(AT_REST);
  const stopNumber = () => LATCHED.exec(device.events.findLast((event) => LATCHED.test(event))!)![1];
  async function takeOver(): Promise<void> {
    device.order(RELEASED);
    await sleep(100);
    device.order(ENABLED);
    await bridge.says(/teleop: event taken/);
  }
  /** Nothing was out of limits at the twin, and the bridge ended as it should. */
  async function endsWell(): Promise<void> {
    bridge.kill('SIGINT');
    const { code, stdout } = await bridge.ended;
    expect((JSON.parse(stdout.split('\n')[0]!) as { end: string }).end).toBe('clean');
    expect(code).toBe(130);
    robot.kill('SIGINT');
    const seen = JSON.parse((await robot.ended).stdout) as TwinSummary;
    expect(seen.violationList).toEqual([]);
  }

  it('takes over from the agent, drives, and leads to hold when it is released; the agent comes back by request only', async () => {
    await takeOver();
    await bridge.says(/disengaged: reason the operator took over/);
    await atRest();
    device.order(RIGHT);
    await expect.poll(() => velocity, { timeout: 5000 }).toBeGreaterThan(AT_REST);
    await expect.poll(status).toMatch(/^status 1 0/);
    device.order(DEFLECTED_RELEASED);
    await bridge.says(/teleop: event released/);
    await atRest();
    await sleep(500);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST); // nor the agent's, nor the deflected stick's
    await expect.poll(status).toMatch(/^status 0 0/);
    const engage = middleware.createClient<object, TriggerResponse>(
      '/dynabridge/engage',
      'std_srvs/srv/Trigger',
    );
    expect(await engage.call({}, 5000)).toMatchObject({ success: true });
    await expect.poll(status).toMatch(/^status 2 0/);
    await endsWell();
  });

  it('lets the device engage the agent where robot.yaml says so, as ~/engage does: not while the operator drives, nor by itself', async () => {
    await takeOver();
    device.order('mode 2');
    await expect
      .poll(() => device.events)
      .toContainEqual(expect.stringMatching(/^mode 2 4 the operator has/));
    device.order(RELEASED);
    await bridge.says(/teleop: event released/);
    await atRest();
    device.order('mode 2');
    await expect.poll(() => device.events).toContainEqual(expect.stringMatching(/^mode 2 0 /));
    await expect.poll(status).toMatch(/^status 2 0/);
    await expect.poll(() => Math.abs(velocity), { timeout: 10_000 }).toBeGreaterThan(AT_REST);
    device.order('mode 0');
    await expect.poll(status).toMatch(/^status 0 0/);
    await atRest();
    await sleep(300);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    expect(bridge.stderr.match(/teleop-mode/g)).toHaveLength(3);
    await endsWell();
  });

  it('is refused with a stick deflected, until the button is pressed anew with the sticks at rest', async () => {
    device.order(DEFLECTED_RELEASED);
    await sleep(100);
    device.order(RIGHT);
    await bridge.says(/teleop: event not-neutral/);
    device.order(ENABLED);
    await sleep(200);
    expect(bridge.stderr).not.toMatch(/event taken/);
    await takeOver();
    await endsWell();
  });

  it.each([
    ['the device falls silent', 'mute', /teleop: event lost/],
    ['the loop of the device hangs', 'hang', /teleop-lost: why stuck/],
    ['the device starts anew', 'restart', /teleop-lost: why restarted/],
  ])('holds, and does not give the robot back to the agent, when %s', async (_, order, said) => {
    await takeOver();
    device.order(RIGHT);
    await expect.poll(() => velocity, { timeout: 5000 }).toBeGreaterThan(AT_REST);
    device.order(order);
    await bridge.says(said);
    await atRest();
    await sleep(300);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    await endsWell();
  });

  it('holds when the cable is pulled', async () => {
    await takeOver();
    device.order(RIGHT);
    await expect.poll(() => velocity, { timeout: 5000 }).toBeGreaterThan(AT_REST);
    ports.unplug();
    await bridge.says(/teleop-lost: why closed/);
    await atRest();
    await endsWell();
  });

  it('is of use after a guard that hangs was fenced: a new one, latched until it is reset, and the agent stays out', async () => {
    const pid = Number(/guard (\d+)/.exec(bridge.stderr)![1]);
    process.kill(pid, 'SIGSTOP');
    await bridge.says(/guard-restarted/);
    await atRest();
    await expect.poll(status, { timeout: 10_000 }).toMatch(LATCHED);
    device.order(RELEASED);
    await sleep(100);
    device.order(ENABLED);
    await bridge.says(/event refused.*latched: the guard was started again: the guard was silent/);
    const engage = middleware.createClient<object, TriggerResponse>(
      '/dynabridge/engage',
      'std_srvs/srv/Trigger',
    );
    expect(await engage.call({}, 10_000)).toMatchObject({ success: false });
    device.order(`reset ${stopNumber()}`);
    await expect.poll(status).toMatch(/^status 0 0/);
    expect(await engage.call({}, 5000)).toMatchObject({ success: false }); // there is no agent any more
    await takeOver();
    device.order(RIGHT);
    await expect.poll(() => velocity, { timeout: 5000 }).toBeGreaterThan(AT_REST);
    bridge.kill('SIGINT');
    const { code, stdout } = await bridge.ended;
    expect(code).toBe(5);
    const result = JSON.parse(stdout.split('\n')[0]!) as { end: string; commands: number };
    expect(result).toMatchObject({ end: 'fenced', emergencyStop: { atRest: true } });
    expect(result.commands).toBeGreaterThan(10); // of the new guard
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    robot.kill('SIGINT');
    expect((JSON.parse((await robot.ended).stdout) as TwinSummary).violationList).toEqual([]);
  });

  it('stops the agent by its e-stop; a reset needs the number of the stop and leads to hold', async () => {
    device.order('estop 5');
    await bridge.says(/fault: check estop/);
    await atRest();
    await expect.poll(status).toMatch(LATCHED);
    device.order('reset 12345');
    await bridge.says(/reset-refused/);
    device.order(`reset ${stopNumber()}`);
    await expect.poll(status).toMatch(/^status 0 0/);
    await sleep(300);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    await takeOver();
    device.order(RIGHT);
    await expect.poll(() => velocity, { timeout: 5000 }).toBeGreaterThan(AT_REST);
    bridge.kill('SIGINT');
    await bridge.ended;
    robot.kill('SIGINT');
    expect((JSON.parse((await robot.ended).stdout) as TwinSummary).violationList).toEqual([]);
  });
});
