import { createSocket } from 'node:dgram';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Rng } from '../../src/core/index.js';
import { SENSOR_QOS, type JointState } from '../../src/io/ros/index.js';
import { unicastPort } from '../../src/io/rtps/locator.js';
import type { BridgeRig } from '../rig/bridge-rig.js';
import { pause } from './waiting.js';

const BURSTS = 30;
const PARTICIPANTS = 8;
const LONGEST_PACKET = 400;
const RTPS_HEADER = Buffer.from('RTPS\x02\x03\x01\x0f', 'latin1');

function randomBytes(rng: Rng, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => rng.integer(256)));
}

/** Another publisher on the state topic says things that cannot be, for a third of a second. */
export async function garbageStates({ middleware, scratch }: BridgeRig, rng: Rng): Promise<void> {
  const { config, model } = scratch.robot;
  const publisher = middleware.createPublisher<JointState>(
    config.stateTopic,
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
  );
  for (let i = 0; i < BURSTS; i++) {
    publisher.publish(garbageState(model.measured, rng));
    await pause(10);
  }
  publisher.close();
}

function garbageState(measured: readonly string[], rng: Rng): JointState {
  const header = { stamp: { sec: rng.integer(2 ** 31), nanosec: 0 }, frame_id: '' };
  const values = (count: number): Float64Array =>
    Float64Array.from({ length: count }, () => rng.uniform(-1.5, 1.5));
  const n = measured.length;
  const whole = { header, name: [...measured], position: values(n), velocity: values(n), effort: values(0) };
  switch (rng.integer(5)) {
    case 0:
      return { ...whole, position: new Float64Array(n).fill(NaN) };
    case 1:
      return { ...whole, name: measured.map(() => measured[0]!) };
    case 2:
      return { ...whole, position: values(n + 1) };
    case 3:
      return { ...whole, name: [], position: values(0), velocity: values(0) };
    default:
      return whole; // a jump
  }
}

/** Random bytes into the line that the bridge listens on. */
export async function garbageOnPort(port: string, rng: Rng): Promise<void> {
  const fd = openSync(port, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    for (let i = 0; i < BURSTS; i++) {
      writeSync(fd, randomBytes(rng, 1 + rng.integer(64)));
      await pause(10);
    }
  } finally {
    closeSync(fd);
  }
}

/** Random packets, most of them with a right header, to the ports of all participants of a domain on this machine. */
export async function garbageOnWire(domain: number, rng: Rng): Promise<void> {
  const socket = createSocket('udp4');
  for (let i = 0; i < BURSTS; i++) {
    for (let index = 0; index < PARTICIPANTS; index++) {
      const body = randomBytes(rng, rng.integer(LONGEST_PACKET));
      const packet = rng.uniform() < 0.8 ? Buffer.concat([RTPS_HEADER, body]) : body;
      socket.send(packet, unicastPort(domain, index), '127.0.0.1');
    }
    await pause(10);
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}
