/**
 * The bridge as its user runs it: twin and `dynabridge run` in their own processes over the wire. The policy is untrained, so the
 * pole falls and the agent asks for full motion: hard work for the gate. The twin is the witness.
 */
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import { readEpisodes, type Episode, type RunDirectory } from '../../src/data/index.js';
import { robotLayout } from '../../src/env/index.js';
import {
  COMMAND_QOS,
  SENSOR_QOS,
  STATUS_QOS,
  createMiddleware,
  type DiagnosticStatus,
  type JointState,
  type Middleware,
} from '../../src/io/ros/index.js';
import { withPrefix } from '../../src/rl/named-tensors.js';
import { observationSpec } from '../../src/rl/observation.js';
import { snapshotToTensors } from '../../src/rl/policy-snapshot.js';
import { findRobot, loadRobot } from '../../src/robot/index.js';
import { Dynabridge, isAlive } from './own-process.js';

const env = { ROS_DOMAIN_ID: '71' };
const AT_REST = 0.05; // [m/s], above the noise of the differentiated encoder

let scratch: ScratchBridge;
let middleware: Middleware;
let velocity = NaN;
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}
const twin = (): Dynabridge => start('twin', '--robot', scratch.robot.folder, '--json');
const run = (...more: string[]): Dynabridge =>
  start('run', '--robot', scratch.robot.folder, '--run', scratch.run.path, '--json', ...more);

async function pids(bridge: Dynabridge): Promise<{ guard: number; agent: number; recorder: number }> {
  const [, guard, agent, recorder] = await bridge.says(/started guard (\d+), agent (\d+), recorder (\d+)/);
  return { guard: Number(guard), agent: Number(agent), recorder: Number(recorder) };
}

async function eventually(what: string, condition: () => boolean, seconds = 10): Promise<void> {
  for (let i = 0; i < seconds * 40; i++) {
    if (condition()) return;
    await sleep(25);
  }
  throw new Error(`never: ${what}`);
}

/** Ends the twin and gives its account. */
async function witness(robot: Dynabridge): Promise<TwinSummary> {
  robot.kill('SIGINT');
  return JSON.parse((await robot.ended).stdout) as TwinSummary;
}

beforeAll(async () => {
  scratch = new ScratchBridge(100);
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
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
  velocity = NaN;
});
afterAll(async () => {
  await middleware.close();
  scratch.dispose();
});

