/** A sender, a dead-man and a controller, each on a node of its own, over the real wire; time is the test's. */
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/core/index.js';
import { DeadMan } from '../../../src/deadman/index.js';
import {
  COMMAND_QOS,
  createRtpsMiddleware,
  type Float64MultiArray,
  type JointState,
  type Publisher,
  type RtpsMiddleware,
} from '../../../src/io/ros/index.js';
import { loadRobot, withController, type Robot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';

const FROM = '/dynabridge/commands';
const TO = '/controller/commands';
const PERIOD_MS = 10;
const TIMEOUT_MS = 100;
const cartpole = loadRobot('cartpole'); // velocity of one slider, at 100 Hz
const maxDeceleration = cartpole.model.joints.find(({ name }) => name === 'slider')!.limits!.maxDeceleration!;
const step = (maxDeceleration * PERIOD_MS) / 1e3;

const open: RtpsMiddleware[] = [];
async function node(nodeName: string, clock?: ManualClock): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({
    nodeName,
    env: { ROS_DOMAIN_ID: '87' },
    ...(clock && { clock }),
  });
  open.push(opened);
  return opened;
}
afterEach(() => Promise.all(open.splice(0).map((opened) => opened.close())));

async function setUp(robot: Robot = cartpole) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const middleware = await node('dead_man', clock);
  const options = { robot, middleware, clock, from: FROM, to: TO, timeoutMs: TIMEOUT_MS };
  const deadMan = new DeadMan({ ...options, tell: (line) => lines.push(line) });
  const tick = (times = 1): void => {
    for (let i = 0; i < times; i++) {
      clock.advanceMs(PERIOD_MS);
      deadMan.tick(clock.nowNs());
    }
  };
  const wire: number[] = [];
  const receive = async () => {
    const controller = await node('controller');
    const qos = { ...COMMAND_QOS, depth: 1000 };
    controller.createSubscription<Float64MultiArray>(TO, 'std_msgs/msg/Float64MultiArray', qos, ({ data }) =>
      wire.push(data[0]!),
    );
    await until(() => (tick(), deadMan.state.startsWith('listening')), 'the dead-man to listen');
  };
  const sender = (await node('bridge')).createPublisher(FROM, 'std_msgs/msg/Float64MultiArray', COMMAND_QOS);
  return { deadMan, clock, lines, tick, wire, receive, sender };
}
type Parts = Awaited<ReturnType<typeof setUp>>;

/** Commands one after the other, each handed on before the next. */
async function command({ deadMan, sender, tick, wire }: Parts, ...values: number[]): Promise<void> {
  await until(() => sender.matched === 1, 'the dead-man');
  for (const value of values) {
    const [forwarded, received] = [deadMan.forwarded, wire.length];
    sender.publish({ layout: { dim: [], data_offset: 0 }, data: [value] });
    await until(() => deadMan.forwarded > forwarded && wire.length > received, `${value} to arrive`);
    tick();
  }
}

