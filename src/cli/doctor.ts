import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { DynabridgeError, systemClock } from '../core/index.js';
import { findRobot, listRobots, loadRobot, type Robot } from '../robot/index.js';
import { jsonOption } from './options.js';
import { Output } from './output.js';
import { versions } from './versions.js';

type Level = 'ok' | 'note' | 'problem';

interface Finding {
  readonly what: string;
  readonly level: Level;
  readonly detail: string;
}

interface DoctorCliOptions {
  readonly robot?: string;
  readonly robotDescription?: string | true;
  readonly json?: true;
}

const LISTEN_MS = 1_000;
const MARK: Readonly<Record<Level, string>> = { ok: 'ok  ', note: 'note', problem: 'FAIL' };

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Check what this machine has: Node, compute backend, physics, serial ports, ROS 2, and who is on the wire.',
    )
    .option(
      '--robot <name|folder>',
      'check this robot too: that it loads, has what the gate needs, and compiles',
    )
    .option(
      '--robot-description [topic]',
      'hear the URDF on the topic of robot_state_publisher (default: robot_description), and compare it with that of --robot',
    )
    .addOption(jsonOption())
    .action(async (options: DoctorCliOptions) => {
      const output = new Output(options.json ?? false);
      const findings: Finding[] = [];
      const { robot, robotDescription: topic } = options;
      const asked = robot === undefined ? [] : [async () => ownRobot(robot)];
      const described = topic === undefined ? [] : [async () => description(topic, robot)];
      for (const examine of [machine, robots, ...asked, compute, physics, serial, ros, wire, ...described]) {
        findings.push(
          ...(await examine().catch((error: Error) => [
            { what: examine.name, level: 'problem' as const, detail: error.message },
          ])),
        );
      }
      output.result(
        { findings },
        findings.map(({ what, level, detail }) => `${MARK[level]}  ${what.padEnd(18)} ${detail}`).join('\n'),
      );
      const problems = findings.filter(({ level }) => level === 'problem');
      if (problems.length > 0) {
        throw new DynabridgeError(
          'UNAVAILABLE',
          `${problems.length} of ${findings.length} checks failed: ${problems.map(({ what }) => what).join(', ')}`,
        );
      }
      process.exit(0);
    });
}

