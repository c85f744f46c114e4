/**
 * What a robot's surroundings do to a bridge: states, signals, disk, processor, other nodes. The twin is the witness. The agent
 * shuttles to and fro, so that there is motion to be stopped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import {
  COMMAND_QOS,
  SENSOR_QOS,
  createMiddleware,
  type JointState,
  type Middleware,
} from '../../src/io/ros/index.js';
import { Dynabridge, isAlive } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75' };
const RATE_HZ = 100;
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;

let scratch: ScratchBridge;
let middleware: Middleware;
let velocity = NaN;
const started: Dynabridge[] = [];

function start(args: readonly string[], more: NodeJS.ProcessEnv = {}): Dynabridge {
  const process = new Dynabridge([...args, '--json'], { ...env, ...more });
  started.push(process);
  return process;
}
const twin = (...more: string[]) => start(['twin', '--robot', scratch.robot.folder, ...more]);
const run = (more: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) =>
  start(['run', '--robot', scratch.robot.folder, '--run', scratch.run.path, ...more], environment);

/** The agent drives the robot. On a machine that is too busy the bridge may have stopped it already, and is asked anew. */
async function moving(bridge: Dynabridge): Promise<void> {
  await bridge.says(/engaged: the agent drives/);
  const engage = middleware.createClient('/dynabridge/engage', 'std_srvs/srv/Trigger');
  const speed = async (): Promise<number> => {
    if (Math.abs(velocity) < AT_REST) await engage.call({}, 500).catch(() => {});
    return Math.abs(velocity);
  };
  await expect.poll(speed, { timeout: 30_000, interval: 100 }).toBeGreaterThan(AT_REST);
  engage.close();
}
const atRest = () => expect.poll(() => Math.abs(velocity), { timeout: 20_000 }).toBeLessThan(AT_REST);

async function call(service: string): Promise<void> {
  const client = middleware.createClient(service, 'std_srvs/srv/Trigger');
  expect((await client.call({}, 20_000)).success).toBe(true);
  client.close();
}

async function pidOf(bridge: Dynabridge, name: string): Promise<number> {
  return Number((await bridge.says(new RegExp(`${name} (\\d+)`)))[1]);
}

/** Ends the twin and gives its account. */
async function witness(robot: Dynabridge): Promise<TwinSummary> {
  robot.kill('SIGINT');
  const seen = JSON.parse((await robot.ended).stdout) as TwinSummary;
  expect(seen.violationList).toEqual([]);
  return seen;
}

/** Loaded into every process of a bridge before its own code; the one that gets SIGUSR2 runs the statement. */
function onSignal(statement: string): string {
  const handler = `process.on('SIGUSR2', () => { ${statement}; });`;
  return `--import=data:text/javascript,${encodeURIComponent(handler)}`;
}

interface Account {
  readonly code: number | null;
  readonly end: string;
  readonly faults: readonly string[];
}

async function ends(bridge: Dynabridge): Promise<Account> {
  const { code, stdout } = await bridge.ended;
  return { code, ...(JSON.parse(stdout.split('\n')[0]!) as Omit<Account, 'code'>) };
}

beforeAll(async () => {
  middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'observer', env });
  middleware.createSubscription<JointState>(
    '/joint_states',
    'sensor_msgs/msg/JointState',
    SENSOR_QOS,
    (message) => {
      velocity = message.velocity[message.name.indexOf('slider')]!;
    },
  );
});
beforeEach(() => {
  scratch = new ScratchBridge(RATE_HZ, { policyRateHz: 25, policy: 'shuttle' });
});
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
  velocity = NaN;
  scratch.dispose();
});
afterAll(() => middleware.close());