describe('a run', () => {
  it('ends on Ctrl+C with the robot at rest, no violation, an episode on disk and exit code 130', async () => {
    const robot = twin();
    const bridge = run();
    await bridge.says(/engaged/);
    await sleep(3_000);
    bridge.kill('SIGINT');
    const { code, stdout } = await bridge.ended;
    expect(code).toBe(130);
    const result = JSON.parse(stdout.split('\n')[0]!) as { end: string; commands: number; limited: number };
    expect(result.end).toBe('clean');
    expect(result.limited).toBeGreaterThan(0); // the gate had work
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    const seen = await witness(robot);
    expect(seen.commands).toBe(result.commands);
    expect(seen.violationList).toEqual([]);
    let last: Episode | undefined;
    for await (const episode of readEpisodes(scratch.run.episodesFolder)) last = episode;
    if (!last) throw new Error('no episode was recorded');
    expect(last.header.source).toBe('real');
    expect(last.ticks.filter((tick) => tick.executed.length > 0).length).toBeGreaterThan(100);
    expect(last.footer.reason).toMatch(/supervisor asked/);
  });

  it('is held by the guard when the agent is killed', async () => {
    const robot = twin();
    const bridge = run();
    const { agent, guard } = await pids(bridge);
    await bridge.says(/engaged/);
    await sleep(500);
    process.kill(agent, 'SIGKILL');
    await bridge.says(/agent-lost/);
    await eventually('the robot is at rest', () => Math.abs(velocity) < AT_REST);
    expect(isAlive(guard)).toBe(true);
    bridge.kill('SIGINT');
    const { code, stdout } = await bridge.ended;
    expect(code).toBe(5);
    expect((JSON.parse(stdout.split('\n')[0]!) as { end: string }).end).toBe('clean');
    expect((await witness(robot)).violationList).toEqual([]);
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'is fenced, and the robot stopped, when the guard gets %s',
    async (signal) => {
      const robot = twin();
      const bridge = run();
      const { guard } = await pids(bridge);
      await bridge.says(/engaged/);
      await sleep(500);
      process.kill(guard, signal);
      const { code, stdout, stderr } = await bridge.ended;
      expect(stderr).toMatch(/fenced/);
      expect(code).toBe(5);
      const result = JSON.parse(stdout.split('\n')[0]!) as {
        end: string;
        emergencyStop: { atRest: boolean; commands: number };
      };
      expect(result.end).toBe('fenced');
      expect(result.emergencyStop.atRest).toBe(true);
      expect(result.emergencyStop.commands).toBeGreaterThan(0);
      expect(isAlive(guard)).toBe(false);
      expect(Math.abs(velocity)).toBeLessThan(AT_REST);
      await witness(robot);
    },
  );

  it('is stopped by the guard, which then ends, when the supervisor is killed', async () => {
    twin();
    const bridge = run();
    const { guard, agent, recorder } = await pids(bridge);
    await bridge.says(/engaged/);
    await sleep(500);
    bridge.kill('SIGKILL');
    await eventually('guard, agent and recorder have ended', () => ![guard, agent, recorder].some(isAlive));
    await sleep(200);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
  });

  it('latches an e-stop, refuses to engage, and after a reset holds until it is engaged again', async () => {
    const statuses: string[] = [];
    const subscription = middleware.createSubscription<DiagnosticStatus>(
      '/dynabridge/status',
      'diagnostic_msgs/msg/DiagnosticStatus',
      STATUS_QOS,
      ({ values }) => statuses.push(values.find(({ key }) => key === 'mode')!.value),
    );
    twin();
    const bridge = run();
    await bridge.says(/engaged/);
    const call = async (name: string) => {
      const client = middleware.createClient(`/dynabridge/${name}`, 'std_srvs/srv/Trigger');
      const response = await client.call({}, 5_000);
      client.close();
      return response;
    };
    expect((await call('estop')).success).toBe(true);
    await eventually('the robot is at rest', () => Math.abs(velocity) < AT_REST);
    expect(await call('engage')).toMatchObject({
      success: false,
      message: expect.stringMatching(/e-stop/) as string,
    });
    await eventually('reset is accepted', () => statuses.at(-1) === 'estop');
    let reset = await call('reset');
    for (let i = 0; i < 40 && !reset.success; i++) {
      await sleep(50); // refused while still ramping to rest
      reset = await call('reset');
    }
    expect(reset.success).toBe(true);
    await eventually('holding', () => statuses.at(-1) === 'holding');
    await sleep(300);
    expect(statuses.at(-1)).toBe('holding'); // not back to motion by itself
    expect((await call('engage')).success).toBe(true);
    await eventually('active again', () => statuses.at(-1) === 'active');
    subscription.close();
    bridge.kill('SIGINT');
    expect((await bridge.ended).code).toBe(5); // the e-stop was a fault of this run
  });

  it('loses its authority to nobody when the agent hangs, and does not move again when it wakes', async () => {
    const robot = twin();
    const bridge = run();
    const { agent } = await pids(bridge);
    await bridge.says(/engaged/);
    await sleep(300);
    process.kill(agent, 'SIGSTOP');
    await bridge.says(/agent-silent/);
    await eventually('the robot is at rest', () => Math.abs(velocity) < AT_REST);
    process.kill(agent, 'SIGCONT');
    await sleep(500);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    bridge.kill('SIGINT');
    expect((await bridge.ended).code).toBe(5);
    expect((await witness(robot)).violationList).toEqual([]);
  });

  it('waits while another node publishes on its command topic', async () => {
    twin();
    const other = middleware.createPublisher(
      '/velocity_controller/commands',
      'std_msgs/msg/Float64MultiArray',
      COMMAND_QOS,
    );
    const bridge = run();
    await bridge.says(/waiting: another node publishes on \/velocity_controller\/commands/);
    expect(bridge.stderr).not.toMatch(/engaged/);
    other.close();
    await bridge.says(/engaged/);
  });

  it('ends in order when its terminal is closed', async () => {
    const robot = twin();
    const bridge = run();
    await bridge.says(/engaged/);
    await sleep(300);
    bridge.kill('SIGHUP');
    expect((await bridge.ended).code).toBe(130);
    expect(Math.abs(velocity)).toBeLessThan(AT_REST);
    expect((await witness(robot)).violationList).toEqual([]);
  });

  it('leaves no process behind when the supervisor is killed before anything was engaged', async () => {
    const bridge = run(); // no twin: nothing can be engaged
    const { guard, agent, recorder } = await pids(bridge);
    bridge.kill('SIGKILL');
    await eventually(
      'guard, agent and recorder have ended',
      () => ![guard, agent, recorder].some(isAlive),
      15,
    );
  });

  it('goes on, and says so, when the recorder is killed', async () => {
    twin();
    const bridge = run();
    const { recorder } = await pids(bridge);
    await bridge.says(/engaged/);
    process.kill(recorder, 'SIGKILL');
    await bridge.says(/recorder-ended/);
    await sleep(300);
    bridge.kill('SIGINT');
    const { code, stderr } = await bridge.ended;
    expect(stderr).toMatch(/stopped: outcome at rest/);
    expect(code).toBe(5);
  });

  it('drives through a joint_trajectory_controller too', async () => {
    const robot = start('twin', '--robot', scratch.robot.folder, '--controller', 'jtc', '--json');
    const bridge = run('--controller', 'jtc', '--duration', '2');
    const { code, stdout } = await bridge.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { commands: number }).commands).toBeGreaterThan(100);
    const seen = await witness(robot);
    expect(seen.rejectedCommands).toBe(0);
    expect(seen.violationList).toEqual([]);
  });
});

