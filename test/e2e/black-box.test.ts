/**
 * What a run leaves behind when something trips: twin and `dynabridge run` in processes of their own over the wire, and the files
 * read back as a user would, with `dynabridge blackbox`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import { readBlackBox, type BlackBox, type BlackBoxTick } from '../../src/data/index.js';
import {
  DIAGNOSTIC_LEVEL,
  SENSOR_QOS,
  STATUS_QOS,
  createMiddleware,
  type DiagnosticStatus,
  type JointState,
  type Middleware,
  type TriggerResponse,
} from '../../src/io/ros/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '78' };
/** of a command or a measured velocity [m/s]; the latter is above the noise of the differentiated encoder */
const MOVING = 0.05;
/** a loaded machine is not what is tested here */
const STATE_TIMEOUT_MS = 1_000;

let scratch: ScratchBridge;
let middleware: Middleware;
let velocity = 0;
const statuses: DiagnosticStatus[] = [];
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}

/** A twin and a run that drives it. */
async function drive(): Promise<{ bridge: Dynabridge; guard: number; agent: number }> {
  const { folder } = scratch.robot;
  start('twin', '--robot', folder, '--json');
  const bridge = start('run', '--robot', folder, '--run', scratch.run.path, '--json');
  const [, guard, agent] = await bridge.says(/started guard (\d+), agent (\d+)/);
  await bridge.says(/engaged: the agent drives/);
  await moving();
  return { bridge, guard: Number(guard), agent: Number(agent) };
}

const moving = () => expect.poll(() => Math.abs(velocity), { timeout: 20_000 }).toBeGreaterThan(2 * MOVING);

async function call(name: string): Promise<TriggerResponse> {
  const client = middleware.createClient<object, TriggerResponse>(
    `/dynabridge/${name}`,
    'std_srvs/srv/Trigger',
  );
  const response = await client.call({}, 5_000);
  client.close();
  return response;
}

/** Clears the e-stop, once the robot is at rest, and gives the agent authority again. */
async function goOn(): Promise<void> {
  for (const name of ['reset', 'engage'])
    await expect.poll(async () => (await call(name)).success, { timeout: 20_000 }).toBe(true);
}

async function blackBoxesOf(bridge: Dynabridge): Promise<BlackBox[]> {
  const { stdout } = await bridge.ended;
  const { blackBoxes } = JSON.parse(stdout.split('\n')[0]!) as { blackBoxes: string[] };
  return Promise.all(blackBoxes.map(readBlackBox));
}

const isMoving = (tick: BlackBoxTick) => tick.sent.some((value) => Math.abs(value) > MOVING);
const value = ({ values }: DiagnosticStatus, key: string) => values.find((entry) => entry.key === key)?.value;

beforeAll(async () => {
  scratch = new ScratchBridge(100, { stateTimeoutMs: STATE_TIMEOUT_MS });
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription<JointState>(
    '/joint_states',
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
    (message) => {
      velocity = message.velocity[message.name.indexOf('slider')]!;
    },
  );
  middleware.createSubscription<DiagnosticStatus>(
    '/dynabridge/status',
    'diagnostic_msgs/msg/DiagnosticStatus',
    STATUS_QOS,
    (status) => statuses.push(status),
  );
});
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
  statuses.length = 0;
  velocity = 0;
});
afterAll(async () => {
  await middleware.close();
  scratch.dispose();
});

