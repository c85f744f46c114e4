import { afterEach, describe, expect, it } from 'vitest';
import { PID, Participant, VENDOR } from '../../../../src/io/rtps/index.js';
import {
  STATUS_QOS,
  createMiddleware,
  createRtpsMiddleware,
  type RtpsMiddleware,
  type RtpsMiddlewareOptions,
} from '../../../../src/io/ros/index.js';
import { codecFor } from '../../../../src/io/ros/codec.js';
import { participantEntitiesInfo, type GidBytes } from '../../../../src/io/ros/definitions.js';
import { gidBytesOf, type ParticipantEntitiesInfo } from '../../../../src/io/ros/node-announcer.js';
import {
  openUdpTransport,
  type Transport,
  type TransportOptions,
} from '../../../../src/io/rtps/udp-transport.js';
import { until } from '../rtps/participants.js';

const DOMAIN = 77;
const env = { ROS_DOMAIN_ID: String(DOMAIN) };
const RELIABLE = { reliability: 'reliable', durability: 'volatile', depth: 100 } as const;
const INFO_TYPE = 'rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_';

const open: { close(): Promise<void> }[] = [];
async function node(nodeName: string, options: Partial<RtpsMiddlewareOptions> = {}): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env, ...options });
  open.push(opened);
  return opened;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

/** Real UDP of a participant that says it is Cyclone DDS. */
async function openCycloneTransport(options: TransportOptions): Promise<Transport> {
  const transport = await openUdpTransport(options);
  const send = transport.send.bind(transport);
  transport.send = (datagram, to) => {
    const pid = datagram.indexOf(Buffer.from([PID.vendorId, 0, 4, 0]));
    if (pid >= 0) datagram.writeUInt16BE(VENDOR.cycloneDds, pid + 4);
    send(datagram, to);
  };
  return transport;
}

/** Listens to the discovery topic as another rmw would. */
async function eavesdrop(): Promise<{ participant: Participant; heard: Buffer[] }> {
  const participant = await Participant.open({ domainId: DOMAIN, openTransport: openCycloneTransport });
  open.push(participant);
  const heard: Buffer[] = [];
  const qos = { topic: 'ros_discovery_info', type: INFO_TYPE, reliable: true, transientLocal: true };
  participant.createReader({ ...qos, onSample: ({ payload }) => heard.push(payload) });
  return { participant, heard };
}

function decodeInfo(payload: Buffer, gidBytes: GidBytes): ParticipantEntitiesInfo {
  return codecFor<ParticipantEntitiesInfo>(participantEntitiesInfo(gidBytes)).decode(payload);
}

