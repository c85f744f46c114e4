import { afterEach, expect, it } from 'vitest';
import { callTrigger, createRtpsMiddleware, type RtpsMiddleware } from '../../../../src/io/ros/index.js';

const open: RtpsMiddleware[] = [];
async function node(nodeName: string): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: '106' } });
  open.push(opened);
  return opened;
}
afterEach(() => Promise.all(open.splice(0).map((opened) => opened.close())));

it('hands on what the service answers, every time that it is called', async () => {
  const server = await node('server');
  let calls = 0;
  server.createService('/twin/reset', 'std_srvs/srv/Trigger', () => ({
    success: ++calls > 1,
    message: `call ${calls}`,
  }));
  const client = await node('client');
  expect(await callTrigger(client, '/twin/reset', 5_000)).toEqual({ success: false, message: 'call 1' });
  expect(await callTrigger(client, '/twin/reset', 5_000)).toEqual({ success: true, message: 'call 2' });
});

it('names the service that nobody answers', async () => {
  await expect(callTrigger(await node('client'), '/nobody/there', 20)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/service '\/nobody\/there': no server answered within 20 ms/) as string,
  });
});
