import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Its networks are learned at full speed by then. */
const WARM_UP_MS = 15_000;

/** A training that keeps the machine as busy as one beside a robot may, until it is told to stop. */
export class BackgroundTraining {
  private constructor(
    private readonly training: ChildProcess,
    private readonly runs: string,
  ) {}

  static async start(): Promise<BackgroundTraining> {
    const runs = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-bench-'));
    const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
    const args = ['train', '--robot', 'cartpole', '--steps', '1000000', '--runs', runs, '--beside-robot'];
    const training = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
    await sleep(WARM_UP_MS);
    return new BackgroundTraining(training, runs);
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.training.once('close', () => resolve()));
    this.training.kill('SIGKILL');
    await ended;
    rmSync(this.runs, { recursive: true, force: true });
  }
}