describe('a run that cannot be', () => {
  it('gives up with exit code 4 when there is no robot, and says how to start one', async () => {
    const { code, stderr } = await run('--wait', '1.5').ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/no usable joint state has arrived on \/joint_states/);
    expect(stderr).toMatch(/dynabridge twin --robot/);
  });

  it('is refused with exit code 3 on another robot, naming each difference', async () => {
    const other = new ScratchBridge(50);
    const { code, stderr } = await start('run', '--robot', other.robot.folder, '--run', scratch.run.path)
      .ended;
    other.dispose();
    expect(code).toBe(3);
    expect(stderr).toMatch(/control.*100 Hz.*50 Hz/i);
    expect(stderr).toMatch(/dynabridge train/);
  });

  it.each<[string, (run: RunDirectory, folder: string) => void, RegExp]>([
    [
      'that is missing',
      (_run, folder) => rmSync(folder, { recursive: true }),
      /step-00000000 has no readable manifest\.json/,
    ],
    [
      'that is damaged',
      (_run, folder) => appendFileSync(path.join(folder, 'tensors.safetensors'), 'x'),
      /tensors\.safetensors has SHA-256 .*, its manifest says /,
    ],
    ['of a policy of other dimensions', saveWiderPolicy, /policy.*observes \[.*\], this robot has \[/],
  ])('is refused with exit code 2, and starts nothing, for a checkpoint %s', async (_, spoil, message) => {
    const other = new ScratchBridge(100);
    spoil(other.run, path.join(other.run.checkpointsFolder, 'step-00000000'));
    const { code, stderr } = await start('run', '--robot', other.robot.folder, '--run', other.run.path).ended;
    other.dispose();
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/started guard/);
    expect(code).toBe(2);
  });
});

/** A checkpoint with the policy of a robot that has more joints. */
function saveWiderPolicy(run: RunDirectory): void {
  const { model } = loadRobot(findRobot('reacher'));
  const observation = observationSpec(robotLayout(model.measured, model.commanded));
  const ones = (count: number) => new Float32Array(count).fill(1);
  const layer = { inputs: observation.size, outputs: observation.actionSize };
  const dense = { ...layer, kernel: ones(layer.inputs * layer.outputs), bias: ones(layer.outputs) };
  const normaliser = { mean: ones(observation.size), std: ones(observation.size), clip: 10 };
  const { tensors, meta } = snapshotToTensors({
    observation,
    normaliser,
    hidden: [],
    mean: dense,
    logStd: dense,
  });
  run.saveCheckpoint({
    step: 1,
    tensors: withPrefix('policy', tensors),
    parts: { policy: structuredClone(meta) } as never,
  });
}
