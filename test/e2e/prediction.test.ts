/**
 * A policy that is predicted while it drives: a short training, then twin and `dynabridge run` in processes of their own, over the wire.
 * What is tested is what the guard does with predictions, not how well anything was learned.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { choosePrediction } from '../../src/agent/index.js';
import { systemClock } from '../../src/core/index.js';
import { RunDirectory } from '../../src/data/index.js';
import {
  SENSOR_QOS,
  STATUS_QOS,
  createMiddleware,
  type DiagnosticStatus,
  type JointState,
  type Middleware,
} from '../../src/io/ros/index.js';
import { findRobot, loadRobot } from '../../src/robot/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '76' };
const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-prediction-'));
const robotFolder = path.join(folder, 'cartpole');
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
const LIMIT = 'training/learner/model/disagreementLimit';

let run: RunDirectory;
let measuredLimit = NaN;
let middleware: Middleware;
/** [m/s] since this test began */
let fastest = 0;
let statuses: Record<string, string>[] = [];
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}
const twin = (): Dynabridge => start('twin', '--robot', robotFolder, '--json');
const drive = (): Dynabridge =>
  start('run', '--robot', robotFolder, '--run', run.path, '--wait', '30', '--json');

/** A further checkpoint whose policy always asks for full motion to the right. @param limit how much disagreement is held to be usual */
function pushRight(limit: number): void {
  const { tensors, parts, step } = run.loadCheckpoint();
  const kernel = tensors['policy/mean/kernel']!;
  run.saveCheckpoint({
    step,
    parts,
    tensors: {
      ...tensors,
      'policy/mean/kernel': { shape: kernel.shape, data: new Float32Array(kernel.data.length) },
      'policy/mean/bias': { shape: [1], data: Float32Array.of(20) },
      [LIMIT]: { shape: [1], data: Float32Array.of(limit) },
    },
  });
}

/** Ends both; nothing may have gone wrong. */
async function endWell(bridge: Dynabridge, robot: Dynabridge): Promise<Record<string, number>> {
  bridge.kill('SIGINT');
  const { code, stdout } = await bridge.ended;
  const { end, faults, reasons } = JSON.parse(stdout.split('\n')[0]!) as {
    end: string;
    faults: string[];
    reasons: Record<string, number>;
  };
  expect({ end, faults, code }).toEqual({ end: 'clean', faults: [], code: 130 });
  robot.kill('SIGINT');
  expect((JSON.parse((await robot.ended).stdout) as TwinSummary).violationList).toEqual([]);
  return reasons;
}

/** In robot.yaml of this test's robot. */
function edit(find: RegExp, replace: string, to = robotFolder): void {
  const file = path.join(to, 'robot.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(find);
  writeFileSync(file, text.replace(find, replace));
}

beforeAll(async () => {
  cpSync(findRobot('cartpole'), robotFolder, { recursive: true });
  edit(/state_timeout_ms: .*/, 'state_timeout_ms: 1000'); // a busy machine is not what is tested
  const config = path.join(folder, 'learner.yaml');
  writeFileSync(config, 'updatesPerStep: 1\nworld: {model: {maxGradientSteps: 200}}\n');
  const training = new Dynabridge([
    ...['train', '--robot', robotFolder, '--steps', '300', '--config', config, '--runs', folder, '--json'],
    ...['--evaluate-every', '300', '--evaluation-episodes', '1', '--episodes', '1'],
  ]);
  const { code, stdout, stderr } = await training.ended;
  expect(code, stderr).toBe(0);
  run = RunDirectory.open((JSON.parse(stdout) as { run: string }).run, systemClock);
  measuredLimit = run.loadCheckpoint().tensors[LIMIT]!.data[0]!;
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription<JointState>(
    '/joint_states',
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
    (state) => {
      fastest = Math.max(fastest, Math.abs(state.velocity[state.name.indexOf('slider')]!));
    },
  );
  middleware.createSubscription<DiagnosticStatus>(
    '/dynabridge/status',
    'diagnostic_msgs/msg/DiagnosticStatus',
    STATUS_QOS,
    ({ message, values }) =>
      statuses.push({ message, ...Object.fromEntries(values.map(({ key, value }) => [key, value])) }),
  );
}, 120_000);
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
  fastest = 0;
  statuses = [];
});
afterAll(async () => {
  await middleware.close();
  run.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a run with a world model', () => {
  it('has measured how much disagreement is usual', () => {
    expect(measuredLimit).toBeGreaterThan(0);
    expect(measuredLimit).toBeLessThan(Infinity);
  });

  it('drives with full authority where nothing speaks against it, and tells ROS the blend ratio', async () => {
    pushRight(1e30);
    const robot = twin();
    const bridge = drive();
    await bridge.says(/predicted 4 steps ahead/);
    await bridge.says(/engaged/);
    await expect.poll(() => fastest, { timeout: 20_000 }).toBeGreaterThan(AT_REST);
    expect(statuses).toContainEqual(
      expect.objectContaining({
        mode: 'active',
        blend_ratio: '1',
        message: 'the agent drives, through the gate',
      }),
    );
    await endWell(bridge, robot);
  });

  it('is held, and is no fault, where all states are unlike what was recorded', async () => {
    pushRight(0);
    const robot = twin();
    const bridge = drive();
    await bridge.says(/engaged/);
    await bridge.says(/blend-ratio: ratio 0, why the model's members disagree by .* nat, limit 0/);
    await expect
      .poll(() => statuses.at(-1), { timeout: 10_000 })
      .toMatchObject({ mode: 'active', blend_ratio: '0' });
    expect(statuses.at(-1)!['message']).toMatch(
      /^the agent drives, blend_ratio 0: the model's members disagree/,
    );
    await sleep(500);
    expect(fastest).toBeLessThan(AT_REST);
    expect((await endWell(bridge, robot))['evidence']).toBeGreaterThan(0);
  });
});

describe('choosePrediction', () => {
  it('says why a run is not predicted: robot.yaml, or no world model', () => {
    const checkpoint = run.loadCheckpoint();
    const robot = loadRobot(robotFolder);
    expect(choosePrediction(checkpoint, robot)).toEqual({ enabled: true, horizon: 4 });
    const { model: _, ...parts } = checkpoint.parts;
    expect(choosePrediction({ ...checkpoint, parts }, robot)).toEqual({
      enabled: false,
      why: 'the run has no world model to predict with',
    });
    const copy = path.join(folder, 'unpredicted');
    cpSync(robotFolder, copy, { recursive: true });
    edit(/^/, 'prediction: {enabled: false}\n', copy);
    expect(choosePrediction(checkpoint, loadRobot(copy))).toMatchObject({
      why: 'robot.yaml says prediction: {enabled: false}',
    });
  });

  it('refuses a world model of another robot, and one that was never fitted', () => {
    const checkpoint = run.loadCheckpoint();
    expect(() => choosePrediction(checkpoint, loadRobot(findRobot('reacher')))).toThrow(
      /this robot has \[shoulder/,
    );
    const tensors = { ...checkpoint.tensors, [LIMIT]: { shape: [1], data: Float32Array.of(NaN) } };
    expect(() => choosePrediction({ ...checkpoint, tensors }, loadRobot(robotFolder))).toThrow(
      /enabled: false/,
    );
  });
});
