/** A robot with an IMU, from training to a run over the wire: what its policy observes comes from the sensor's topic. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { McapStreamReader } from '@mcap/core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { readEpisodes, type Episode } from '../../src/data/index.js';
import { createMiddleware, type Middleware } from '../../src/io/ros/index.js';
import { findRobot } from '../../src/robot/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '97' };
const SILENT = "sensor 'imu' has said nothing usable on /imu/data for more than 200 ms";

const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-sensors-'));
const robot = path.join(base, 'robot');
const yaml = path.join(robot, 'robot.yaml');
const SENSORS = '\nsensors:\n  - { name: imu, type: imu, link: pole, topic: /imu/data, timeout_ms: 200 }\n';
const started: Dynabridge[] = [];
let middleware: Middleware;
let run = '';

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge([...args, '--json'], env);
  started.push(process);
  return process;
}

async function call(service: string): Promise<void> {
  const client = middleware.createClient(service, 'std_srvs/srv/Trigger');
  expect((await client.call({}, 20_000)).success).toBe(true);
  client.close();
}

function topicsOf(file: string): { topic: string; type: string }[] {
  const reader = new McapStreamReader();
  reader.append(readFileSync(file));
  const types = new Map<number, string>();
  const topics: { topic: string; type: string }[] = [];
  for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
    if (record.type === 'Schema') types.set(record.id, record.name);
    if (record.type === 'Channel') topics.push({ topic: record.topic, type: types.get(record.schemaId)! });
  }
  return topics;
}

beforeAll(async () => {
  cpSync(findRobot('cartpole'), robot, { recursive: true });
  writeFileSync(yaml, readFileSync(yaml, 'utf8') + SENSORS);
  const runs = path.join(base, 'runs');
  const few = ['--steps', '300', '--evaluate-every', '300', '--evaluation-episodes', '1', '--episodes', '1'];
  const training = start('train', '--robot', robot, '--runs', runs, ...few);
  const { code, stderr } = await training.ended;
  expect(code, stderr).toBe(0);
  run = path.join(runs, readdirSync(runs)[0]!);
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
}, 180_000);
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
});
afterAll(async () => {
  await middleware.close();
  rmSync(base, { recursive: true });
});

it('is driven with what the IMU says, and stopped when it says nothing any more', async () => {
  const recording = path.join(base, 'recording.mcap');
  const twin = start('twin', '--robot', robot);
  const bridge = start('run', '--robot', robot, '--run', run, '--record', recording);
  await bridge.says(/engaged: the agent drives/);
  await call('/twin/pause_sensors');
  await bridge.says(/sensor 'imu' has said nothing usable/);
  await bridge.says(new RegExp(`disengaged: reason ${SILENT}`));
  bridge.kill('SIGINT');
  const { code, stdout } = await bridge.ended;
  expect(code).toBe(5);
  expect(stdout).toContain(SILENT);
  twin.kill('SIGINT');
  const witness = JSON.parse((await twin.ended).stdout) as TwinSummary;
  expect(witness.violationList).toEqual([]);
  expect(witness.commands).toBeGreaterThan(0);

  const episodes: Episode[] = [];
  for await (const episode of readEpisodes(path.join(run, 'episodes'), { source: 'real' }))
    episodes.push(episode);
  const { header, steps, ticks } = episodes[0]!;
  expect(header.sensors).toHaveLength(6);
  expect(header.sensors![2]).toBe('imu linear_acceleration z');
  expect(steps.length).toBeGreaterThan(0);
  for (const { frame } of steps) {
    expect(frame).toHaveLength(11);
    expect(frame.every(Number.isFinite)).toBe(true);
  }
  expect(ticks.every(({ sensors }) => sensors?.length === 6)).toBe(true);

  const [imu] = topicsOf(recording).filter(({ topic }) => topic === '/imu/data');
  expect(imu).toEqual({ topic: '/imu/data', type: 'sensor_msgs/msg/Imu' });
  const replayed = await start('replay', recording).ended;
  expect(replayed.code, replayed.stderr).toBe(0);
}, 120_000);

it('is refused for a robot without the IMU, which is named', async () => {
  const without = path.join(base, 'without');
  cpSync(robot, without, { recursive: true });
  const file = path.join(without, 'robot.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(SENSORS, ''));
  const { code, stderr } = await start('run', '--robot', without, '--run', run).ended;
  expect(code).toBe(3);
  expect(stderr).toContain(
    "observations: policy was trained with '/imu/data linear_acceleration.x', robot lacks it",
  );
}, 60_000);
