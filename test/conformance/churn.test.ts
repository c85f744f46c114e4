import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cyclonePeer } from './dds-peer.js';
import { Responder, sequence, until } from './responder.js';

const DOMAIN = 72;
const RATE_HZ = 500;
const PEER = ['--rate', String(RATE_HZ), '--state-depth', '1000'];

const open: Responder[] = [];
async function responder(nodeName: string, topic = ''): Promise<Responder> {
  const opened = await Responder.open(DOMAIN, nodeName, {
    stateTopic: `/joint_states${topic}`,
    commandTopic: `/forward_command_controller/commands${topic}`,
  });
  open.push(opened);
  return opened;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

describe.skipIf(!cyclonePeer.canBuild)(`participants that come and go, with ${cyclonePeer.title}`, () => {
  beforeAll(cyclonePeer.build);

  it('goes on with a restarted peer after the first was killed', async () => {
    const node = await responder('survivor');
    const first = cyclonePeer.start(DOMAIN, [...PEER, '--seconds', '30']);
    await until(() => node.received.length > RATE_HZ / 2, 'states of the first peer');
    first.process.kill('SIGKILL');
    await first.report;
    const before = node.received.length;
    expect(node.received).toEqual(sequence(before));
    const report = await cyclonePeer.start(DOMAIN, [...PEER, '--seconds', '2']).report;
    expect(node.received.slice(before)).toEqual(sequence(2 * RATE_HZ));
    expect(report).toMatchObject({ answered: 2 * RATE_HZ, duplicates: 0, unmatched: 0 });
  });

  it('is found again by a running peer after its own restart', async () => {
    const first = await responder('first_life');
    const peer = cyclonePeer.start(DOMAIN, [...PEER, '--seconds', '4']);
    await until(() => first.received.length > RATE_HZ / 2, 'states in the first life');
    await first.close();
    const second = await responder('second_life');
    const report = await peer.report;
    const { received } = second;
    expect(received.length).toBeGreaterThan(RATE_HZ / 2);
    expect(received).toEqual(sequence(received.length).map((i) => received[0]! + i));
    expect(received.at(-1)).toBe(4 * RATE_HZ - 1);
    expect(report).toMatchObject({ duplicates: 0, unmatched: 0 });
    // Our reader may be found before our writer: what a volatile writer says until then, nobody hears.
    const unheard = first.received.length + received.length - report!.answered;
    expect(unheard).toBeGreaterThanOrEqual(0);
    expect(unheard).toBeLessThan(RATE_HZ / 10);
  });

  it('is left within its lease by a peer that vanished', async () => {
    const node = await responder('mourner');
    const peer = cyclonePeer.start(DOMAIN, [...PEER, '--seconds', '30']);
    await until(() => node.received.length > 0, 'states');
    peer.process.kill('SIGKILL');
    await peer.report;
    expect(node.middleware.participant.remoteParticipants).toHaveLength(1);
    await until(
      () => node.middleware.participant.remoteParticipants.length === 0,
      'the end of the lease',
      20_000,
    );
  });

  it('serves five pairs on one domain at once', async () => {
    const NAMES = ['a', 'b', 'c', 'd', 'e'];
    const nodes = await Promise.all(NAMES.map((name) => responder(`node_${name}`, `/${name}`)));
    const reports = await Promise.all(
      NAMES.map((name) => {
        const topics = ['--state-topic', `rt/joint_states/${name}`];
        const commands = ['--command-topic', `rt/forward_command_controller/commands/${name}`];
        const pace = ['--rate', '100', '--seconds', '2', '--state-depth', '1000'];
        return cyclonePeer.start(DOMAIN, [...pace, ...topics, ...commands]).report;
      }),
    );
    for (const node of nodes) expect(node.received).toEqual(sequence(200));
    for (const report of reports)
      expect(report).toMatchObject({ answered: 200, duplicates: 0, unmatched: 0 });
  });
});