describe('the dead-man', () => {
  it('hands commands on as they are while they come, and ramps to rest when they stop', async () => {
    const parts = await setUp();
    await parts.receive();
    await command(parts, 0, 0.2, 0.5);
    expect(parts.wire).toEqual([0, 0.2, 0.5]);
    const { deadMan, tick, wire } = parts;
    tick(TIMEOUT_MS / PERIOD_MS - 1);
    expect(deadMan.stops).toBe(0);
    tick();
    expect(deadMan.stops).toBe(1);
    expect(deadMan.state).toBe(`stopping: no command for ${TIMEOUT_MS} ms`);
    tick(200);
    await until(() => wire.at(-1) === 0, 'rest');
    const ramp = wire.slice(2);
    ramp.slice(1).forEach((value, i) => expect(ramp[i]! - value).toBeLessThanOrEqual(12 * step));
    const slopes = ramp.slice(2, -1).map((value, i) => ramp[i + 1]! - value);
    for (const slope of slopes.filter((one) => one > 0)) expect(slope).toBeLessThanOrEqual(step + 1e-9);
    await until(() => wire.filter((value) => value === 0).length > 50, 'rest to be repeated');
    const sent = wire.length;
    tick(20);
    expect(wire.length - sent).toBe(0); // it has gone silent itself
  });

  it('shows itself to the bridge only with a controller, and with the topic to it for itself', async () => {
    const parts = await setUp();
    parts.tick();
    expect(parts.deadMan.state).toMatch(/nobody listens on \/controller\/commands; is the controller active/);
    expect(parts.sender.matched).toBe(0);
    await parts.receive();
    await command(parts, 0, 0.3);
    const other = (await node('other')).createPublisher(TO, 'std_msgs/msg/Float64MultiArray', COMMAND_QOS);
    await until(() => (parts.tick(0), parts.deadMan.stops > 0 || (parts.tick(), false)), 'the stop');
    await until(() => parts.sender.matched === 0, 'the bridge to be told');
    await until(() => (parts.tick(), /another node publishes/.test(parts.deadMan.state)), 'the reason');
    other.close();
    await until(() => (parts.tick(), parts.deadMan.state.startsWith('listening')), 'the end of it');
  });

  it('gives the robot back from rest only', async () => {
    const parts = await setUp();
    const { deadMan, tick, wire, sender } = parts;
    await parts.receive();
    await command(parts, 0, 0.4);
    tick(400);
    await until(() => sender.matched === 1, 'the dead-man to listen again');
    const [sent, data] = [wire.length, [0.4]];
    const refused = () => {
      sender.publish({ layout: { dim: [], data_offset: 0 }, data });
      tick();
      return /commanded to move; command rest first/.test(deadMan.state);
    };
    await until(refused, 'the refusal');
    expect(wire.slice(sent).filter((value) => value !== 0)).toEqual([]);
    await command(parts, 0, 0.1);
    expect(wire.at(-1)).toBe(0.1);
  });

  it('drops what is not finite or of another size, and does not take it for a sign of life', async () => {
    const parts = await setUp();
    const { deadMan, sender, tick } = parts;
    await parts.receive();
    await command(parts, 0, 0.2);
    for (const [i, data] of [[NaN], [1, 2], []].entries()) {
      sender.publish({ layout: { dim: [], data_offset: 0 }, data });
      await until(() => deadMan.dropped === i + 1, 'the drop');
      tick(4);
    }
    expect(deadMan.stops).toBe(1);
  });

  it('stops the robot before it ends', async () => {
    const parts = await setUp();
    await parts.receive();
    await command(parts, 0, 0.2);
    parts.deadMan.end();
    expect(parts.deadMan.ended).toBe(false);
    parts.tick(200);
    expect(parts.deadMan.ended).toBe(true);
    await until(() => parts.wire.at(-1) === 0, 'rest');
  });

  it('takes joint states by name, and no trajectories', async () => {
    const named = {
      ...cartpole,
      config: { ...cartpole.config, commandMessageType: 'sensor_msgs/msg/JointState' },
    } as const;
    const clock = new ManualClock();
    const middleware = await node('dead_man', clock);
    const options = { middleware, clock, from: FROM, to: TO, timeoutMs: TIMEOUT_MS, tell: () => {} };
    expect(() => new DeadMan({ ...options, robot: withController(cartpole, 'jtc') })).toThrow(
      /a trajectory ends by itself/,
    );
    const deadMan = new DeadMan({ ...options, robot: named });
    const heard: JointState[] = [];
    (await node('controller')).createSubscription(TO, 'sensor_msgs/msg/JointState', COMMAND_QOS, (message) =>
      heard.push(message),
    );
    const sender: Publisher<JointState> = (await node('bridge')).createPublisher(
      FROM,
      'sensor_msgs/msg/JointState',
      COMMAND_QOS,
    );
    await until(() => (deadMan.tick(clock.nowNs()), sender.matched === 1), 'the dead-man');
    const header = { stamp: { sec: 0, nanosec: 0 }, frame_id: '' };
    const none = new Float64Array(0);
    sender.publish({ header, name: ['other'], position: none, velocity: [0.1], effort: none });
    await until(() => deadMan.dropped === 1, 'the drop');
    sender.publish({ header, name: ['slider'], position: none, velocity: [0.1], effort: none });
    await until(() => heard.length === 1, 'the command');
    expect(heard[0]).toMatchObject({ name: ['slider'], velocity: Float64Array.of(0.1), position: none });
  });
});
