import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DynabridgeError } from '../core/index.js';

/** One of our own commands in a process of its own, with `--json`: its progress goes to our stderr, its result comes back. */
export class OwnCommand<Result> {
  readonly result: Promise<Result>;
  exitCode: number | null = null;
  private readonly child: ChildProcess;

  constructor(
    private readonly name: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ) {
    const main = fileURLToPath(new URL('main.js', import.meta.url));
    this.child = spawn(process.execPath, ['--enable-source-maps', main, name, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    });
    let stdout = '';
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    this.result = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.exitCode = code;
        const last = stdout.trimEnd().split('\n')[0] ?? '';
        try {
          resolve(JSON.parse(last) as Result);
        } catch {
          reject(
            new DynabridgeError(
              'INTERNAL',
              `dynabridge ${name} gave no result (exit code ${code ?? signal})`,
            ),
          );
        }
      });
    });
    this.result.catch(() => {}); // whoever awaits it sees the error; until then it is not unhandled
  }

  kill(signal: NodeJS.Signals): void {
    if (this.exitCode === null) this.child.kill(signal);
  }

  /** The result, when the command succeeded. @throws INTERNAL naming the command and its exit code */
  async success(): Promise<Result> {
    const result = await this.result;
    if (this.exitCode !== 0) {
      throw new DynabridgeError(
        'GOAL_NOT_REACHED',
        `dynabridge ${this.name} ended with exit code ${this.exitCode}; its message is above`,
      );
    }
    return result;
  }
}
