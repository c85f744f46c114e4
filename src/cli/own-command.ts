import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DynabridgeError, ERROR_CODES, type ErrorCode } from '../core/index.js';

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
        try {
          resolve(JSON.parse(stdout) as Result);
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

  /** The result, when the command succeeded. @throws with the command's own exit code when it did not */
  async success(): Promise<Result> {
    const outcome = await this.result.catch((error: unknown) => error as Error);
    if (this.exitCode === 0 && !(outcome instanceof Error)) return outcome;
    const known = Object.entries(ERROR_CODES).find(([, { exitCode }]) => exitCode === this.exitCode);
    throw new DynabridgeError(
      (known?.[0] as ErrorCode | undefined) ?? 'INTERNAL',
      `dynabridge ${this.name} ended with exit code ${this.exitCode}; its message is above`,
    );
  }
}
