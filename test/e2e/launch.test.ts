/**
 * The launch files. Their syntax is checked wherever there is a Python; they are launched where ROS 2 is sourced and dynabridge was built as
 * a package (colcon build, source install/setup.bash).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../bench/scratch-bridge.js';
import { packageRoot } from '../../src/core/index.js';
import { Dynabridge } from './own-process.js';

const FOLDER = fileURLToPath(new URL('launch', packageRoot()));
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.py'));
const LAUNCH_FILES = FILES.filter((name) => name.endsWith('.launch.py'));
const env = { ...process.env, ROS_DOMAIN_ID: '88' };

const hasPython = spawnSync('python3', ['--version']).status === 0;
const isPackage = spawnSync('ros2', ['pkg', 'prefix', 'dynabridge'], { env }).status === 0;
const requirement = isPackage ? '' : ' (skipped: ROS 2 is not sourced, or dynabridge not built with colcon)';

describe.skipIf(!hasPython)(`launch files${hasPython ? '' : ' (skipped: no python3)'}`, () => {
  it.each(FILES)('%s is Python', (file) => {
    const check = 'import ast, sys; ast.parse(open(sys.argv[1]).read())';
    const { status, stderr } = spawnSync('python3', ['-c', check, path.join(FOLDER, file)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe.skipIf(!isPackage)(`ros2 launch dynabridge${requirement}`, () => {
  const scratch = new ScratchBridge(100, { policyRateHz: 25, policy: 'shuttle' });
  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started)
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    scratch.dispose();
  });

  /** Launches until `pattern` is said, then Ctrl+C; gives all that was said. */
  async function launch(pattern: RegExp, ...args: string[]): Promise<string> {
    const child = spawn('ros2', ['launch', 'dynabridge', ...args], { env, detached: true });
    started.push(child);
    let said = '';
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const heard = new Promise<void>((resolve) => {
      const take = (text: Buffer): void => {
        said += text.toString();
        if (pattern.test(said)) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
    });
    const patience = setTimeout(() => child.kill('SIGINT'), 40_000);
    await Promise.race([heard, ended]);
    clearTimeout(patience);
    child.kill('SIGINT');
    await ended;
    expect(said).toMatch(pattern);
    return said;
  }
  const robot = `robot:=${scratch.robot.folder}`;
  const run = `run:=${scratch.run.path}`;

  it.each(LAUNCH_FILES)('%s describes its arguments', (file) => {
    const { stdout, status } = spawnSync('ros2', ['launch', 'dynabridge', file, '--show-args'], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toContain("'robot':");
    expect(stdout).not.toContain('no description given');
  });

  it('sim.launch.py: the agent drives the twin, and Ctrl+C stops both', async () => {
    const said = await launch(/mode: from mute, to active/, 'sim.launch.py', robot, run, 'namespace:=arm');
    expect(said).toMatch(/mode: from active, to stopping/);
    expect(said).toMatch(/violations +0\n/);
  });

  it('bringup.launch.py: configures and activates a managed node, which holds', async () => {
    const said = await launch(
      /mode: from mute, to holding/,
      ...['bringup.launch.py', robot, run, 'managed:=true', 'use_mock_hardware:=true'],
    );
    expect(said).not.toMatch(/engaged/);
    expect(said).toMatch(/mode: from holding, to stopping/);
    expect(said).not.toMatch(/exception/i);
  });

  it('finetune.launch.py: refines a policy on the twin, and ends when its budget is spent', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-launch-'));
    const config = path.join(folder, 'learner.yaml');
    writeFileSync(config, 'updatesPerStep: 1\nworld: {model: {maxGradientSteps: 100}}\n');
    const { code, stdout, stderr } = await new Dynabridge([
      ...['train', '--robot', 'pendulum', '--task', 'swing-up', '--steps', '300', '--config', config],
      ...['--runs', folder, '--evaluation-episodes', '1', '--episodes', '1', '--json'],
    ]).ended;
    expect(code, stderr).toBe(0);
    const trained = (JSON.parse(stdout) as { run: string }).run;
    const said = await launch(
      /\[dynabridge-1\]: process has (finished cleanly|died)/, // the twin: launch ends it after the bridge, and then itself
      ...['finetune.launch.py', 'robot:=pendulum', `run:=${trained}`, 'budget:=10s', 'namespace:=arm'],
      ...['evaluation_episodes:=0', 'use_mock_hardware:=true', 'task:=swing-up', `config:=${config}`],
    );
    rmSync(folder, { recursive: true });
    expect(said).toMatch(/kept +the refined policy/);
    expect(said).toMatch(/violations +0\n/);
  });
});
