import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { STATUS_QOS, createRtpsMiddleware, type RtpsMiddleware } from '../../src/io/ros/index.js';
import { cyclonePeer, fastDdsPeer, type PeerDiscovery } from './dds-peer.js';
import { Responder, sequence, until } from './responder.js';

const PEERS = [
  { ...cyclonePeer, domain: 70 },
  { ...fastDdsPeer, domain: 98 },
];
const RATE_HZ = 500;
const SECONDS = 3;
const STATES = RATE_HZ * SECONDS;
const PEER = ['--rate', String(RATE_HZ), '--seconds', String(SECONDS), '--state-depth', '1000'];
/** further float64 values that make a sample of just over 100 kB */
const PAD = 12_700;

const open: { close(): Promise<void> }[] = [];
function closing<T extends { close(): Promise<void> }>(resource: T): T {
  open.push(resource);
  return resource;
}

describe.each(PEERS)('topics with $title', ({ domain, canBuild, build, start }) => {
  const it = test.skipIf(!canBuild);
  const middleware = (nodeName: string): Promise<RtpsMiddleware> =>
    createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: String(domain) } });

  beforeAll(() => {
    if (canBuild) build();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((resource) => resource.close()));
  });

  it.each<PeerDiscovery>(['unicast', 'multicast'])(
    'loses and repeats nothing in either direction at 500 Hz (%s discovery)',
    async (discovery) => {
      const responder = closing(await Responder.open(domain, 'responder'));
      const report = await start(domain, PEER, discovery).report;
      expect(responder.received).toEqual(sequence(STATES));
      expect(report).toMatchObject({
        sent: STATES,
        answered: STATES,
        skipped: 0,
        duplicates: 0,
        unmatched: 0,
      });
    },
  );

  it('finds a peer that was there before', async () => {
    const peer = start(domain, PEER);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const responder = closing(await Responder.open(domain, 'late_responder'));
    const report = await peer.report;
    expect(responder.received).toEqual(sequence(STATES));
    expect(report).toMatchObject({ answered: STATES, duplicates: 0 });
  });

  it('reads best effort what a reliable writer sends', async () => {
    const responder = closing(await Responder.open(domain, 'responder', { reliableStates: false }));
    await start(domain, PEER).report;
    const { received } = responder;
    expect(received.length).toBeGreaterThan(STATES / 2);
    expect(received).toEqual([...new Set(received)].sort((a, b) => a - b));
  });

  it('decodes names and values of a state', async () => {
    const responder = closing(await Responder.open(domain, 'responder'));
    await start(domain, ['--rate', '50', '--seconds', '0.5', '--names', 'slider,pole']).report;
    const state = responder.lastState!;
    expect(state.name).toEqual(['slider', 'pole']);
    expect(state.header.frame_id).toBe('base_link');
    expect(state.position.length).toBe(2);
    expect(state.velocity.length).toBe(2);
    expect(Array.from(state.effort)).toEqual([0, 0]);
  });

  it('carries samples of 100 kB in fragments both ways', async () => {
    const responder = closing(await Responder.open(domain, 'responder', { pad: PAD }));
    const options = ['--rate', '30', '--seconds', '2', '--state-depth', '100', '--pad', String(PAD)];
    const report = await start(domain, options).report;
    expect(responder.received).toEqual(sequence(60));
    expect(responder.lastState!.position.length).toBe(PAD + 7);
    expect(report).toMatchObject({ answered: 60, skipped: 0, duplicates: 0 });
  });

  it('gets the transient-local states of before it came', async () => {
    const DEPTH = 5;
    const options = ['--rate', '200', '--seconds', '0.2', '--state-depth', String(DEPTH), '--linger', '3'];
    const peer = start(domain, [...options, '--state-transient-local', '--no-wait']);
    await new Promise((resolve) => setTimeout(resolve, 700)); // all 40 have been written
    const node = closing(await middleware('late_joiner'));
    const received: number[] = [];
    const qos = { ...STATUS_QOS, depth: DEPTH };
    node.createSubscription('/joint_states', 'sensor_msgs/msg/JointState', qos, (state) => {
      received.push(state.header.stamp.nanosec);
    });
    await peer.report;
    expect(received).toEqual([35, 36, 37, 38, 39]);
  });

  it('gives its transient-local samples to a peer that comes later', async () => {
    const node = closing(await middleware('early'));
    const topic = '/latched_commands';
    const qos = { ...STATUS_QOS, depth: 3 };
    const publisher = node.createPublisher(topic, 'std_msgs/msg/Float64MultiArray', qos);
    for (let i = 0; i < 10; i++) publisher.publish({ layout: { dim: [], data_offset: 0 }, data: [i] });
    const options = ['--rate', '0', '--seconds', '1.5', '--command-topic', 'rt/latched_commands'];
    const report = await start(domain, [...options, '--command-transient-local']).report;
    expect(report!.commands).toBe(3);
  });

  it('tells publishers and subscriptions how many peers match', async () => {
    const node = closing(await middleware('counter'));
    const qos = { reliability: 'reliable', durability: 'volatile', depth: 1 } as const;
    const commands = node.createPublisher(
      '/forward_command_controller/commands',
      'std_msgs/msg/Float64MultiArray',
      qos,
    );
    const states = node.createSubscription(
      '/joint_states',
      'sensor_msgs/msg/JointState',
      qos,
      () => undefined,
    );
    expect([commands.matched, states.matched]).toEqual([0, 0]);
    const peer = start(domain, ['--rate', '10', '--seconds', '20']);
    await until(() => commands.matched === 1 && states.matched === 1, 'both matches');
    peer.process.kill('SIGTERM');
    await peer.report;
    await until(() => commands.matched === 0 && states.matched === 0, 'the end of both matches');
  });
});
