import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { summary, systemClock, elapsedMs } from '../src/core/index.js';
import { COMMAND_QOS, createMiddleware, type Float64MultiArray } from '../src/io/ros/index.js';
import { DdsProgram, buildPeer } from './dds-peer.js';
import { ScratchBridge } from './scratch-bridge.js';
import { machineLine } from './statistics-table.js';

const DOMAIN = 90;
const RATE_HZ = 100;
/** generous bound on one start, so that a broken bridge ends the bench [s] */
const GIVE_UP_S = 15;

/** Process start to first command, seen from outside: spawn -> the first message on the command topic. */
export async function benchStart(repeats: number): Promise<void> {
  buildPeer();
  const scratch = new ScratchBridge(RATE_HZ);
  const env = { ...process.env, ROS_DOMAIN_ID: String(DOMAIN) };
  const robot = new DdsProgram('cyclone', 'peer', DOMAIN, [
    ...[
      '--rate',
      String(RATE_HZ),
      '--seconds',
      String(repeats * (GIVE_UP_S + 5)),
      '--names',
      'slider,pole_hinge',
    ],
    ...[
      '--match',
      'order',
      '--amplitude',
      '0.1',
      '--no-wait',
      '--command-topic',
      'rt/velocity_controller/commands',
    ],
  ]);
  const middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'bench', env });
  let onCommand = (): void => {};
  middleware.createSubscription<Float64MultiArray>(
    scratch.robot.config.commandTopic,
    'std_msgs/msg/Float64MultiArray',
    COMMAND_QOS,
    () => onCommand(),
  );
  const times: number[] = [];
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  for (let i = 0; i < repeats; i++) {
    const startNs = systemClock.nowNs();
    const child = spawn(
      process.execPath,
      [main, 'run', '--robot', scratch.robot.folder, '--run', scratch.run.path],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
        env,
      },
    );
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const gaveUp = new Promise<void>((resolve) => setTimeout(resolve, GIVE_UP_S * 1e3).unref());
    const first = new Promise<void>((resolve) => (onCommand = resolve)).then(() =>
      times.push(elapsedMs(startNs, systemClock.nowNs())),
    );
    await Promise.race([first, gaveUp]);
    child.kill('SIGINT');
    await ended;
  }
  await middleware.close();
  await robot.stop();
  scratch.dispose();
  const { count, p50, max } = summary(times);
  console.log(
    `dynabridge run, start to first gated command on the wire, states at ${RATE_HZ} Hz; ${machineLine()}`,
  );
  console.log(
    `  n ${count} of ${repeats}, median ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms; target: under 2000 ms`,
  );
}