describe('the black box', () => {
  it(
    'of an e-stop shows the motion and the stop, tells the same in ~/status, and a second trip has its own',
    { timeout: 180_000 },
    async () => {
      const { bridge } = await drive();
      expect((await call('estop')).success).toBe(true);
      const [, file] = await bridge.says(/black-box: file (\S+\.mcap), cause estop/);
      const box = await readBlackBox(file!);
      expect(box.trip).toMatchObject({ cause: 'estop', message: 'e-stop pressed' });
      expect(box.trip.clearedBy).toMatch(/release the e-stop, then reset/);
      const before = box.ticks.filter((tick) => tick.timeNs <= box.trip.timeNs);
      const after = box.ticks.filter((tick) => tick.timeNs > box.trip.timeNs);
      expect(before.slice(-20).some(isMoving)).toBe(true);
      expect(before.at(-1)).toMatchObject({ mode: 'active', authority: 'agent' });
      expect(after.every((tick) => tick.mode === 'estop' && tick.authority === 'hold')).toBe(true);
      expect(isMoving(after.at(-1)!)).toBe(false);
      expect(after.at(-1)!.velocities[0]).toBeCloseTo(0, 1);
      expect(box.proposals.length).toBeGreaterThan(50);
      expect(box.events.filter(({ trip }) => trip).map(({ kind }) => kind)).toEqual(['fault']);

      await expect.poll(() => value(statuses.at(-1)!, 'black box'), { timeout: 5_000 }).toContain(file);
      const status = statuses.at(-1)!;
      expect(status.level).toBe(DIAGNOSTIC_LEVEL.error);
      expect(status.message).toMatch(/e-stop pressed; cleared by: release the e-stop.*\/dynabridge\/reset/);
      expect(value(status, 'fault check')).toBe('estop');
      expect(Number.isNaN(Date.parse(value(status, 'fault since')!))).toBe(false);

      await goOn();
      await moving();
      expect((await call('estop')).success).toBe(true);
      bridge.kill('SIGINT'); // before the second file is due: the recorder writes it as it ends
      const boxes = await blackBoxesOf(bridge);
      expect(boxes.map(({ trip }) => trip.cause)).toEqual(['estop', 'estop']);
      expect(boxes[1]!.trip.timeNs).toBeGreaterThan(box.trip.timeNs);
      expect(boxes[1]!.ticks.some((tick) => tick.timeNs > box.trip.timeNs && tick.mode === 'active')).toBe(
        true,
      );

      const told = await start('blackbox', file!, '--json').ended;
      expect(told.code).toBe(0);
      const account = JSON.parse(told.stdout) as {
        cause: string;
        lastTicks: { sent: object }[];
        figures: string[];
      };
      expect(account.cause).toBe('estop');
      expect(account.lastTicks).toHaveLength(10);
      expect(account.figures.every((figure) => existsSync(figure))).toBe(true);
      const text = await start('blackbox', file!).ended;
      expect(text.stdout).toMatch(/cause\s+estop: e-stop pressed/);
      expect(text.stdout).toMatch(/sent slider/);
    },
  );

  it('of a guard that was killed holds what it did until then', async () => {
    const { bridge, guard } = await drive();
    process.kill(guard, 'SIGKILL');
    const boxes = await blackBoxesOf(bridge);
    const { ticks, trip, events } = boxes.at(-1)!;
    expect(trip.cause).toBe('guard-lost');
    expect(events.at(-1)).toMatchObject({ kind: 'guard-lost', trip: true });
    expect(ticks.at(-1)).toMatchObject({ mode: 'active', authority: 'agent' });
    expect(ticks.slice(-20).some(isMoving)).toBe(true);
  });

  it('of an agent that was killed shows who had authority when', async () => {
    const { bridge, agent } = await drive();
    process.kill(agent, 'SIGKILL');
    await bridge.says(/black-box: file \S+, cause agent-lost/);
    bridge.kill('SIGINT');
    const [box] = await blackBoxesOf(bridge);
    expect(new Set(box!.ticks.map(({ authority }) => authority))).toEqual(new Set(['agent', 'hold']));
  });

  it('is not written at an end that was asked for', async () => {
    const { bridge } = await drive();
    bridge.kill('SIGINT');
    expect(await blackBoxesOf(bridge)).toEqual([]);
  });

  it('that cannot be written is told once, and control goes on', async () => {
    const other = new ScratchBridge(100, { stateTimeoutMs: STATE_TIMEOUT_MS });
    writeFileSync(other.run.blackBoxFolder, 'a file where the folder should be');
    const { folder } = other.robot;
    start('twin', '--robot', folder, '--json');
    const bridge = start('run', '--robot', folder, '--run', other.run.path, '--json');
    await bridge.says(/engaged: the agent drives/);
    expect((await call('estop')).success).toBe(true);
    await bridge.says(/the black box of 'estop' is not written: .*; control goes on/);
    await goOn();
    bridge.kill('SIGINT');
    const { stdout, stderr } = await bridge.ended;
    expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({ end: 'clean', blackBoxes: [] });
    expect(stderr.match(/is not written/g)).toHaveLength(1);
    other.dispose();
  });
});
