/** A guard, a simulated robot and an operator on the network, over the real wire. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DIAGNOSTICS_QOS,
  type DiagnosticArray,
  type JointJog,
  type Publisher,
  type RtpsMiddleware,
} from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';
import { GuardRig, call, commandsOn, type StartedGuard } from './guard-rig.js';

const RELIABLE = { reliability: 'reliable', durability: 'volatile', depth: 1 } as const;
const PERIOD_MS = 20;
/** [m/s]: max_velocity 2 by the scale of 0.3 */
const FASTEST = 0.6;

let rig: GuardRig;
let started: StartedGuard;
let observer: RtpsMiddleware;
let wire: number[];
let messages: Publisher<JointJog>;
/** what the operator asks for; null: nothing comes */
let asked: Partial<JointJog> | null;

async function setUp(): Promise<void> {
  rig = new GuardRig(84);
  rig.edit('robot.yaml', 'joints:', 'teleop: {joint_jog: true}\njoints:');
  const robot = loadRobot(rig.folder);
  await rig.startTwin();
  observer = await rig.node('observer');
  wire = commandsOn(observer, robot);
  started = await rig.startGuard(robot);
  const operator = await rig.node('operator');
  messages = operator.createPublisher('/bridge/joint_jog', 'control_msgs/msg/JointJog', RELIABLE);
  asked = { velocities: [0] };
  const timer = setInterval(() => asked && messages.publish(jog(asked)), PERIOD_MS);
  rig.onClose(() => clearInterval(timer));
  await until(() => messages.matched === 1, 'the guard to listen');
}
afterEach(() => rig.close());

function jog(more: Partial<JointJog>): JointJog {
  const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
  return { header, joint_names: ['slider'], displacements: [], velocities: [], duration: 0, ...more };
}

async function requestTeleop(data: boolean) {
  const client = observer.createClient('/bridge/request_teleop', 'std_srvs/srv/SetBool');
  const response = await client.call({ data }, 5_000);
  client.close();
  return response;
}

/** Asks until it is granted: states and messages may be late on a busy machine. */
async function takeOver(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    asked = { velocities: [0] };
    if ((await requestTeleop(true)).success) return;
    await sleep(100);
  }
  throw new Error('authority was never given');
}
const refused = (why: RegExp) =>
  expect.poll(async () => (await requestTeleop(true)).message, { timeout: 20_000 }).toMatch(why);
const told = (kind: string) =>
  started.events.filter((event) => event.kind === kind).map(({ detail }) => detail);
const teleop = (event: string) => told('teleop').filter((detail) => detail['event'] === event);
const newest = () => wire.at(-1)!;

/** Asks for motion until it is there; a busy machine may have had messages late, and authority is taken anew. */
async function drive(motion: Partial<JointJog>, isReached: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (told('teleop').at(-1)?.['event'] !== 'taken') await takeOver();
    asked = motion;
    await sleep(100);
    if (isReached()) return;
  }
  throw new Error(`never reached; the newest command is ${newest()}`);
}

describe('an operator on the network', () => {
  it('drives at the velocity asked for, up to the scale of the limit, and lets go by request', async () => {
    await setUp();
    await takeOver();
    expect(teleop('taken').at(-1)).toMatchObject({ by: 'joint_jog' });
    await drive({ velocities: [0.2], duration: 0.1 }, () => Math.abs(newest() - 0.2) < 1e-9);
    await drive({ velocities: [-9] }, () => Math.abs(newest() + FASTEST) < 1e-9);
    await drive({ velocities: [0.01] }, () => newest() === 0); // within the dead band
    await takeOver();
    expect((await requestTeleop(true)).message).toMatch(/drives already/);
    expect((await requestTeleop(false)).message).toBe('the operator has let go');
    await until(() => teleop('released').length > 0, 'the release');
    expect((await requestTeleop(false)).message).toBe('the operator did not drive');
    expect(Math.min(...wire)).toBeGreaterThanOrEqual(-FASTEST - 1e-9);
  }, 60_000);

  it('takes over from the agent by a request with no motion asked for only; silence holds, and nothing comes back by itself', async () => {
    await setUp();
    await rig.joinAs('recorder');
    await rig.startAgent(() => 0.3);
    const drives = async () => {
      for (let tries = 0; tries < 100 && !(await call(observer, 'engage')).success; tries++) await sleep(100);
      await until(() => Math.abs(newest() - 0.3) < 1e-9, 'the agent to drive');
    };
    asked = null;
    await drives();
    await refused(/^no usable message/);
    asked = { velocities: [0.2] };
    await refused(/^motion is asked for/);
    expect(teleop('taken')).toEqual([]);
    await takeOver();
    await drive({ velocities: [-0.2] }, () => newest() < -0.19);
    asked = null;
    await until(() => told('teleop').at(-1)?.['event'] === 'lost', 'the loss');
    await until(() => newest() === 0, 'rest');
    asked = { velocities: [-0.2] };
    const from = wire.length;
    await until(() => wire.length > from + 10, 'ten commands more');
    expect(wire.slice(from).every((value) => value === 0)).toBe(true); // neither the operator nor the agent
  }, 60_000);

  it('is not obeyed in what cannot be read, nor with two publishers; it is told once and counted', async () => {
    await setUp();
    let counted = '';
    observer.createSubscription<DiagnosticArray>(
      '/diagnostics',
      'diagnostic_msgs/msg/DiagnosticArray',
      DIAGNOSTICS_QOS,
      ({ status }) =>
        (counted = status[0]!.values.find(({ key }) => key === 'joint_jog dropped')?.value ?? ''),
    );
    await takeOver();
    asked = { displacements: [0.1], velocities: [] };
    await until(() => teleop('lost').length > 0, 'the loss');
    await until(() => Number(counted) > 1, 'the count');
    expect(told('joint-jog')).toHaveLength(1);
    expect(told('joint-jog')[0]!['why']).toMatch(/asks for displacements/);
    await takeOver();
    const losses = teleop('lost').length;
    const second = (await rig.node('second')).createPublisher(
      '/bridge/joint_jog',
      'control_msgs/msg/JointJog',
      RELIABLE,
    );
    await until(() => teleop('lost').length > losses, 'the loss');
    await refused(/^no usable message/);
    expect(told('joint-jog')[1]!['why']).toMatch(/2 publishers are on \/bridge\/joint_jog/);
    second.close();
    await takeOver();
  }, 60_000);
});