describe('the rtps middleware', () => {
  it('carries typed messages between two nodes', async () => {
    const [a, b] = [await node('a'), await node('b', { namespace: '/arm' })];
    const received: string[] = [];
    const subscription = b.createSubscription('text', 'std_msgs/msg/String', RELIABLE, ({ data }) => {
      received.push(data);
    });
    const publisher = a.createPublisher('/arm/text', 'std_msgs/msg/String', RELIABLE);
    expect([publisher.topic, subscription.topic]).toEqual(['/arm/text', '/arm/text']);
    await until(() => publisher.matched === 1 && subscription.matched === 1, 'the match');
    publisher.publish({ data: '23 °C' });
    await until(() => received.length === 1, 'the message');
    expect(received).toEqual(['23 °C']);
    subscription.close();
    await until(() => publisher.matched === 0, 'the end of the match');
  });

  it('counts the publishers of other nodes, but of one that is exempt', async () => {
    const [a, b, c] = [await node('a'), await node('b'), await node('c')];
    for (const one of [a, b, c]) one.createPublisher('text', 'std_msgs/msg/String', RELIABLE);
    b.createPublisher('other', 'std_msgs/msg/String', RELIABLE);
    await until(() => a.otherPublishers('text') === 2, 'the publishers');
    expect(a.otherPublishers('text', 'c')).toBe(1);
    expect(a.otherPublishers('text', 'd')).toBe(2);
  });

  it('says why a publisher or a subscription of another node and its own do not talk', async () => {
    const [a, b] = [await node('a'), await node('b')];
    const BEST_EFFORT = { ...RELIABLE, reliability: 'best_effort' } as const;
    const LATCHED = { ...RELIABLE, durability: 'transient_local' } as const;
    a.createSubscription('text', 'std_msgs/msg/String', RELIABLE, () => {});
    a.createSubscription('flag', 'std_msgs/msg/Bool', RELIABLE, () => {});
    a.createPublisher('commands', 'std_msgs/msg/String', RELIABLE);
    a.createPublisher('fine', 'std_msgs/msg/String', LATCHED);
    b.createPublisher('text', 'std_msgs/msg/String', BEST_EFFORT);
    b.createPublisher('flag', 'std_msgs/msg/String', RELIABLE);
    b.createSubscription('commands', 'std_msgs/msg/String', LATCHED, () => {});
    const fine = b.createSubscription('fine', 'std_msgs/msg/String', BEST_EFFORT, () => {});
    await until(() => fine.matched === 1 && a.mismatches('commands').length > 0, 'the discovery');
    expect(a.mismatches('text')).toEqual([
      'a publisher on /text is not heard: it offers best effort, we ask for reliable; find it with: ros2 topic info --verbose /text',
    ]);
    expect(a.mismatches('flag')[0]).toContain('its type is std_msgs/msg/String, ours is std_msgs/msg/Bool');
    expect(a.mismatches('commands')).toEqual([
      expect.stringContaining(
        'a subscription on /commands does not hear us: we offer volatile, it asks for transient local;',
      ),
    ]);
    expect(a.mismatches('fine')).toEqual([]);
  });

  it('latches a transient-local status for who comes later', async () => {
    const a = await node('a');
    const publisher = a.createPublisher('~/status', 'diagnostic_msgs/msg/DiagnosticStatus', STATUS_QOS);
    const status = {
      level: 1,
      name: 'a',
      message: 'two',
      hardware_id: '',
      values: [{ key: 'k', value: 'v' }],
    };
    publisher.publish({ ...status, message: 'one' });
    publisher.publish(status);
    const b = await node('b');
    const received: unknown[] = [];
    b.createSubscription('/a/status', 'diagnostic_msgs/msg/DiagnosticStatus', STATUS_QOS, (message) => {
      received.push(message);
    });
    await until(() => received.length === 1, 'the status');
    expect(received).toEqual([status]);
  });

  it('counts payloads that are not of their type', async () => {
    const a = await node('a');
    const received: unknown[] = [];
    const subscription = a.createSubscription('/x', 'std_msgs/msg/String', RELIABLE, (message) =>
      received.push(message),
    );
    const peer = await Participant.open({ domainId: DOMAIN });
    open.push(peer);
    const type = 'std_msgs::msg::dds_::String_';
    const writer = peer.createWriter({
      topic: 'rt/x',
      type,
      reliable: true,
      transientLocal: false,
      depth: 1,
    });
    await until(() => writer.matched === 1 && subscription.matched === 1, 'the match');
    const before = a.participant.stats.malformed;
    writer.write(Buffer.from('00010000ffffff7f', 'hex'));
    await until(() => a.participant.stats.malformed > before, 'the count');
    expect(received).toEqual([]);
  });

  it('serves and calls services, also slow ones, several at once', async () => {
    const [a, b] = [await node('server'), await node('client')];
    a.createService('~/enable', 'std_srvs/srv/SetBool', async ({ data }) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return { success: data, message: data ? 'on' : 'off' };
    });
    const client = b.createClient('/server/enable', 'std_srvs/srv/SetBool');
    await client.waitForService(5000);
    const answers = await Promise.all([true, false, true].map((data) => client.call({ data }, 5000)));
    expect(answers.map(({ message }) => message)).toEqual(['on', 'off', 'on']);
  });

  it('rejects a call without a server, an unanswered call, and one of a closed client', async () => {
    const [a, b] = [await node('server'), await node('client')];
    const unavailable = { code: 'UNAVAILABLE' };
    const lonely = b.createClient('/nobody', 'std_srvs/srv/Trigger');
    await expect(lonely.waitForService(20)).rejects.toMatchObject(unavailable);
    await expect(lonely.call({}, 20)).rejects.toThrow(/no server answered within 20 ms/);
    a.createService('/silent', 'std_srvs/srv/Trigger', () => new Promise(() => undefined));
    const client = b.createClient('/silent', 'std_srvs/srv/Trigger');
    await client.waitForService(5000);
    await expect(client.call({}, 30)).rejects.toThrow(/no reply within 30 ms/);
    const pending = client.call({}, 5000);
    setTimeout(() => client.close(), 20);
    await expect(pending).rejects.toThrow(/closed/);
  });

  it('reports what a service handler throws, and goes on', async () => {
    const errors: unknown[] = [];
    const a = await node('server', { onError: (error) => errors.push(error) });
    const b = await node('client');
    let calls = 0;
    a.createService('/moody', 'std_srvs/srv/Trigger', () => {
      if (++calls === 1) throw new Error('not now');
      return { success: true, message: '' };
    });
    const client = b.createClient('/moody', 'std_srvs/srv/Trigger');
    await client.waitForService(5000);
    await expect(client.call({}, 50)).rejects.toThrow(/no reply/);
    expect(await client.call({}, 5000)).toEqual({ success: true, message: '' });
    expect(errors).toHaveLength(1);
  });

  it('tells the ROS graph its node and endpoints, and takes back closed ones', async () => {
    const { heard } = await eavesdrop();
    const a = await node('guard', { namespace: '/arm' });
    const publisher = a.createPublisher('/x', 'std_msgs/msg/String', RELIABLE);
    a.createSubscription('/y', 'std_msgs/msg/String', RELIABLE, () => undefined);
    const last = (): ParticipantEntitiesInfo['node_entities_info_seq'][number] | undefined =>
      heard.length > 0 ? decodeInfo(heard.at(-1)!, 16).node_entities_info_seq[0] : undefined;
    await until(() => last()?.writer_gid_seq.length === 1, 'both endpoints');
    expect(last()).toMatchObject({ node_namespace: '/arm', node_name: 'guard' });
    expect(last()!.reader_gid_seq).toHaveLength(1);
    const gid = Buffer.from(decodeInfo(heard.at(-1)!, 16).gid.data);
    expect(gid.toString('hex')).toBe(`${a.participant.prefix.toString('hex')}000001c1`);
    publisher.close();
    await until(() => last()?.writer_gid_seq.length === 0, 'the taking back');
  });

  /** One that announces itself with the long gids of Humble. */
  function announceHumble(participant: Participant): void {
    const qos = { topic: 'ros_discovery_info', type: INFO_TYPE, reliable: true, transientLocal: true };
    const gid = {
      data: Buffer.concat([participant.prefix, Buffer.from('000001c1', 'hex'), Buffer.alloc(8)]),
    };
    const info = { gid, node_entities_info_seq: [] };
    const humble = participant.createWriter({ ...qos, depth: 1 });
    humble.write(codecFor<ParticipantEntitiesInfo>(participantEntitiesInfo(24)).encode(info));
  }

  it('switches to the gid layout that its peers use', async () => {
    const { participant, heard } = await eavesdrop();
    announceHumble(participant);
    await node('guard');
    await until(() => heard.some((payload) => gidBytesOf(payload) === 24), 'the long layout');
    const payload = heard.findLast((message) => gidBytesOf(message) === 24)!;
    expect(decodeInfo(payload, 24).node_entities_info_seq[0]!.node_name).toBe('guard');
  });

  it('switches once, whatever other nodes of ours still use', async () => {
    const { participant, heard } = await eavesdrop();
    await Promise.all(['twin', 'guard', 'supervisor'].map((name) => node(name)));
    announceHumble(participant);
    const isLong = (payload: Buffer): boolean => gidBytesOf(payload) === 24;
    await until(() => heard.filter(isLong).length >= 3, 'the long layout');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard.filter(isLong)).toHaveLength(3);
    expect(heard.length).toBeLessThanOrEqual(6);
  });

  it('hears nobody when discovery is off', async () => {
    const hermit = await node('hermit', { env: { ...env, ROS_AUTOMATIC_DISCOVERY_RANGE: 'OFF' } });
    const [a, b] = [await node('a'), await node('b')];
    await until(() => a.participant.remoteParticipants.length === 1, 'the others');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(b.participant.remoteParticipants).toHaveLength(1);
    expect(hermit.participant.remoteParticipants).toHaveLength(0);
  });

  it('hears nobody from another domain', async () => {
    const stranger = await node('stranger', { domainId: DOMAIN + 1 });
    const [a] = [await node('a'), await node('b')];
    await until(() => a.participant.remoteParticipants.length === 1, 'the neighbour');
    expect(stranger.participant.remoteParticipants).toHaveLength(0);
  });
});

describe('createMiddleware', () => {
  it('opens rtps for auto', async () => {
    const opened = await createMiddleware({ adapter: 'auto', nodeName: 'a', env });
    open.push(opened);
    expect(opened.name).toBe('rtps');
  });

  it('refuses rclnodejs where ROS 2 is not sourced, and says what to do', async () => {
    const opening = createMiddleware({ adapter: 'rclnodejs', nodeName: 'a', env });
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(opening).rejects.toThrow(/source \/opt\/ros.*--middleware rtps/);
  });

  it('refuses for auto, but not for rtps, where plain DDS would not be heard', async () => {
    const zenoh = { ...env, RMW_IMPLEMENTATION: 'rmw_zenoh_cpp' };
    const refused = createMiddleware({ adapter: 'auto', nodeName: 'a', env: zenoh });
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(refused).rejects.toThrow(/rmw_zenoh_cpp/);
    open.push(await createMiddleware({ adapter: 'rtps', nodeName: 'a', env: zenoh }));
  });

  it('refuses a bad node name before it opens anything', async () => {
    await expect(createMiddleware({ adapter: 'rtps', nodeName: 'no-good', env })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
  });
});
