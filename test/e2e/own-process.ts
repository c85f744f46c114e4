/** Runs the compiled command line, as a user would. `npm test` builds it first. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/core/index.js';

export const MAIN = fileURLToPath(new URL('dist/src/cli/main.js', packageRoot()));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface OwnOptions {
  readonly stdin?: 'ignore' | 'pipe';
  readonly detached?: boolean;
}

export class Dynabridge {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  private readonly waiting = new Set<() => void>();

  /**
   * @param options.stdin 'pipe' where {@link type} is wanted
   * @param options.detached out of reach of a Ctrl+C that is meant for this process
   */
  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    { stdin = 'ignore', detached = false }: OwnOptions = {},
  ) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      detached,
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      for (const check of this.waiting) check();
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr })),
    );
  }

  /** Resolves when stderr has matched; rejects, with all of stderr, when the process ends first. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(this.stderr);
        if (!match) return;
        this.waiting.delete(check);
        resolve(match);
      };
      this.waiting.add(check);
      check();
      void this.ended.then(({ code }) =>
        reject(new Error(`ended with ${code} before saying ${pattern}:\n${this.stderr}`)),
      );
    });
  }

  /** A line on its stdin. */
  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** The process with this pid exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