describe('joint states', () => {
  it('that stop lead to rest within what is known of the robot, and their return to no motion', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    await call('/twin/pause_states');
    await bridge.says(/disengaged: reason the joint state was lost/);
    await sleep(500); // the robot ramps down unseen
    await call('/twin/resume_states');
    await atRest();
    await sleep(500);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    bridge.kill('SIGINT');
    expect((await ends(bridge)).end).toBe('clean');
    await witness(robot);
  });

  it('at ten times the control rate make no more commands', async () => {
    const robot = twin('--rate', String(10 * RATE_HZ));
    const bridge = run();
    await moving(bridge);
    await sleep(2_000);
    bridge.kill('SIGINT');
    expect((await ends(bridge)).end).toBe('clean');
    const { commands, states, seconds } = await witness(robot);
    expect(states).toBeGreaterThan(2 * commands); // it was a flood
    expect(commands).toBeLessThan(seconds * RATE_HZ * 1.1);
    expect(commands).toBeGreaterThan(10);
  });

  it('with stamps that are wrong by ten seconds are judged by when they came', async () => {
    const folder = path.join(scratch.folder, 'stamped', 'cartpole');
    cpSync(scratch.robot.folder, folder, { recursive: true });
    const yaml = path.join(folder, 'robot.yaml');
    const text = readFileSync(yaml, 'utf8');
    writeFileSync(yaml, text.replace('state_topic: /joint_states', 'state_topic: /true_states'));
    const states = middleware.createPublisher<JointState>(
      '/joint_states',
      'sensor_msgs/msg/JointState',
      SENSOR_QOS,
    );
    let off = 10;
    const relay = middleware.createSubscription<JointState>(
      '/true_states',
      'sensor_msgs/msg/JointState',
      SENSOR_QOS,
      ({ header, ...state }) => {
        off = -off;
        const stamp = { ...header.stamp, sec: header.stamp.sec + off };
        states.publish({ ...state, header: { ...header, stamp } });
        velocity = state.velocity[state.name.indexOf('slider')]!;
      },
    );
    const robot = start(['twin', '--robot', folder]);
    const bridge = run();
    await moving(bridge);
    await bridge.says(/topics: why joint states on \/joint_states are stamped .*; check the clocks/);
    await sleep(1_000);
    bridge.kill('SIGINT');
    expect((await ends(bridge)).end).toBe('clean');
    expect((await witness(robot)).commands).toBeGreaterThan(10);
    relay.close();
    states.close();
  });
});

describe('a signal', () => {
  it('SIGTERM to the bridge ramps to rest and ends with exit code 130', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    bridge.kill('SIGTERM');
    const { code, end, faults } = await ends(bridge);
    expect(end).toBe('clean');
    expect(code).toBe(faults.length === 0 ? 130 : 5);
    await atRest();
    await witness(robot);
  });

  it('SIGTERM to the guard alone does so too, and is told', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    process.kill(await pidOf(bridge, 'guard'), 'SIGTERM');
    const { code, end, faults } = await ends(bridge);
    expect(bridge.stderr).toMatch(/disengaged: reason SIGTERM/);
    expect(end).toBe('clean');
    expect(code).toBe(faults.length === 0 ? 0 : 5);
    await atRest();
    await witness(robot);
  });
});

describe('a supervisor that was held up for longer than a guard may be silent', () => {
  it('does not take the guard for stalled', async () => {
    const stall = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)';
    const robot = twin();
    const bridge = run([], { NODE_OPTIONS: onSignal(stall) });
    await moving(bridge);
    const guard = await pidOf(bridge, 'guard');
    bridge.kill('SIGUSR2');
    await sleep(1_500);
    bridge.kill('SIGSTOP');
    await sleep(1_000);
    bridge.kill('SIGCONT');
    await sleep(500);
    expect(isAlive(guard)).toBe(true);
    await moving(bridge);
    bridge.kill('SIGINT');
    expect((await ends(bridge)).end).toBe('clean');
    expect(bridge.stderr).not.toMatch(/fenced/);
    await witness(robot);
  });
});

