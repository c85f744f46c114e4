/** A guard and a simulated robot with an IMU on its pole, over the real wire. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, NS_PER_S } from '../../../src/core/index.js';
import { SensorWatch } from '../../../src/guard/sensor-watch.js';
import {
  SENSOR_QOS,
  STATUS_QOS,
  createRtpsMiddleware,
  type DiagnosticStatus,
  type ImuMessage,
  type Publisher,
  type RtpsMiddleware,
  type TriggerResponse,
} from '../../../src/io/ros/index.js';
import type { ObservationMessage, TickMessage } from '../../../src/io/ipc/index.js';
import { loadRobot, type Robot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';
import { GuardRig, call, type StartedGuard } from './guard-rig.js';

const G = 9.81;
const TOPIC = '/imu/data';
const soon = { timeout: 20_000 };

let rig: GuardRig;
let robot: Robot;
let observer: RtpsMiddleware;

beforeEach(async () => {
  rig = new GuardRig(96);
  const imu = `{ name: imu, type: imu, link: pole, topic: ${TOPIC}, timeout_ms: 300 }`;
  rig.edit('robot.yaml', 'joints:', `sensors:\n  - ${imu}\njoints:`);
  robot = loadRobot(rig.folder);
  observer = await rig.node('observer');
});
afterEach(() => rig.close());

function reading(more: Partial<ImuMessage> = {}): ImuMessage {
  const known = new Float64Array(9);
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'pole' },
    orientation: { x: 0, y: 0, z: 0, w: 1 },
    orientation_covariance: known,
    angular_velocity: { x: 4, y: 5, z: 6 },
    angular_velocity_covariance: known,
    linear_acceleration: { x: 1, y: 2, z: 3 },
    linear_acceleration_covariance: known,
    ...more,
  };
}

describe('SensorWatch', () => {
  const clock = new ManualClock(NS_PER_S);
  let driver: Publisher<ImuMessage>;
  let watch: SensorWatch;
  const values = new Float64Array(8);
  const refused = () => watch.summary.rejectedReadings!['imu'];

  beforeEach(async () => {
    // receive times are the machine's, so the test asks as of a time that it takes from there
    watch = new SensorWatch(await rig.node('guard'), robot.config.sensors, clock);
    const node = await rig.node('driver');
    driver = node.createPublisher(TOPIC, 'sensor_msgs/msg/Imu', { ...SENSOR_QOS, reliability: 'reliable' });
    await until(() => driver.matched === 1, 'the guard to listen');
  });

  it('has no reading before the first message, and names the sensor', () => {
    expect(watch.read(values, 2, clock.nowNs())).toBe(false);
    expect([...values.subarray(2)]).toEqual(new Array(6).fill(NaN));
    expect(watch.whyNoReading()).toBe(`sensor 'imu' has said nothing usable on ${TOPIC} yet`);
  });

  it('hands on values by field', async () => {
    const now = process.hrtime.bigint();
    driver.publish(reading());
    await until(() => watch.read(values, 2, now), 'the reading');
    expect([...values]).toEqual([0, 0, 1, 2, 3, 4, 5, 6]);
  });

  const finite = { x: 1, y: 2, z: 3 };
  it.each([
    ['not a number', { linear_acceleration: { ...finite, y: NaN } }],
    ['infinite', { angular_velocity: { ...finite, z: -Infinity } }],
    ['not measured', { linear_acceleration_covariance: Float64Array.of(-1, 0, 0, 0, 0, 0, 0, 0, 0) }],
    ['not measured', { angular_velocity_covariance: Float64Array.of(-1, 0, 0, 0, 0, 0, 0, 0, 0) }],
  ] as const)('refuses and counts what is %s, and keeps what it had', async (_, flaw) => {
    const now = process.hrtime.bigint();
    driver.publish(reading());
    await until(() => watch.read(values, 2, now), 'the first reading');
    driver.publish(reading({ linear_acceleration: { x: 9, y: 9, z: 9 }, ...flaw }));
    await until(() => refused() === 1, 'the refusal');
    expect(watch.read(values, 2, now)).toBe(true);
    expect([...values.subarray(2)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(watch.counts).toEqual({ 'refused readings of imu': 1 });
  });

  it.each([
    ['pole', null],
    ['', null],
    ['robot1/pole', null],
    ['imu_link', /sensor 'imu' reads in frame 'imu_link', robot.yaml says link 'pole'/],
  ] as const)('is warned of where its frame is another than its link: %s', async (frame, warning) => {
    const now = process.hrtime.bigint();
    driver.publish(reading({ header: { stamp: { sec: 0, nanosec: 0 }, frame_id: frame } }));
    await until(() => watch.read(values, 2, now), 'the reading');
    const told = watch.warnings.filter((text) => text.includes('frame'));
    if (warning === null) expect(told).toEqual([]);
    else expect(told).toEqual([expect.stringMatching(warning)]);
  });

  it('has none any more once the newest is older than the timeout', async () => {
    const before = process.hrtime.bigint();
    driver.publish(reading());
    await until(() => watch.read(values, 0, before), 'the reading');
    const after = process.hrtime.bigint();
    expect(watch.read(values, 0, before + 300_000_000n)).toBe(true);
    expect(watch.read(values, 0, after + 300_000_001n)).toBe(false);
    expect(values[0]).toBeNaN();
  });
});

describe('a guard whose robot has a sensor', () => {
  let started: StartedGuard;
  let status: DiagnosticStatus | undefined;
  const ticks: TickMessage[] = [];
  const observations: ObservationMessage[] = [];
  const ask = async (service: string): Promise<TriggerResponse> => {
    const client = observer.createClient(`/twin/${service}`, 'std_srvs/srv/Trigger');
    const response = await client.call({}, 10_000);
    client.close();
    return response;
  };
  const told = (kind: string) => started.events.filter((event) => event.kind === kind);
  const engage = () => expect.poll(async () => (await call(observer, 'engage')).success, soon).toBe(true);

  beforeEach(async () => {
    ticks.length = observations.length = 0;
    observer.createSubscription<DiagnosticStatus>(
      '/bridge/status',
      'diagnostic_msgs/msg/DiagnosticStatus',
      STATUS_QOS,
      (message) => (status = message),
    );
    await rig.startTwin();
    started = await rig.startGuard(robot);
    const recorder = await rig.joinAs('recorder');
    recorder.onMessage = (message) => {
      if (message.type === 'tick') ticks.push(message);
      if (message.type === 'observation') observations.push(message);
    };
    await rig.startAgent(() => 0);
  });

  it('observes and records it, stops when it falls silent, and engages again once it speaks', async () => {
    await engage();
    await expect.poll(() => ticks.length, soon).toBeGreaterThan(3);
    const { frame } = observations.at(-1)!;
    expect(frame).toHaveLength(5 + 6);
    expect(Math.hypot(frame[5]!, frame[6]!, frame[7]!)).toBeGreaterThan(0.5 * G); // the pole hangs on it, and may swing
    expect(ticks.at(-1)!.sensors).toHaveLength(6);

    expect((await ask('pause_sensors')).success).toBe(true);
    await expect.poll(() => told('fault').length, soon).toBe(1);
    const silence = `sensor 'imu' has said nothing usable on ${TOPIC} for more than 300 ms`;
    expect(told('fault')[0]!.detail).toEqual({ check: 'sensor', message: silence });
    await expect
      .poll(() => told('disengaged').map(({ detail }) => detail['reason']), soon)
      .toEqual([silence]);
    await expect.poll(() => ticks.at(-1)!.mode, soon).toBe('holding');
    expect(ticks.at(-1)!.sensors).toEqual(new Float64Array(6).fill(NaN));
    await expect.poll(() => status?.message, soon).toContain(silence);
    expect((await call(observer, 'engage')).message).toBe(silence);
    const seen = observations.length;
    await sleep(200);
    expect(observations).toHaveLength(seen);

    expect((await ask('resume_sensors')).success).toBe(true);
    await engage();
    expect(observations.length).toBeGreaterThan(seen);
  });
});

it('is not engaged while two nodes publish one sensor', async () => {
  await rig.startTwin();
  const other = await createRtpsMiddleware({ nodeName: 'other', env: { ROS_DOMAIN_ID: '96' } });
  rig.onClose(() => other.close());
  other.createPublisher(TOPIC, 'sensor_msgs/msg/Imu', { ...SENSOR_QOS, reliability: 'reliable' });
  await rig.startGuard(robot);
  await rig.joinAs('recorder');
  await rig.startAgent(() => 0);
  await expect
    .poll(async () => (await call(observer, 'engage')).message, soon)
    .toContain(`2 publishers are on ${TOPIC}, one is wanted`);
});
