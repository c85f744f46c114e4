import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRtpsMiddleware, type RtpsMiddleware } from '../../src/io/ros/index.js';
import { buildPeer, canBuildPeer, peerRequirement, startPeer } from './cyclone-peer.js';

const DOMAIN = 71;
const CALLS = 20;
const IDLE = ['--rate', '0'];

const open: RtpsMiddleware[] = [];
async function middleware(nodeName: string): Promise<RtpsMiddleware> {
  const node = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: String(DOMAIN) } });
  open.push(node);
  return node;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.close()));
});

describe.skipIf(!canBuildPeer)(`services with Cyclone DDS${peerRequirement}`, () => {
  beforeAll(buildPeer);

  it('calls a Trigger service', async () => {
    const peer = startPeer(DOMAIN, [...IDLE, '--seconds', '20', '--serve', 'estop']);
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
    const report = await startPeer(DOMAIN, [...IDLE, '--seconds', '0', ...calls]).report;
    expect(report!.calls_ok).toBe(CALLS);
    expect(served).toBe(CALLS);
  });

  it('answers the first call of a client that calls as soon as it sees the server', async () => {
    const node = await middleware('server');
    node.createService('/estop', 'std_srvs/srv/Trigger', () => ({ success: true, message: '' }));
    for (let i = 0; i < 5; i++) {
      const calls = ['--call', 'estop', '--calls', '1'];
      const report = await startPeer(DOMAIN, [...IDLE, '--seconds', '0', '--linger', '0', ...calls]).report;
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
    const peers = [0, 1].map(() => startPeer(DOMAIN, [...IDLE, '--seconds', '0', ...calls]).report);
    const ours = Array.from({ length: CALLS }, () => client.call({}, 5000));
    expect(await Promise.all(ours)).toEqual(ours.map(() => ({ success: true, message: 'stopped' })));
    expect((await Promise.all(peers)).map((report) => report!.calls_ok)).toEqual([CALLS, CALLS]);
  });
});
