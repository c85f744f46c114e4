/** Operator devices on one end of a pseudo-terminal pair, our link on the other: implementations that check each other. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseOrder } from '../../src/cli/device-orders.js';
import { SimulatedDevice } from '../../src/cli/simulated-device.js';
import { packageRoot, systemClock } from '../../src/core/index.js';
import { VirtualPort } from '../../src/io/serial/index.js';

const SOURCE = fileURLToPath(new URL('firmware/host/device.c', packageRoot()));

/** What the tests need and this machine lacks; undefined where all is there. */
export function missingTools(): string | undefined {
  const lacking = ['cc', 'socat'].filter((tool) => spawnSync('which', [tool]).status !== 0);
  return lacking.length === 0 ? undefined : `${lacking.join(' and ')} missing (apt-get install gcc socat)`;
}

/** Compiles the host device with all warnings as errors. @param more compiler flags @returns path of the program */
export function compileDevice(...more: readonly string[]): string {
  const program = path.join(mkdtempSync(path.join(os.tmpdir(), 'dynabridge-device-')), 'device');
  const flags = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror', '-O1'];
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const { status, stderr } = spawnSync('cc', [...flags, ...checks, ...more, '-o', program, SOURCE], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the firmware library does not compile:\n${stderr}`);
  return program;
}

/** Two serial ports that are connected with each other. */
export class PortPair {
  readonly bridge: string;
  readonly device: string;
  private readonly socat: ChildProcess;

  private constructor() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-pty-'));
    [this.bridge, this.device] = [path.join(folder, 'bridge'), path.join(folder, 'device')];
    const end = (link: string) => `pty,raw,echo=0,link=${link}`;
    this.socat = spawn('socat', [end(this.bridge), end(this.device)], { stdio: 'ignore' });
  }

  static async open(): Promise<PortPair> {
    const pair = new PortPair();
    while (!existsSync(pair.bridge) || !existsSync(pair.device)) await sleep(10);
    return pair;
  }

  /** Both ends are gone, as when a cable is pulled. */
  unplug(): void {
    this.socat.kill('SIGKILL');
  }
}

/** A device, the port at which a bridge finds it, and its cable. */
export interface TestDevice {
  readonly port: string;
  /** lines as in firmware/host/device.c */
  readonly events: readonly string[];
  order(line: string): void;
  unplug(): void | Promise<void>;
  stop(): Promise<void>;
}

/** The C library, in a process of its own. */
export async function openHostDevice(program: string, joints: readonly string[]): Promise<TestDevice> {
  const ports = await PortPair.open();
  const device = new HostDevice(program, ports.device, joints);
  return {
    port: ports.bridge,
    events: device.events,
    order: (line) => device.order(line),
    unplug: () => ports.unplug(),
    stop: async () => {
      await device.stop();
      ports.unplug();
    },
  };
}

/** The device of `dynabridge teleop-device`, in this process. */
export async function openSimulatedDevice(joints: readonly string[]): Promise<TestDevice> {
  const events: string[] = [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-pty-'));
  const device = new SimulatedDevice(
    joints,
    (line) => events.push(line),
    (bytes) => port.write(bytes),
    1,
  );
  const port = await VirtualPort.open(path.join(folder, 'port'), {
    bytes: (chunk) => device.receive(chunk, systemClock.nowNs()),
    failed: (error) => events.push(error.message),
  });
  const ticking = setInterval(() => device.tick(systemClock.nowNs()), 5);
  return {
    port: port.path,
    events,
    order: (line) => device.obey(parseOrder(line, joints.length)!, systemClock.nowNs()),
    unplug: () => port.stop(),
    stop: async () => {
      clearInterval(ticking);
      await port.stop();
    },
  };
}

/** The running device program: orders in, events out. See firmware/host/device.c. */
export class HostDevice {
  readonly events: string[] = [];
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  constructor(program: string, port: string, joints: readonly string[]) {
    this.child = spawn(program, [port, ...joints], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.events.push(line));
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  order(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
