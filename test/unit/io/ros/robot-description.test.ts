/** What is heard of robot_state_publisher, over the real wire. */
import { afterEach, expect, it } from 'vitest';
import {
  COMMAND_QOS,
  STATUS_QOS,
  createRtpsMiddleware,
  fetchRobotDescription,
  type RtpsMiddleware,
} from '../../../../src/io/ros/index.js';

const env = { ROS_DOMAIN_ID: '102' };
const TOPIC = '/robot_description';
const STRING = 'std_msgs/msg/String';
/** Enough for two participants to find each other, where nothing is going to come [ms]. */
const IN_VAIN_MS = 2_000;
const PATIENT_MS = 20_000;

const open: RtpsMiddleware[] = [];
async function node(nodeName: string): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env });
  open.push(opened);
  return opened;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

it('is the text that was published before, to the byte', async () => {
  const text = `<robot name="ü">${'\n  <link name="a"/>'.repeat(5_000)}\n</robot>\n`; // more than a datagram holds
  const publisher = (await node('robot_state_publisher')).createPublisher(TOPIC, STRING, STATUS_QOS);
  publisher.publish({ data: text });
  expect(await fetchRobotDescription(await node('bridge'), TOPIC, PATIENT_MS)).toBe(text);
});

it('is the same where several publish the same', async () => {
  for (const name of ['one', 'other'])
    (await node(name)).createPublisher(TOPIC, STRING, STATUS_QOS).publish({ data: '<robot/>' });
  expect(await fetchRobotDescription(await node('bridge'), TOPIC, PATIENT_MS)).toBe('<robot/>');
});

it.each<[string, (() => Promise<void>) | null, RegExp]>([
  ['nobody publishes', null, /nothing came within 2 s: nobody publishes there; is robot_state_publisher up/],
  [
    'the publisher says nothing',
    async () => void (await node('robot')).createPublisher(TOPIC, STRING, STATUS_QOS),
    /nothing came within 2 s: it has 1 publisher\(s\), which say nothing/,
  ],
  [
    'what was said is not kept for those who come late',
    async () => (await node('robot')).createPublisher(TOPIC, STRING, COMMAND_QOS).publish({ data: 'x' }),
    /a publisher on \/robot_description is not heard: it offers volatile, we ask for transient local/,
  ],
  [
    'it is of another type',
    async () => void (await node('robot')).createPublisher(TOPIC, 'std_msgs/msg/Bool', STATUS_QOS),
    /a publisher on \/robot_description is not heard: its type is std_msgs\/msg\/Bool/,
  ],
])('is missed, and says why, where %s', async (_what, publish, message) => {
  await publish?.();
  const bridge = await node('bridge');
  const missed = await fetchRobotDescription(bridge, TOPIC, IN_VAIN_MS).catch((error: Error) => error);
  expect(missed).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(message) as string });
});

it('is refused where different robots are described', async () => {
  for (const data of ['<robot name="a"/>', '<robot name="b"/>'])
    (await node('robot')).createPublisher(TOPIC, STRING, STATUS_QOS).publish({ data });
  await expect(fetchRobotDescription(await node('bridge'), TOPIC, PATIENT_MS)).rejects.toThrow(
    /2 different robots were heard; name the topic of one/,
  );
});
