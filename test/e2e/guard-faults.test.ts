/** What a guard does about faults around it, over the real wire and sockets: who else is there, and what it says to people. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NS_PER_S, systemClock, type Clock } from '../../src/core/index.js';
import type { GuardOptions } from '../../src/guard/guard-config.js';
import {
  DIAGNOSTICS_QOS,
  DIAGNOSTIC_LEVEL,
  SENSOR_QOS,
  STATUS_QOS,
  rosTime,
  type DiagnosticArray,
  type DiagnosticStatus,
  type JointState,
  type RosTime,
  type RtpsMiddleware,
  type RtpsMiddlewareOptions,
  type TriggerResponse,
} from '../../src/io/ros/index.js';
import { openUdpTransport } from '../../src/io/rtps/udp-transport.js';
import { loadRobot, type Robot } from '../../src/robot/index.js';
import { missingTools, openSimulatedDevice } from '../conformance/operator-device.js';
import { until } from '../unit/io/rtps/participants.js';
import { GuardRig, call, commandsOn, type StartedGuard } from '../unit/guard/guard-rig.js';

const { warn } = DIAGNOSTIC_LEVEL;
const STATE_PERIOD_MS = 50;

const missing = missingTools();

let rig: GuardRig;
let observer: RtpsMiddleware;
let robot: Robot;
let started: StartedGuard;
let status: DiagnosticStatus | undefined;
let diagnosis: DiagnosticStatus | undefined;

beforeEach(async () => {
  rig = new GuardRig(81);
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
});
/** @param more lines for robot.yaml */
async function start(more = '', options: Partial<GuardOptions> = {}): Promise<void> {
  appendFileSync(join(rig.folder, 'robot.yaml'), more);
  robot = loadRobot(rig.folder);
  started = await rig.startGuard(robot, options);
}
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

const fromNow = (offsetS: number) => (): RosTime =>
  rosTime(systemClock.wallNs() + BigInt(offsetS) * NS_PER_S);

