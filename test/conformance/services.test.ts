import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRtpsMiddleware, type RtpsMiddleware } from '../../src/io/ros/index.js';
import { cyclonePeer, fastDdsPeer } from './dds-peer.js';

const PEERS = [
  { ...cyclonePeer, domain: 71 },
  { ...fastDdsPeer, domain: 99 },
];
const CALLS = 20;
const IDLE = ['--rate', '0'];

const open: RtpsMiddleware[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

describe.each(PEERS)('services with $title', ({ domain, canBuild, build, start }) => {
  const it = test.skipIf(!canBuild);
  async function middleware(nodeName: string): Promise<RtpsMiddleware> {
    const node = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: String(domain) } });
    open.push(node);
    return node;
  }

  beforeAll(() => {
    if (canBuild) build();
  });

  it('calls a Trigger service', async () => {
    const peer = start(domain, [...IDLE, '--seconds', '20', '--serve', 'estop']);
    const node = await middleware('caller');
    const client = node.createClient('/estop', 'std_srvs/srv/Trigger');
    for (let i = 0; i < CALLS; i++) {
      expect(await client.call({}, 5000)).toEqual({ success: true, message: 'stopped' });
    }
    peer.process.kill('SIGTERM');
    expect((await peer.report)!.served).toBe(CALLS);
  });

  it('answers calls of a Trigger service', async () => {
    const node = await middleware('server');
    let served = 0;
    node.createService('~/estop', 'std_srvs/srv/Trigger', () => ({
      success: true,
      message: `call ${++served}`,
    }));
    const calls = ['--call', 'server/estop', '--calls', String(CALLS)];
    const report = await start(domain, [...IDLE, '--seconds', '0', ...calls]).report;
    expect(report!.calls_ok).toBe(CALLS);
    expect(served).toBe(CALLS);
  });

  it('answers the first call of a client that calls as soon as it sees the server', async () => {
    const node = await middleware('server');
    node.createService('/estop', 'std_srvs/srv/Trigger', () => ({ success: true, message: '' }));
    for (let i = 0; i < 5; i++) {
      const calls = ['--call', 'estop', '--calls', '1'];
      const report = await start(domain, [...IDLE, '--seconds', '0', '--linger', '0', ...calls]).report;
      expect(report!.calls_ok).toBe(1);
    }
  });

  it('keeps the calls of several clients apart, whatever their vendor', async () => {
    const server = await middleware('server');
    server.createService('/estop', 'std_srvs/srv/Trigger', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { success: true, message: 'stopped' };
    });
    const node = await middleware('caller');
    const client = node.createClient('/estop', 'std_srvs/srv/Trigger');
    const calls = ['--call', 'estop', '--calls', String(CALLS)];
    const peers = [0, 1].map(() => start(domain, [...IDLE, '--seconds', '0', ...calls]).report);
    const ours = Array.from({ length: CALLS }, () => client.call({}, 5000));
    expect(await Promise.all(ours)).toEqual(ours.map(() => ({ success: true, message: 'stopped' })));
    expect((await Promise.all(peers)).map((report) => report!.calls_ok)).toEqual([CALLS, CALLS]);
  });
});
