import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/core/index.js';
import {
  COMMAND_QOS,
  CommandPublisher,
  createRtpsMiddleware,
  type Float64MultiArray,
  type JointState,
  type JointTrajectory,
  type RtpsMiddleware,
} from '../../../../src/io/ros/index.js';
import { createGatedCommand } from '../../../../src/safety/gated-command.js';
import { Veto, type VetoMessageType } from '../../../../src/veto/index.js';
import { joint } from '../../veto/fixtures.js';
import { until } from '../rtps/participants.js';

const env = { ROS_DOMAIN_ID: '80' };
const open: RtpsMiddleware[] = [];
afterAll(() => Promise.all(open.map((node) => node.close())));

/** A publisher of commands for `elbow` and `wrist` (2 rad/s, braking at 5 rad/s^2), and what arrives at a peer. */
async function wire<T>(topic: string, commandMessageType: VetoMessageType, controlRateHz = 100) {
  const nodes = await Promise.all(
    ['commander', 'controller'].map((name) => createRtpsMiddleware({ nodeName: name, env })),
  );
  open.push(...nodes);
  const received: T[] = [];
  const qos = { ...COMMAND_QOS, depth: 100 };
  nodes[1]!.createSubscription<T>(topic, commandMessageType, qos, (message) => received.push(message));
  const clock = new ManualClock();
  const joints = [joint(), joint({ name: 'wrist' })];
  const limits = {
    commandInterface: 'velocity',
    messageType: commandMessageType,
    controlPeriod: 1 / controlRateHz,
    points: 3,
    joints,
  } as const;
  const veto = new Veto(limits);
  const target = { config: { commandTopic: topic, commandMessageType, controlRateHz } };
  const publisher = new CommandPublisher(nodes[0]!, target, veto, clock);
  await until(() => publisher.matched === 1, 'the controller');
  let seq = 0;
  const send = (...values: number[]): Float64Array | null => {
    clock.advanceMs(10);
    const expiresNs = clock.nowNs() + 20_000_000n;
    const command = createGatedCommand(joints, 'velocity', Float64Array.from(values), ++seq, expiresNs);
    return publisher.publish(command, clock.nowNs());
  };
  return { received, clock, veto, publisher, joints, send };
}

describe('CommandPublisher', () => {
  it('sends what passes the veto, and after a veto its ramp to rest, whatever the gate makes', async () => {
    const { received, clock, veto, publisher, send } = await wire<Float64MultiArray>(
      '/forward',
      'std_msgs/msg/Float64MultiArray',
    );
    expect(send(0.1, -0.05)).toEqual(Float64Array.of(0.1, -0.05));
    expect(send(0.12, -0.1)).toEqual(Float64Array.of(0.12, -0.1));
    const instead = send(0.12, -9);
    expect(veto.reason).toMatch(/^joint 'wrist' velocity -9/);
    expect(instead![0]).toBeCloseTo(0.07, 9);
    expect(instead![1]).toBeCloseTo(-0.05, 9);
    const next = send(0.12, 0);
    expect(next![0]).toBeCloseTo(0.02, 9);
    expect(next![1]).toBeCloseTo(0, 9);
    clock.advanceMs(10);
    expect(publisher.publish(null, clock.nowNs())!.map(Math.abs)).toEqual(Float64Array.of(0, 0));
    await until(() => received.length === 5, 'five commands');
    const data = received.map((message) => Array.from(message.data));
    expect(data.slice(0, 2)).toEqual([
      [0.1, -0.05],
      [0.12, -0.1],
    ]);
    expect(data[2]).toEqual(Array.from(instead!));
    expect(data[3]).toEqual(Array.from(next!));
    expect(data.flat().every((value) => Math.abs(value) <= 0.12)).toBe(true);
  });

  it('sends a trajectory of one point, by the same rules', async () => {
    const { received, send } = await wire<JointTrajectory>('/jtc', 'trajectory_msgs/msg/JointTrajectory');
    send(0.1, 0);
    send(0.1, NaN);
    await until(() => received.length === 2, 'two commands');
    expect(received[0]).toMatchObject({ joint_names: ['elbow', 'wrist'] });
    expect(Array.from(received[0]!.points[0]!.velocities)).toEqual([0.1, 0]);
    expect(received[1]!.points[0]!.time_from_start).toEqual({ sec: 0, nanosec: 10_000_000 });
    expect(received[1]!.points[0]!.velocities[0]).toBeCloseTo(0.05, 9);
  });

  it('sends the points ahead behind the command, one control period apart each, across a second', async () => {
    const { received, clock, joints, publisher } = await wire<JointTrajectory>(
      '/jtc_points',
      'trajectory_msgs/msg/JointTrajectory',
      2.5,
    );
    const of = (seq: number, value: number) =>
      createGatedCommand(
        joints,
        'velocity',
        Float64Array.of(value, -value),
        seq,
        clock.nowNs() + 20_000_000n,
      );
    const [first, ...ahead] = [0.1, 0.2, 0.1].map((value, k) => of(k + 1, value));
    expect(publisher.publish(first!, clock.nowNs(), ahead)).toEqual(Float64Array.of(0.1, -0.1));
    await until(() => received.length === 1, 'a trajectory');
    const { points } = received[0]!;
    expect(points.map(({ velocities }) => Array.from(velocities))).toEqual([
      [0.1, -0.1],
      [0.2, -0.2],
      [0.1, -0.1],
    ]);
    expect(points.map(({ time_from_start }) => time_from_start)).toEqual([
      { sec: 0, nanosec: 400_000_000 },
      { sec: 0, nanosec: 800_000_000 },
      { sec: 1, nanosec: 200_000_000 },
    ]);
  });

  it('sends joint states with names and velocities alone, by the same rules', async () => {
    const { received, send, publisher } = await wire<JointState>('/named', 'sensor_msgs/msg/JointState');
    send(0.1, -0.05);
    send(0.1, NaN);
    await until(() => received.length === 2, 'two commands');
    const [first, instead] = received;
    expect(first!.name).toEqual(['elbow', 'wrist']);
    expect(Array.from(first!.velocity)).toEqual([0.1, -0.05]);
    expect([first!.position.length, first!.effort.length]).toEqual([0, 0]);
    expect(instead!.velocity[0]).toBeCloseTo(0.05, 9);
    expect(instead!.velocity[1]).toBeCloseTo(0, 9);
    expect(publisher.vetoed).toMatch(/^joint 'wrist' velocity NaN/);
  });

  it('sends nothing that has expired, nothing for nothing, and nothing after a veto of the first command', async () => {
    const { received, clock, publisher, joints, send } = await wire<Float64MultiArray>(
      '/nothing',
      'std_msgs/msg/Float64MultiArray',
    );
    const expired = createGatedCommand(joints, 'velocity', new Float64Array(2), 1, clock.nowNs());
    expect(publisher.publish(expired, clock.nowNs())).toBeNull();
    expect(publisher.publish(null, clock.nowNs())).toBeNull();
    expect(send(9, 0)).toBeNull();
    expect(send(0, 0)).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toEqual([]);
  });
});