describe('an error in the guard that nobody catches', () => {
  it.each([
    ['an exception', 'throw new Error("sought")'],
    ['a rejection', 'Promise.reject(new Error("sought"))'],
  ])('%s ends it, and the supervisor stops the robot', async (_, statement) => {
    const robot = twin();
    const bridge = run([], { NODE_OPTIONS: onSignal(statement) });
    await moving(bridge);
    const guard = await pidOf(bridge, 'guard');
    process.kill(guard, 'SIGUSR2');
    const { code, end } = await ends(bridge);
    expect(bridge.stderr).toMatch(/sought/);
    expect(bridge.stderr).toMatch(/fenced: why the guard died/);
    expect(end).toBe('fenced');
    expect(code).toBe(5);
    expect(isAlive(guard)).toBe(false);
    await atRest();
    await witness(robot);
  });
});

describe.skipIf(process.platform !== 'linux')('a full disk', () => {
  const fill = (pid: number) => spawnSync('prlimit', ['--pid', String(pid), '--fsize=1:1']).status;

  it('that takes no more events nor a report does not keep a robot from being driven and stopped', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    expect(fill(bridge.child.pid!)).toBe(0);
    bridge.kill('SIGINT');
    const { code, stdout, stderr } = await bridge.ended;
    expect(stderr).toMatch(/events\.jsonl cannot be written: .*EFBIG/);
    expect(stderr).toMatch(/stopped: outcome at rest/);
    expect(stderr).toMatch(/the report cannot be written: .*EFBIG/);
    expect(JSON.parse(stdout)).toMatchObject({ end: 'clean', report: null });
    expect(code).toBe(130);
    await witness(robot);
  });

  it('that takes no more of an episode does not either', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    const recorder = await pidOf(bridge, 'recorder');
    expect(fill(recorder)).toBe(0);
    await bridge.says(/recording-failed/);
    await moving(bridge);
    bridge.kill('SIGINT');
    expect((await ends(bridge)).end).toBe('clean');
    expect((await witness(robot)).commands).toBeGreaterThan(10);
  });
});

it('a machine without a processor to spare drives or stops, and never makes up for lost ticks', async () => {
  const robot = twin();
  const bridge = run();
  await moving(bridge);
  const burners = Array.from({ length: 4 * os.availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }),
  );
  await sleep(3_000);
  for (const burner of burners) burner.kill('SIGKILL');
  bridge.kill('SIGINT');
  await bridge.ended;
  await atRest();
  const { commands, seconds } = await witness(robot);
  expect(commands).toBeLessThan(seconds * RATE_HZ * 1.1);
}, 120_000);

describe('another node', () => {
  it('that begins to publish commands stops the robot', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    const other = middleware.createPublisher(
      '/velocity_controller/commands',
      'std_msgs/msg/Float64MultiArray',
      COMMAND_QOS,
    );
    await bridge.says(/disengaged: reason another node publishes on/);
    await atRest();
    other.close();
    bridge.kill('SIGINT');
    expect((await ends(bridge)).code).toBe(5);
    await witness(robot);
  });

  it('that is a second copy of the bridge is refused, and the first drives on', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    const { folder } = scratch.robot;
    const copy = start(['run', '--robot', folder, '--run', scratch.run.path]);
    expect((await copy.ended).code).toBe(4);
    expect(copy.stderr).toMatch(/services of \/dynabridge is there already/);
    expect(bridge.stderr).not.toMatch(/disengaged/);
    bridge.kill('SIGINT');
    await bridge.ended;
    await witness(robot);
  });

  it('that is the controller, and goes, stops the robot for good', async () => {
    const robot = twin();
    const bridge = run();
    await moving(bridge);
    robot.kill('SIGKILL');
    await bridge.says(/disengaged/);
    bridge.kill('SIGINT');
    const { code, stderr } = await bridge.ended;
    expect(code).toBe(5);
    expect(stderr).toMatch(/nobody listens on|the joint state was lost/);
  });
});