/** The states of a robot that follows no command, with a little noise, from a node of its own. */
async function states(
  name: string,
  stampOf: (count: number) => RosTime = fromNow(0),
): Promise<{ close(): void }> {
  const node = await rig.node(name);
  const publisher = node.createPublisher<JointState>(
    robot.config.stateTopic,
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
  );
  let count = 0;
  const timer = setInterval(() => {
    const noise = robot.model.measured.map(() => (++count % 2) * 1e-6); // else they count as frozen
    publisher.publish({
      header: { stamp: stampOf(count), frame_id: '' },
      name: [...robot.model.measured],
      position: noise,
      velocity: noise.map(() => 0),
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
    await start();
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
    expect(told('topics')[0]!.detail['why']).toMatch(warning);

    other.close();
    await until(() => !warning.test(status!.message), 'the end of the warning');
    expect(told('topics').at(-1)!.detail['over']).toMatch(warning);
    await engage();
  });

  it.each([
    [-10, 'past'],
    [10, 'future'],
  ])('stamped %s s from now are used, and the clocks are warned of', async (offset, where) => {
    await start();
    commandsOn(observer, robot);
    await rig.startAgent(() => 0);
    await states('driver', fromNow(offset));
    const warning = new RegExp(
      `stamped (9|10)[.0-9]* s in the ${where} .*; check the clocks of both machines`,
    );
    await until(() => warning.test(status?.message ?? ''), 'the warning in ~/status');
    expect(status!.level).toBe(warn);
    await until(() => warning.test(diagnosis?.message ?? ''), 'the warning in /diagnostics');
    await engage();
    expect(told('topics')).toHaveLength(1);
  });

  it('that are not stamped are told of once, and no warning', async () => {
    await start();
    commandsOn(observer, robot);
    await rig.startAgent(() => 0);
    await states('driver', () => ({ sec: 0, nanosec: 0 }));
    await until(() => told('topics').length > 0, 'the note');
    await engage();
    await until(() => status?.level === DIAGNOSTIC_LEVEL.ok, 'the level of the status');
    await sleep(5 * STATE_PERIOD_MS);
    const notes = told('topics').map(({ detail }) => detail);
    expect(notes).toEqual([{ note: 'joint states on /joint_states carry no stamps; none are needed here' }]);
  });
});

describe('a controller that cannot hear the guard', () => {
  it('is told of, with the reason and where to look', async () => {
    await start();
    await states('driver');
    observer.createSubscription(
      robot.config.commandTopic,
      robot.config.commandMessageType,
      { ...STATUS_QOS, depth: 1 },
      () => {},
    );
    const why = /does not hear us: we offer volatile, it asks for transient local; find it with: ros2 topic/;
    await until(() => why.test(status?.message ?? ''), 'the reason in ~/status');
    expect(status!.level).toBe(warn);
    expect(told('topics')[0]!.detail['why']).toMatch(why);
  });
});

describe('~/release while nothing is sent', () => {
  it('is refused while another node publishes commands, and granted once it is gone', async () => {
    await start();
    const wire = commandsOn(observer, robot);
    await states('driver');
    const other = (await rig.node('other')).createPublisher(
      robot.config.commandTopic,
      robot.config.commandMessageType,
      { ...STATUS_QOS, durability: 'volatile' },
    );
    const granted = async () => (await call(observer, 'release')).success;
    await until(() => /another node publishes/.test(status?.message ?? ''), 'the other writer');
    const refused = await call(observer, 'release');
    expect(refused.success).toBe(false);
    expect(refused.message).toMatch(/another node publishes on .*; stop it first/);
    await sleep(5 * STATE_PERIOD_MS);
    expect(wire).toEqual([]);
    other.close();
    for (let tries = 0; tries < 100 && !(await granted()); tries++) await sleep(50);
    await until(() => wire.length > 0, 'hold');
  });
});

describe('a second agent', () => {
  it('is turned away while the first is there, and moves nothing; later it drives by a new engage only', async () => {
    await start();
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
    await start();
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

describe('a serial port that is not there', () => {
  const port = '/dev/nowhere';
  const notOpen = `serial port ${port} is not open`;

  it('leaves the guard up, with a warning, and the agent may drive', async () => {
    await start('', { teleopPort: port });
    commandsOn(observer, robot);
    await states('driver');
    await rig.startAgent(() => 0);
    await engage();
    await until(() => status?.message.endsWith(notOpen) === true, 'the warning');
    expect(status!.level).toBe(warn);
    expect(told('teleop-port')[0]!.detail['why']).toMatch(/there is no serial port \/dev\/nowhere; plug/);
  });

  it.each([
    ['that is not given', undefined, 'no port of an operator device was given'],
    ['that is not open', port, notOpen],
  ])('keeps the agent from driving where teleop.required, %s', async (_, teleopPort, why) => {
    await start('\nteleop: {required: true}\n', { teleopPort });
    commandsOn(observer, robot);
    await states('driver');
    await rig.startAgent(() => 0);
    await until(() => told('connected').some(({ detail }) => detail['role'] === 'agent'), 'the agent');
    const message = `${why}, and robot.yaml says teleop: {required: true}`;
    expect(await call(observer, 'engage')).toEqual({ success: false, message });
  });
});

describe.skipIf(missing !== undefined)(
  `an operator's device that is required${missing ? `: ${missing}` : ''}`,
  () => {
    it('lets the agent drive while it is linked, and ends that for good when the cable is pulled', async () => {
      const device = await openSimulatedDevice(['slider']);
      rig.onClose(() => device.stop());
      await start('\nteleop: {required: true}\n', { teleopPort: device.port });
      const wire = commandsOn(observer, robot);
      await states('driver');
      await rig.startAgent(() => 0.1);
      await engage();
      await until(() => wire.at(-1)! > 0, 'motion');
      await device.unplug();
      await until(() => told('disengaged').length > 0, 'the end of authority');
      expect(told('disengaged')[0]!.detail['reason']).toMatch(
        /and robot.yaml says teleop: {required: true}$/,
      );
      await until(() => wire.at(-1) === 0, 'rest');
    });
  },
);

describe('a lock', () => {
  it('that falls silent takes authority from the agent, and gives none back when it is heard again', async () => {
    await start('\nlocks: [{topic: /pause, timeout_ms: 300, priority: 50}]\n');
    const wire = commandsOn(observer, robot);
    await states('driver');
    await rig.startAgent(() => 0.1);
    await until(() => status !== undefined, 'the status');
    const silent = '/pause is silent, which locks all below priority 50';
    expect(await call(observer, 'engage')).toEqual({ success: false, message: silent });

    const pause = observer.createPublisher('/pause', 'std_msgs/msg/Bool', SENSOR_QOS);
    let saying = true;
    const timer = setInterval(() => saying && pause.publish({ data: false }), 30);
    rig.onClose(() => clearInterval(timer));
    await engage();
    await until(() => wire.at(-1)! > 0, 'motion');
    saying = false;
    await until(() => told('disengaged').length > 0, 'the end of authority');
    expect(told('locked').at(-1)!.detail).toMatchObject({ source: 'agent', by: '/pause', why: 'silent' });
    saying = true;
    await until(() => wire.at(-1) === 0, 'rest');
    await sleep(10 * STATE_PERIOD_MS);
    expect(wire.at(-1)).toBe(0);
  });
});

describe('a middleware that is shut down under the guard', () => {
  it('ends motion and is no error; the guard still ends in order', async () => {
    const own = await rig.node('bridge');
    await start('', { middleware: own });
    const wire = commandsOn(observer, robot);
    await states('driver');
    await rig.startAgent(() => 0.1);
    await engage();
    await until(() => wire.at(-1)! > 0, 'motion');
    await own.close();
    await until(() => told('disengaged').length > 0, 'the end of authority'); // no more states
    started.supervisor.send({ type: 'exit' });
    await until(() => started.finished, 'the end');
    await until(() => told('stopped').length > 0, 'its account');
  });
});

describe('states with the stamps of a simulated clock', () => {
  const paused = { sec: 12, nanosec: 0 };
  it.each<[string, (count: number) => RosTime]>([
    ['that is paused', () => paused],
    ['that jumps back', (count) => ({ sec: 1000 - count, nanosec: 0 })],
    ['that stays at zero', () => ({ sec: 0, nanosec: 0 })],
  ])('%s drive the robot, and are missed when they stop', async (_, stampOf) => {
    await start();
    const wire = commandsOn(observer, robot);
    const driver = await states('driver', stampOf);
    await rig.startAgent(() => 0.1);
    await engage();
    await until(() => wire.at(-1)! > 0, 'motion');
    driver.close();
    await until(() => told('state-lost').length > 0, 'the watchdog');
    await until(() => wire.at(-1) === 0, 'rest');
    expect(told('state-lost')[0]!.detail['message']).toMatch(/the joint state was lost/);
  });
});

describe('engage and release at 50 Hz', () => {
  it('lead to no command that the robot calls a jump, and to rest at the end', async () => {
    await start();
    const twin = await rig.startTwin();
    const wire = commandsOn(observer, robot);
    await rig.startAgent(() => 1);
    await engage();
    const [on, off] = ['engage', 'release'].map((event) =>
      observer.createClient<object, TriggerResponse>(`/bridge/${event}`, 'std_srvs/srv/Trigger'),
    );
    let granted = 0;
    for (let i = 0; i < 75; i++) {
      await off!.call({}, 5_000);
      await sleep(10);
      if ((await on!.call({}, 5_000)).success) granted++;
      await sleep(10);
    }
    expect(granted).toBeGreaterThan(30);
    await off!.call({}, 5_000);
    await until(() => wire.at(-1) === 0, 'rest');
    expect(Math.max(...wire)).toBeGreaterThan(0); // it was moving
    expect(twin.witness.violations).toEqual([]);
  });
});

describe('a watchdog', () => {
  it('that comes late judges by the newest state, so that newer commands go on', async () => {
    let shiftNs = 0n;
    const clock: Clock = {
      nowNs: () => systemClock.nowNs() + shiftNs,
      wallNs: () => systemClock.wallNs(),
    };
    const lateNs = BigInt(2 * 500) * 1_000_000n; // twice state_timeout_ms
    let late = false;
    /** Lets the time pass before a state is received, in which the watchdog was due and could not run. */
    const openTransport: RtpsMiddlewareOptions['openTransport'] = (options) =>
      openUdpTransport({
        ...options,
        onDatagram: (datagram) => {
          if (late && datagram.includes('slider')) {
            late = false;
            shiftNs += lateNs;
          }
          options.onDatagram(datagram);
        },
      });
    await start('', { clock, middleware: await rig.node('bridge', { clock, openTransport }) });
    const wire = commandsOn(observer, robot);
    const driver = await states('driver');
    await rig.startAgent(() => 0.1, clock);
    await engage();
    await until(() => wire.at(-1)! > 0, 'motion');
    late = true;
    await until(() => !late, 'the pause');
    const before = wire.length;
    await until(() => wire.length > before + 10, 'newer commands');
    expect(told('state-lost')).toEqual([]);
    expect(wire.at(-1)).toBeGreaterThan(0);

    driver.close();
    shiftNs += lateNs; // now there is no newer state
    await until(() => told('state-lost').length > 0, 'the watchdog');
    await until(() => wire.at(-1) === 0, 'rest');
  });
});
