/** The C firmware library on one end of a pseudo-terminal pair, our link on the other: two implementations that check each other. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/core/index.js';

const SOURCE = fileURLToPath(new URL('firmware/host/device.c', packageRoot()));

/** What the tests need and this machine lacks; undefined where all is there. */
export function missingTools(): string | undefined {
  const lacking = ['cc', 'socat'].filter((tool) => spawnSync('which', [tool]).status !== 0);
  return lacking.length === 0 ? undefined : `${lacking.join(' and ')} missing (apt-get install gcc socat)`;
}

/** Compiles the host device with all warnings as errors. @returns path of the program */
export function compileDevice(): string {
  const program = path.join(mkdtempSync(path.join(os.tmpdir(), 'dynabridge-device-')), 'device');
  const flags = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror', '-O1'];
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const { status, stderr } = spawnSync('cc', [...flags, ...checks, '-o', program, SOURCE], {
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
