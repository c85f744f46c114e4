/** What a guard does about faults around it, over the real wire and sockets: who else is there, and what it says to people. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NS_PER_S, systemClock } from '../../../src/core/index.js';
import {
  DIAGNOSTICS_QOS,
  DIAGNOSTIC_LEVEL,
  SENSOR_QOS,
  STATUS_QOS,
  rosTime,
  type DiagnosticArray,
  type DiagnosticStatus,
  type JointState,
  type RtpsMiddleware,
} from '../../../src/io/ros/index.js';
import { loadRobot, type Robot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';
import { GuardRig, call, commandsOn, type StartedGuard } from './guard-rig.js';

const { warn } = DIAGNOSTIC_LEVEL;
const STATE_PERIOD_MS = 50;

let rig: GuardRig;
let observer: RtpsMiddleware;
let robot: Robot;
let started: StartedGuard;
let status: DiagnosticStatus | undefined;
let diagnosis: DiagnosticStatus | undefined;

beforeEach(async () => {
  rig = new GuardRig(81);
  robot = loadRobot(rig.folder);
  observer = await rig.node('observer');
  status = diagnosis = undefined;
  observer.createSubscription<DiagnosticStatus>(
    '/bridge/status',
    'diagnostic_msgs/msg/DiagnosticStatus',
    STATUS_QOS,
    (message) => (status = message),
  );
  observer.createSubscription<DiagnosticArray>(
    '/diagnostics',
    'diagnostic_msgs/msg/DiagnosticArray',
    DIAGNOSTICS_QOS,
    (message) => (diagnosis = message.status[0]),
  );
  started = await rig.startGuard(robot);
});
afterEach(() => rig.close());

const told = (kind: string) => started.events.filter((event) => event.kind === kind);

/** Asks until it is granted, since discovery and proof of life take their time. */
async function engage(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await call(observer, 'engage')).success) return;
    await sleep(50);
  }
  throw new Error(`not engaged: ${(await call(observer, 'engage')).message}`);
}

/** A robot at rest, from a node of its own. @param offsetS of its stamps; null: it does not stamp */
async function states(name: string, offsetS: number | null = 0): Promise<{ close(): void }> {
  const node = await rig.node(name);
  const publisher = node.createPublisher<JointState>(
    robot.config.stateTopic,
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
  );
  const count = robot.model.measured.length;
  const timer = setInterval(() => {
    const stamp =
      offsetS === null ? { sec: 0, nanosec: 0 } : rosTime(systemClock.wallNs() + BigInt(offsetS) * NS_PER_S);
    publisher.publish({
      header: { stamp, frame_id: '' },
      name: [...robot.model.measured],
      position: new Array<number>(count).fill(0),
      velocity: new Array<number>(count).fill(0),
      effort: [],
    });
  }, STATE_PERIOD_MS);
  const close = (): void => {
    clearInterval(timer);
    publisher.close();
  };
  rig.onClose(() => clearInterval(timer));
  return { close };
}

describe('joint states', () => {
  it('of two publishers are warned of, and nobody is engaged until one is left', async () => {
    commandsOn(observer, robot);
    await rig.startAgent(() => 0);
    await states('driver');
    const other = await states('other_driver');
    const warning = /2 publishers are on \/joint_states, one is wanted/;
    await until(() => warning.test(status?.message ?? ''), 'the warning in ~/status');
    expect(status!.level).toBe(warn);
    await until(() => warning.test(diagnosis?.message ?? ''), 'the warning in /diagnostics');
    expect(diagnosis!.level).toBe(warn);
    await until(() => told('connected').some(({ detail }) => detail['role'] === 'agent'), 'the agent');
    const refused = await call(observer, 'engage');
    expect(refused.success).toBe(false);
    expect(refused.message).toMatch(warning);
    expect(told('state-source')[0]!.detail['why']).toMatch(warning);

    other.close();
    await until(() => !warning.test(status!.message), 'the end of the warning');
    expect(told('state-source').at(-1)!.detail['over']).toMatch(warning);
    await engage();
  });

  it.each([
    [-10, 'past'],
    [10, 'future'],
  ])('stamped %s s from now are used, and the clocks are warned of', async (offset, where) => {
    commandsOn(observer, robot);
    await rig.startAgent(() => 0);
    await states('driver', offset);
    const warning = new RegExp(
      `stamped (9|10)[.0-9]* s in the ${where} .*; check the clocks of both machines`,
    );
    await until(() => warning.test(status?.message ?? ''), 'the warning in ~/status');
    expect(status!.level).toBe(warn);
    await until(() => warning.test(diagnosis?.message ?? ''), 'the warning in /diagnostics');
    await engage();
    expect(told('state-source')).toHaveLength(1);
  });

  it('that are not stamped are told of once, and no warning', async () => {
    commandsOn(observer, robot);
    await rig.startAgent(() => 0);
    await states('driver', null);
    await until(() => told('state-source').length > 0, 'the note');
    await engage();
    await until(() => status?.level === DIAGNOSTIC_LEVEL.ok, 'the level of the status');
    await sleep(5 * STATE_PERIOD_MS);
    const notes = told('state-source').map(({ detail }) => detail);
    expect(notes).toEqual([{ note: 'joint states on /joint_states carry no stamps; none are needed here' }]);
  });
});

describe('a second agent', () => {
  it('is turned away while the first is there, and moves nothing; later it drives by a new engage only', async () => {
    const wire = commandsOn(observer, robot);
    await states('driver');
    const first = await rig.startAgent(() => 0);
    await engage();
    const second = await rig.startAgent(() => 0.5);
    let turnedAway = false;
    second.onClose = () => (turnedAway = true);
    await until(() => turnedAway, 'the refusal');
    expect(told('agent-refused')[0]!.detail['why']).toMatch(/an agent is connected already/);
    expect(told('disengaged')).toEqual([]);
    await sleep(5 * STATE_PERIOD_MS);
    expect(wire.every((command) => command === 0)).toBe(true);

    first.destroy();
    await until(() => told('disengaged').length > 0, 'the end of authority');
    await rig.startAgent(() => 0.5);
    await until(
      () => told('connected').filter(({ detail }) => detail['role'] === 'agent').length === 2,
      'it',
    );
    await sleep(10 * STATE_PERIOD_MS); // it has shown itself alive
    expect(wire.every((command) => command === 0)).toBe(true);
    await engage();
    await until(() => wire.at(-1)! > 0, 'motion');
  });
});

describe('~/engage while a fault is latched', () => {
  it('names the fault and what clears it, whatever else is missing', async () => {
    await states('driver');
    await until(() => status !== undefined, 'the status');
    expect((await call(observer, 'engage')).message).toMatch(/nobody listens on/); // nothing is there yet
    await call(observer, 'estop');
    const latched = 'latched: e-stop pressed; cleared by: release the e-stop, then reset, at rest';
    expect(await call(observer, 'engage')).toEqual({ success: false, message: latched });
    await until(() => told('waiting').at(-1)?.detail['why'] === latched, 'the same for who waits');
    expect((await call(observer, 'reset')).success).toBe(true);
    expect((await call(observer, 'engage')).message).toMatch(/nobody listens on/);
  });
});
