import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { DynabridgeError, systemClock } from '../core/index.js';
import { loadRobot } from '../robot/index.js';
import { gateConfigFromRobot } from '../safety/index.js';
import { KEYS_HELP, readKeys } from './device-keyboard.js';
import { ORDERS_HELP, parseOrder } from './device-orders.js';
import { interruptSignal } from './interrupt.js';
import { robotOption } from './options.js';
import type { SimulatedDevice } from './simulated-device.js';

interface TeleopDeviceOptions {
  readonly robot: string;
  readonly link?: string;
}

const TICK_MS = 5;

export function teleopDeviceCommand(): Command {
  return new Command('teleop-device')
    .description(
      "An operator's device without hardware: makes a serial port (a pseudo-terminal, by socat) and speaks the operator link on\n" +
        'it. Give the port to the bridge in another terminal, with the same robot:\n' +
        '  dynabridge teleop --robot <robot> --port <port>            the operator alone\n' +
        '  dynabridge run --robot <robot> --teleop-port <port>        the operator beside a policy\n' +
        'The keyboard is the stick when there is one, else orders are read from the input. A terminal does not tell when a key is\n' +
        "let go: this is no dead-man's switch, and not for robots that can hurt.",
    )
    .addOption(robotOption())
    .option('--link <path>', 'where the port is to be (default: a new folder for temporary files)')
    .addHelpText('after', `\nKeys:\n${KEYS_HELP}\n\nOrders, a line each:\n${ORDERS_HELP}\n`)
    .addHelpText(
      'after',
      'What is told on stdout where orders are read:\n' +
        '  port <path>                                  once\n' +
        '  link <0|1> <result>                          result 0 accepted, 1 version, 2 joint set, 3 axes, 4 role\n' +
        '  status <owner> <latched> <state age ms> <number of the stop>   owner 0 nobody, 1 operator, 2 agent, 3 stopped\n' +
        '  state <mode> <fault> <age ms> <position>... <velocity>...   of each joint, 32767 at its upper limit or highest velocity;\n' +
        '      mode 0 mute, 1 holding, 2 active, 3 stopping, 4 fault, 5 e-stop; fault 0 none, 1 e-stop, 2 veto, 3 state frozen,\n' +
        '      4 state jumped, 5 infeasible, 6 other\n' +
        '  mode <wanted> <result> <why>                 result 0 accepted, 1 not allowed, 2 stopped, 3 locked, 4 operator drives,\n' +
        '      5 not ready\n' +
        '  dropped <frames>',
    )
    .action(runDevice);
}

async function runDevice(options: TeleopDeviceOptions): Promise<void> {
  const robot = loadRobot(options.robot);
  const { commanded } = robot.model;
  const { VirtualPort } = await import('../io/serial/index.js'); // its native part is for this command only
  const { SimulatedDevice } = await import('./simulated-device.js');
  const interactive = process.stdin.isTTY;
  const nowNs = () => systemClock.nowNs();
  const device = new SimulatedDevice(
    commanded,
    (line) => interactive || process.stdout.write(`${line}\n`),
    (bytes) => port.write(bytes),
    Number(nowNs() % 2n ** 32n),
  );
  const ended = new AbortController();
  interruptSignal(() => ended.abort());
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-port-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const port = await VirtualPort.open(options.link ?? path.join(folder, 'port'), {
    bytes: (chunk) => device.receive(chunk, nowNs()),
    failed: (error) => ended.abort(error),
  });
  const ticking = setInterval(() => device.tick(nowNs()), TICK_MS);
  try {
    process.stdout.write(`port ${port.path}\n`);
    await (interactive
      ? readKeys(device, gateConfigFromRobot(robot).joints, ended)
      : readOrders(device, commanded.length, ended.signal));
  } finally {
    clearInterval(ticking);
    await port.stop();
    process.stdin.destroy(); // an input that is still open would hold us
  }
  if (ended.signal.reason instanceof DynabridgeError) throw ended.signal.reason;
}

/** Until `quit`, the end of the input, or a signal. @throws BAD_INPUT for a line that is no order */
async function readOrders(device: SimulatedDevice, axes: number, signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin, signal });
  for await (const line of lines) {
    const order = parseOrder(line, axes);
    if (order === undefined) continue;
    if (order.order === 'quit' || signal.aborted) return;
    if (order.order === 'wait') await sleep(order.ms, undefined, { signal }).catch(() => {});
    else device.obey(order, systemClock.nowNs());
  }
}
