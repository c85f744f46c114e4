/** A robot's delay, measured over the wire; the twin has what the packaged cart-pole declares, and is the witness. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { findRobot, loadRobot } from '../../src/robot/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '69' };
const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-identify-'));
const file = path.join(folder, 'robot.yaml');
cpSync(findRobot('cartpole'), folder, { recursive: true });
const before = readFileSync(file, 'utf8');
afterAll(() => rmSync(folder, { recursive: true }));

const identify = (...args: string[]) =>
  new Dynabridge(['identify', '--robot', folder, '--json', ...args], env).ended;

/** All but those that are written; what was declared may be found, so that a written line need not differ. */
const otherLines = (text: string) =>
  text.split('\n').filter((line) => !/^(command_latency|actuator_lag):/.test(line));

it('moves nothing without --yes: exit code 2', async () => {
  const { code, stderr } = await identify();
  expect(code).toBe(2);
  expect(stderr).toMatch(/moves 1 joint\(s\) of cartpole \(slider\) for 8 s; .* add --yes/);
});

it('says what is missing where there is no robot: exit code 4', async () => {
  const { code, stderr } = await identify('--yes');
  expect(code).toBe(4);
  expect(stderr).toMatch(/no usable joint state has arrived on \/joint_states/);
});

it('measures latency and lag of the twin in motion that it finds within limits, and writes them', async () => {
  const robot = new Dynabridge(['twin', '--robot', folder, '--json'], env);
  await robot.says(/brakes are on/);
  const { code, stdout, stderr } = await identify('--yes', '--write');
  expect(stderr).not.toMatch(/error/);
  expect(code).toBe(0);
  const { joints, declared } = JSON.parse(stdout) as {
    joints: { joint: string; latency: number; lag: number; gain: number }[];
    declared: { commandLatency: number; actuatorLag: number };
  };
  expect(joints.map(({ joint }) => joint)).toEqual(['slider']);
  const { latency, lag } = joints[0]!;
  const delay = declared.commandLatency + declared.actuatorLag;
  expect(latency + lag).toBeGreaterThan(0.8 * delay);
  expect(latency + lag).toBeLessThan(2 * delay); // a busy machine is late besides
  const { config } = loadRobot(folder);
  expect(config.commandLatency).toBeCloseTo(Math.ceil(latency * 1e3 - 1e-6) / 1e3, 9);
  expect(config.actuatorLag).toBeCloseTo(Math.ceil(lag * 1e3 - 1e-6) / 1e3, 9);
  expect(otherLines(readFileSync(file, 'utf8'))).toEqual(otherLines(before));
  robot.kill('SIGINT');
  const summary = JSON.parse((await robot.ended).stdout) as TwinSummary;
  expect(summary.violationList).toEqual([]);
  expect(summary.commands).toBeGreaterThan(300);
});