async function machine(): Promise<Finding[]> {
  const cpu = os.cpus();
  const list = Object.entries(versions()).map(([name, version]) => `${name} ${version}`);
  return Promise.resolve([
    {
      what: 'machine',
      level: 'ok',
      detail: `${os.type()} ${os.arch()}, ${cpu.length} x ${cpu[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    },
    { what: 'versions', level: 'ok', detail: list.join(', ') },
  ]);
}

async function robots(): Promise<Finding[]> {
  return Promise.resolve(listRobots().map((name) => robotFinding(name, loadRobot(name))));
}

function robotFinding(name: string, { model, config }: Robot): Finding {
  return {
    what: `robot ${name}`,
    level: 'ok',
    detail: `${model.commanded.join(', ')} by ${config.commandInterface}, ${config.controlRateHz} Hz; ${model.dropped.length} URDF tags not used`,
  };
}

/** The robot that was asked for: what it lacks is told as the first thing to write. */
async function ownRobot(name: string): Promise<Finding[]> {
  try {
    const robot = loadRobot(name);
    const { gateConfigFromRobot, requireSelfTest } = await import('../safety/index.js');
    const { compileRobot, loadEngine } = await import('../../sim/index.js');
    const refused = requireSelfTest(gateConfigFromRobot(robot));
    compileRobot(await loadEngine(), robot).dispose();
    const gate = `self-test passed: ${refused} poisoned commands and states did not get through`;
    return [robotFinding(name, robot), { what: `gate of ${name}`, level: 'ok', detail: gate }];
  } catch (error) {
    if (!(error instanceof DynabridgeError)) throw error;
    return [{ what: `robot ${name}`, level: 'problem', detail: error.message }];
  }
}

/** @param robot to compare it with; default: none */
async function description(topic: string | true, robot: string | undefined): Promise<Finding[]> {
  const what = 'robot description';
  try {
    const { fetchDescription } = await import('./fetch-description.js');
    const node = { nodeName: 'dynabridge_doctor', namespace: '/', remaps: [] };
    const heard = await fetchDescription(topic, 'auto', node);
    const said: string[] = [`a URDF is on ${heard.from}`];
    if (robot !== undefined) {
      const { chooseFolder } = await import('./described-folder.js');
      chooseFolder(findRobot(robot), heard, false, (text) => said.splice(0, 1, text));
    }
    return [{ what, level: 'ok', detail: said.join() }];
  } catch (error) {
    if (!(error instanceof DynabridgeError)) throw error;
    return [{ what, level: 'problem', detail: error.message }];
  }
}

async function compute(): Promise<Finding[]> {
  const { measureSpeed, selectBackend } = await import('../compute/index.js');
  const gpu = await selectBackend('tensorflow-gpu').then(
    ({ explanation }): Finding => ({ what: 'compute GPU', level: 'ok', detail: explanation }),
    (error: DynabridgeError): Finding => ({
      what: 'compute GPU',
      level: 'note',
      detail: `${error.context['reason'] as string}; to use a GPU: ${error.context['repair'] as string}`,
    }),
  );
  const { name, explanation } = await selectBackend('auto');
  const { gflops, peakGflops } = await measureSpeed(systemClock);
  const ofPeak =
    peakGflops === undefined
      ? ''
      : `, ${Math.round((100 * gflops) / peakGflops)} % of the measured peak of ${Math.round(peakGflops)} GFLOP/s`;
  return [
    {
      what: 'compute backend',
      level: name === 'wasm' || name === 'cpu' ? 'note' : 'ok',
      detail: explanation,
    },
    {
      what: 'compute speed',
      level: 'ok',
      detail: `${gflops.toPrecision(3)} GFLOP/s in products of 256 x 256 matrices${ofPeak}`,
    },
    gpu,
  ];
}

async function physics(): Promise<Finding[]> {
  const { loadEngine } = await import('../../sim/index.js');
  const engine = await loadEngine();
  return [{ what: 'physics', level: 'ok', detail: `MuJoCo ${engine.mj_versionString()} (WebAssembly)` }];
}

async function serial(): Promise<Finding[]> {
  const { findPorts } = await import('../io/serial/index.js');
  try {
    const ports = await findPorts();
    if (ports.length === 0)
      return [{ what: 'serial', level: 'note', detail: 'no port is plugged in (needed for teleop only)' }];
    return ports.map(({ path, permitted }) =>
      permitted
        ? { what: 'serial', level: 'ok', detail: path }
        : { what: 'serial', level: 'note', detail: `${path}: no permission (see: dynabridge find-port)` },
    );
  } catch (error) {
    // serialport lists ports through udevadm, which small machines lack
    const detail = `ports cannot be listed (${(error as Error).message}); apt-get install udev (needed for teleop only)`;
    return [{ what: 'serial', level: 'note', detail }];
  }
}

async function ros(): Promise<Finding[]> {
  const distro = process.env['ROS_DISTRO'];
  const installed = existsSync('/opt/ros') ? readdirSync('/opt/ros') : [];
  const sourced = distro
    ? `${distro} is sourced`
    : installed.length > 0
      ? `${installed.join(', ')} in /opt/ros, not sourced`
      : 'not installed';
  const { objectionToPlainDds, whyNotRclnodejs } = await import('../io/ros/index.js');
  const why = whyNotRclnodejs(process.env);
  const objection = why === undefined ? undefined : objectionToPlainDds(process.env);
  const taken = why === undefined ? 'rclnodejs' : 'rtps, which needs no ROS';
  const wire =
    objection === undefined ? `--middleware auto takes ${taken}` : `no middleware fits: ${objection}`;
  const notTaken = distro && why !== undefined ? ` (not rclnodejs: ${why})` : '';
  const level = objection !== undefined ? 'problem' : distro ? 'ok' : 'note';
  return [{ what: 'ROS 2', level, detail: `${sourced}; ${wire}${notTaken}` }];
}

async function wire(): Promise<Finding[]> {
  const { createRtpsMiddleware } = await import('../io/ros/index.js');
  const middleware = await createRtpsMiddleware({ nodeName: 'dynabridge_doctor' });
  try {
    await sleep(LISTEN_MS);
    const { address, remoteParticipants } = middleware.participant;
    const where = `domain ${process.env['ROS_DOMAIN_ID'] ?? 0} on ${address}`;
    if (remoteParticipants.length === 0)
      return [{ what: 'wire', level: 'note', detail: `${where}: nobody answered within ${LISTEN_MS} ms` }];
    const written = remoteParticipants.flatMap(({ writers }) =>
      [...writers.values()].map(({ topic }) => topic),
    );
    const topics = [...new Set(written)]
      .filter((topic) => topic.startsWith('rt/'))
      .map((topic) => topic.slice(2));
    return [
      {
        what: 'wire',
        level: 'ok',
        detail: `${where}: ${remoteParticipants.length} participants publish ${topics.join(', ') || 'nothing'}`,
      },
    ];
  } finally {
    await middleware.close();
  }
}
