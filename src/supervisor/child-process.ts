import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process of ours ended: its exit code, or the signal that ended it. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One of guard, agent, recorder: started from its compiled main file, watched until it exits. */
export class OwnProcess {
  readonly exited: Promise<ProcessExit>;
  /** null while it runs */
  exit: ProcessExit | null = null;
  private readonly child: ChildProcess;

  /**
   * @param main URL of the main module
   * @param configPath JSON file, see src/io/ipc/process-config.ts
   */
  constructor(
    readonly name: string,
    main: URL,
    configPath: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(main), configPath], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
      detached: true, // in a session of its own: a closed terminal or Ctrl+Z must not reach it before the robot is at rest
    });
    this.exited = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.exit = { code, signal };
        resolve(this.exit);
      };
      this.child.once('exit', finish);
      this.child.once('error', () => finish(null, null));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.exit === null) this.child.kill(signal);
  }

  /** SIGTERM, then SIGKILL after `graceMs`. */
  async end(graceMs: number): Promise<ProcessExit> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }
}
