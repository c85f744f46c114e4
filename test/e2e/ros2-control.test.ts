/** The examples of docs/ros2-control.md, each driven by a policy against its twin: processes of their own, over the wire. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import type { TwinSummary } from '../../sim/twin/index.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '87' };
/** a loaded machine is not what is tested here */
const STATE_TIMEOUT_MS = 1_000;
const SECONDS = 2;

let scratch: ScratchBridge;
const started: Dynabridge[] = [];

function start(...args: string[]): Dynabridge {
  const process = new Dynabridge(args, env);
  started.push(process);
  return process;
}

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill('SIGKILL');
    await process.ended;
  }
  scratch.dispose();
});

describe('an example of ros2_control', () => {
  it.each([
    ['forward-velocity', '/forward_velocity_controller/commands'],
    ['trajectory-position', '/joint_trajectory_controller/joint_trajectory'],
  ])(
    'drives its robot within limits, stops it, and replays the same: %s',
    { timeout: 120_000 },
    async (name, topic) => {
      const robot = fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url));
      scratch = new ScratchBridge(100, { robot, policyRateHz: 20, stateTimeoutMs: STATE_TIMEOUT_MS });
      const { folder } = scratch.robot;
      const twin = start('twin', '--robot', folder, '--json');
      await twin.says(new RegExp(`commands from ${topic}`));
      const bridge = start(
        ...['run', '--robot', folder, '--run', scratch.run.path, '--duration', String(SECONDS)],
        ...['--record', `${scratch.folder}/drive.mcap`, '--json'],
      );
      const ended = await bridge.ended;
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(/stopped: outcome at rest/);
      const { commands } = JSON.parse(ended.stdout) as { commands: number };
      expect(commands).toBeGreaterThan(SECONDS * 10);

      twin.kill('SIGINT');
      const summary = JSON.parse((await twin.ended).stdout) as Record<string, number>;
      expect(summary).toMatchObject({ violations: 0, rejectedCommands: 0 });
      expect(summary['commands']).toBeGreaterThan(SECONDS * 10);

      const replay = await start('replay', `${scratch.folder}/drive.mcap`, '--json').ended;
      expect(replay.code, replay.stderr).toBe(0);
      expect(JSON.parse(replay.stdout)).toMatchObject({ differences: 0, commands });
    },
  );
});

describe('a trajectory of several points', () => {
  const POINTS = 20;
  /** shorter than the silence after which a guard is fenced [ms] */
  const STALL_MS = 60;

  function startBridge(recorded = false): { twin: Dynabridge; bridge: Dynabridge } {
    const robot = fileURLToPath(new URL('../../docs/examples/trajectory-position', import.meta.url));
    scratch = new ScratchBridge(100, { robot, policyRateHz: 20, stateTimeoutMs: STATE_TIMEOUT_MS });
    const { folder } = scratch.robot;
    appendFileSync(`${folder}/robot.yaml`, `\ncommand_points: ${POINTS}\n`);
    const twin = start('twin', '--robot', folder, '--json');
    const bridge = start(
      'run',
      '--robot',
      folder,
      '--run',
      scratch.run.path,
      '--json',
      ...(recorded ? ['--record', recording()] : []),
    );
    return { twin, bridge };
  }

  const recording = (): string => `${scratch.folder}/points.mcap`;

  async function violationsOf(twin: Dynabridge): Promise<unknown> {
    twin.kill('SIGINT');
    const summary = JSON.parse((await twin.ended).stdout) as TwinSummary;
    expect(summary.rejectedCommands).toBe(0);
    return summary.violationList;
  }

  it(
    'is followed while the guard stalls, by robot, gate and replay alike',
    { timeout: 120_000 },
    async () => {
      const { twin, bridge } = startBridge(true);
      const guard = Number((await bridge.says(/guard (\d+)/))[1]);
      await bridge.says(/engaged: the agent drives/);
      for (let i = 0; i < 10; i++) {
        process.kill(guard, 'SIGSTOP');
        await sleep(STALL_MS);
        process.kill(guard, 'SIGCONT');
        await sleep(100);
      }
      bridge.kill('SIGINT');
      const ended = await bridge.ended;
      expect(ended.code, ended.stderr).toBe(130);
      expect(await violationsOf(twin)).toEqual([]);
      const replay = await start('replay', recording(), '--json').ended;
      expect(replay.code, replay.stdout).toBe(0);
      expect(JSON.parse(replay.stdout)).toMatchObject({ differences: 0 });
    },
  );

  it('is replaced by the emergency stop when the guard is killed', { timeout: 120_000 }, async () => {
    const { twin, bridge } = startBridge();
    const guard = Number((await bridge.says(/guard (\d+)/))[1]);
    await bridge.says(/engaged: the agent drives/);
    await sleep(500);
    process.kill(guard, 'SIGKILL');
    const ended = await bridge.ended;
    expect(ended.code).toBe(5);
    expect(ended.stderr).toMatch(/emergency-stop|emergency stop/i);
    expect(await violationsOf(twin)).toEqual([]);
  });
});
