/** An operator without a policy: `teleop-device` by orders or on a terminal, `teleop`, and the twin as the witness; a process each. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TwinSummary } from '../../sim/twin/index.js';
import { systemClock } from '../../src/core/index.js';
import { RunDirectory, transitionsOf, type Episode } from '../../src/data/index.js';
import { actionToCommand, commandOffset, robotLayout } from '../../src/env/index.js';
import { SENSOR_QOS, createMiddleware, type JointState, type Middleware } from '../../src/io/ros/index.js';
import { findRobot, loadRobot } from '../../src/robot/index.js';
import { missingTools } from '../conformance/operator-device.js';
import { Dynabridge, MAIN } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75' };
/** [m/s], above the noise of the differentiated encoder */
const AT_REST = 0.05;
const [RELEASED, ENABLED] = ['stick 1 0 100 0', 'stick 1 1 100 0'];
const [RIGHT, LEFT] = ['stick 1 1 100 32767', 'stick 1 1 100 -32767'];
const missing = missingTools();
const soon = { timeout: 20_000 };

describe.skipIf(missing !== undefined)(`teleoperation alone${missing ? `: ${missing}` : ''}`, () => {
  let folder: string;
  let port: string;
  let middleware: Middleware;
  let velocity = NaN;
  const running: Dynabridge[] = [];
  const start = (args: string[], stdin: 'ignore' | 'pipe' = 'ignore') => {
    const one = new Dynabridge(args, env, { stdin });
    running.push(one);
    return one;
  };

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
    folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-teleop-'));
    port = path.join(folder, 'port');
  });
  afterEach(async () => {
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
    rmSync(folder, { recursive: true });
  });
  afterAll(() => middleware.close());

  /** Presses enable anew until the bridge has said something so often: a busy machine has its joint states late. */
  async function press(bridge: Dynabridge, device: Dynabridge, said: RegExp, times = 1): Promise<void> {
    const once = async () => {
      if ((bridge.stderr.match(said)?.length ?? 0) >= times) return true;
      device.type(RELEASED);
      await sleep(100);
      device.type(ENABLED);
      await sleep(400);
      return false;
    };
    await expect.poll(once, soon).toBe(true);
  }
  const TAKEN = /teleop: event taken/g;

  /** A cartpole of our own, with more in its robot.yaml; late joint states are another test's. */
  function ownCartpole(more = ''): string {
    const own = path.join(folder, 'cartpole');
    cpSync(findRobot('cartpole'), own, { recursive: true });
    const yaml = path.join(own, 'robot.yaml');
    const text = readFileSync(yaml, 'utf8').replace(/state_timeout_ms: .*/, 'state_timeout_ms: 1000');
    writeFileSync(yaml, `${text}\n${more}\n`);
    return own;
  }

  /** What the operator did is there, an episode each time, as transitions whose actions mean the commands that were executed. */
  async function expectLearnable(path: string, own: string, times: number): Promise<void> {
    const { model, config } = loadRobot(own);
    const from = commandOffset(robotLayout(model.measured, model.commanded), 'slider');
    const run = RunDirectory.open(path, systemClock);
    const episodes: Episode[] = [];
    for await (const episode of run.episodes({ source: 'teleop' })) episodes.push(episode);
    run.close();
    expect(episodes).toHaveLength(times);
    expect(episodes.every(({ ticks }) => ticks.some(({ source }) => source === 'teleop'))).toBe(true);
    const transitions = episodes.flatMap(transitionsOf);
    expect(transitions.length).toBeGreaterThan(5);
    for (const { frame, action, next } of transitions) {
      const [command] = actionToCommand(config.action, action, frame.subarray(from), new Float64Array(1));
      expect(command).toBeCloseTo(next[from]!, 4);
    }
  }

  it('drives a robot without a policy; the robot rests at release and at the end, and saw nothing out of limits', async () => {
    const own = ownCartpole();
    const record = ['--record', '--runs', path.join(folder, 'runs')];
    const bridge = start(['teleop', '--robot', own, '--port', port, ...record, '--json']);
    await bridge.says(/waiting: no usable joint state/);
    const robot = start(['twin', '--robot', own, '--json']);
    await bridge.says(/waiting: serial port .* is not open/);
    const device = start(['teleop-device', '--robot', own, '--link', port], 'pipe');
    await bridge.says(/teleop-linked: firmware dynabridge teleop-device 1/);
    await bridge.says(/waiting: the operator has not pressed enable/);
    await press(bridge, device, TAKEN);
    device.type(RIGHT);
    await expect.poll(() => velocity, soon).toBeGreaterThan(AT_REST);
    expect(device.stdout).toMatch(/^status 1 0 /m);
    await expect.poll(() => device.stdout, soon).toMatch(/^state 2 0 \d+ -?\d+ [1-9]\d*$/m); // active, to the right
    device.type('mode 2');
    await expect.poll(() => device.stdout, soon).toMatch(/^mode 2 1 teleop\.may_engage of robot\.yaml/m);
    device.type(ENABLED); // the stick at rest
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    device.type('setpoint 100 -8192'); // a quarter of the highest velocity
    await expect.poll(() => velocity, soon).toBeLessThan(-AT_REST);
    device.type('mode 0');
    await bridge.says(/teleop-mode: wanted hold, result accepted/);
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    await expect.poll(() => device.stdout, soon).toMatch(/^mode 0 0 $/m);
    device.type('release');
    await press(bridge, device, TAKEN, 2);
    device.type(RELEASED);
    await bridge.says(/teleop: event released/);
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    await press(bridge, device, TAKEN, 3);
    device.type(LEFT);
    await expect.poll(() => velocity, soon).toBeLessThan(-AT_REST);
    bridge.kill('SIGINT');
    const { code, stdout } = await bridge.ended;
    const { end, times, seconds, run } = JSON.parse(stdout) as {
      end: string;
      times: number;
      seconds: number;
      run: string;
    };
    expect({ code, end, times }).toEqual({ code: 130, end: 'clean', times: 3 });
    expect(seconds).toBeGreaterThan(0);
    await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
    robot.kill('SIGINT');
    const seen = JSON.parse((await robot.ended).stdout) as TwinSummary;
    expect(seen.violationList).toEqual([]);
    expect(seen.commands).toBeGreaterThan(0);
    await expectLearnable(run, own, times);
    device.type('quit');
    expect((await device.ended).code).toBe(0);
    expect(existsSync(port)).toBe(false);
  });

  it('is locked by a topic: at the start, when it says true, when it is silent; the operator has to press anew', async () => {
    const own = ownCartpole('locks: [{topic: /pause, timeout_ms: 1000, priority: 200}]');
    const pause = middleware.createPublisher('/pause', 'std_msgs/msg/Bool', SENSOR_QOS);
    let data: boolean | null = null;
    const saying = setInterval(() => data !== null && pause.publish({ data }), 50);
    try {
      const device = start(['teleop-device', '--robot', own, '--link', port], 'pipe');
      start(['twin', '--robot', own]);
      const bridge = start(['teleop', '--robot', own, '--port', port]);
      await bridge.says(/waiting: \/pause is silent, which locks all below priority 200/);
      await press(bridge, device, /event locked-out, why \/pause is silent/g);
      data = false;
      await bridge.says(/waiting: the operator has not pressed enable/);
      await press(bridge, device, TAKEN);
      device.type(RIGHT);
      await expect.poll(() => velocity, soon).toBeGreaterThan(AT_REST);
      data = true;
      await bridge.says(/locked: source teleop, by \/pause, why true/);
      await expect.poll(() => Math.abs(velocity), soon).toBeLessThan(AT_REST);
      data = false;
      await sleep(500);
      expect(Math.abs(velocity)).toBeLessThan(AT_REST);
      await press(bridge, device, TAKEN, 2);
      data = null;
      await bridge.says(/locked: source teleop, by \/pause, why silent/);
    } finally {
      clearInterval(saying);
      pause.close();
    }
  });

  it('reads keys from a terminal, and leaves the terminal as it was after Ctrl+C', async () => {
    const command = `${process.execPath} ${MAIN} teleop-device --robot cartpole --link ${port}; stty -a`;
    const terminal = spawn('socat', ['-', `SYSTEM:'${command}',pty,setsid,ctty,stderr`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    await expect.poll(() => shown, soon).toMatch(/no bridge at the port \| enable off \| \[slider \+0\.00\]/);
    terminal.stdin.write('\x1b[C'); // right
    await expect.poll(() => shown, soon).toMatch(/\[slider \+0\.[1-9]/);
    terminal.stdin.write('\x03');
    await expect.poll(() => shown, soon).toMatch(/[^-]icanon/);
    expect(shown).not.toMatch(/-icanon|-echo /);
    expect(existsSync(port)).toBe(false);
    terminal.kill('SIGKILL');
  });
});
