/** The guard as a ROS 2 engineer sees it: a managed node with parameters. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Middleware } from '../../../src/io/ros/index.js';
import { loadRobot, type Robot } from '../../../src/robot/index.js';
import { GuardRig, commandsOn } from './guard-rig.js';
import { until } from '../io/rtps/participants.js';

const NODE = { nodeName: 'bridge', namespace: '/', remaps: [] } as const;
/** [m/s], of the cartpole's slider */
const MAX_VELOCITY = 2;

let rig: GuardRig;
let robot: Robot;
let middleware: Middleware;
beforeEach(async () => {
  rig = new GuardRig(91);
  robot = loadRobot(rig.folder);
  middleware = await rig.node('operator');
});
afterEach(() => rig.close());

async function ask<T>(service: string, type: string, request: object): Promise<T> {
  const client = middleware.createClient<object, T>(`/bridge/${service}`, type);
  const reply = await client.call(request, 10_000);
  client.close();
  return reply;
}

async function change(label: string): Promise<boolean> {
  const request = { transition: { id: 0, label } };
  return (await ask<{ success: boolean }>('change_state', 'lifecycle_msgs/srv/ChangeState', request)).success;
}

async function state(): Promise<string> {
  const reply = await ask<{ current_state: { label: string } }>(
    'get_state',
    'lifecycle_msgs/srv/GetState',
    {},
  );
  return reply.current_state.label;
}

async function set(name: string, value: number): Promise<string> {
  const none = {
    bool_value: false,
    integer_value: 0n,
    string_value: '',
    byte_array_value: [],
    bool_array_value: [],
    integer_array_value: [],
    double_array_value: [],
    string_array_value: [],
  };
  const parameters = [{ name, value: { ...none, type: 3, double_value: value } }];
  const { results } = await ask<{ results: { reason: string }[] }>(
    'set_parameters',
    'rcl_interfaces/srv/SetParameters',
    { parameters },
  );
  return results[0]!.reason;
}

it('moves nothing before it is activated, holds then, and is silent again once it is deactivated', async () => {
  const twin = await rig.startTwin();
  const started = await rig.startGuard(robot, { managed: true });
  await rig.startAgent(() => MAX_VELOCITY);
  await rig.joinAs('recorder');
  const wire = commandsOn(await rig.node('witness'), robot);
  expect(await state()).toBe('unconfigured');
  expect(await trigger('engage')).toMatch(/unconfigured; go on with: ros2 lifecycle set \/bridge configure/);
  expect(await change('activate')).toBe(false);
  expect(await change('configure')).toBe(true);
  await expect
    .poll(() => trigger('engage'), { timeout: 10_000 })
    .toMatch(/the node is inactive; go on with: ros2 lifecycle set \/bridge activate/);
  expect(await trigger('release')).toMatch(
    /the node is inactive; go on with: ros2 lifecycle set \/bridge activate/,
  );
  expect(wire).toEqual([]);

  await expect.poll(() => change('activate'), { timeout: 10_000 }).toBe(true);
  await until(() => wire.length > 3, 'commands that hold');
  expect(wire.every((velocity) => Math.abs(velocity) < 0.05)).toBe(true);
  await expect.poll(() => trigger('engage'), { timeout: 10_000 }).toBe('now active');
  await until(() => Math.max(...wire) > 0.3, 'motion');
  expect(await change('cleanup')).toBe(false);

  expect(await change('deactivate')).toBe(true);
  expect(await state()).toBe('inactive');
  expect(wire.at(-1)).toBe(0);
  const sent = wire.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(wire).toHaveLength(sent);
  expect(await trigger('engage')).toMatch(/the node is inactive/);
  expect(await change('cleanup')).toBe(true);
  expect(await state()).toBe('unconfigured');
  expect(await change('shutdown')).toBe(true);
  expect(started.finished).toBe(true);
  expect(twin.summary.violationList).toEqual([]);
  const refused = started.events
    .filter(({ kind }) => kind === 'lifecycle-refused')
    .map(({ detail }) => detail['why']);
  expect(refused).toEqual([
    "there is no transition 'activate' from 'unconfigured'",
    "there is no transition 'cleanup' from 'active'",
  ]);
});

it('that nobody manages is inactive, is activated by whoever engages, and can be shut down in motion', async () => {
  const twin = await rig.startTwin();
  const started = await rig.startGuard(robot);
  await rig.startAgent(() => MAX_VELOCITY);
  const wire = commandsOn(await rig.node('witness'), robot);
  expect(await state()).toBe('inactive');
  await expect.poll(() => trigger('engage'), { timeout: 10_000 }).toBe('now active');
  expect(await state()).toBe('active');
  await until(() => Math.max(...wire) > 0.3, 'motion');
  expect(await change('shutdown')).toBe(true);
  expect(started.finished).toBe(true);
  expect(wire.at(-1)).toBe(0);
  expect(twin.summary.violationList).toEqual([]);
});

it('slows down by a parameter at any time, and speeds up only while nobody drives', async () => {
  const twin = await rig.startTwin();
  const started = await rig.startGuard(robot, { node: { ...NODE, parameters: { velocity_scale: 0.5 } } });
  let sign = 1;
  await rig.startAgent(() => sign * MAX_VELOCITY);
  const turning = setInterval(() => (sign = -sign), 500);
  rig.onClose(() => clearInterval(turning));
  const wire = commandsOn(await rig.node('witness'), robot);
  await expect.poll(() => trigger('engage'), { timeout: 10_000 }).toBe('now active');
  const fastest = (from = 0) => Math.max(...wire.slice(from).map(Math.abs));
  await until(() => fastest() > 0.49 * MAX_VELOCITY, 'half the speed');
  expect(await set('velocity_scale', 0.25)).toBe('');
  await until(() => Math.abs(wire.at(-1)!) < 0.26 * MAX_VELOCITY, 'a quarter of the speed');
  const slower = wire.length;
  expect(await set('velocity_scale', 1)).toMatch(/raised from 0.25 only while nobody drives; release first/);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(fastest(slower)).toBeLessThanOrEqual(0.25 * MAX_VELOCITY * (1 + 1e-9));
  expect(fastest(slower)).toBeGreaterThan(0.24 * MAX_VELOCITY);
  expect(fastest()).toBeLessThanOrEqual(0.5 * MAX_VELOCITY * (1 + 1e-9));
  expect(await trigger('release')).toBe('now holding');
  expect(await set('velocity_scale', 1)).toBe('');
  expect(twin.summary.violationList).toEqual([]);
  const told = started.events
    .filter(({ kind }) => kind === 'velocity-scale')
    .map(({ detail }) => detail['velocityScale']);
  expect(told).toEqual([0.5, 0.25, 1]);
});

it.each([
  [{ velocity_scale: 0 }, /'velocity_scale': it is 0, expected within \[0.01, 1\]/],
  [{ velocity_scale: 'fast' }, /'velocity_scale': it is "fast", expected a finite number/],
  [{ state_timeout_ms: 5 }, /'state_timeout_ms': it is read-only and 500, as robot.yaml/],
  [{ speed: 1 }, /parameter 'speed' is not known/],
])('refuses to start with %j', async (parameters, message) => {
  await expect(rig.startGuard(robot, { node: { ...NODE, parameters } })).rejects.toThrow(message);
});

async function trigger(service: string): Promise<string> {
  return (await ask<{ message: string }>(service, 'std_srvs/srv/Trigger', {})).message;
}
