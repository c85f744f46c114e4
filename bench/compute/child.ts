import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The last lines that a child wrote on stderr, for the message when it fails. */
const KEPT_LINES = 5;

/** A process that answers one line of JSON on stdout for each line of JSON on its stdin. */
export class LineChild {
  private readonly child: ChildProcess;
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  private readonly complaints: string[] = [];
  private ended: Error | null = null;

  constructor(
    readonly label: string,
    command: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ) {
    this.child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.waiting.shift()?.resolve(line));
    createInterface({ input: this.child.stderr! }).on('line', (line) => {
      this.complaints.push(line);
      if (this.complaints.length > KEPT_LINES) this.complaints.shift();
    });
    this.child.stdin!.on('error', () => {}); // the child is gone; 'close' tells why
    this.child.once('error', (error) => this.end(error.message));
    this.child.once('close', (code, signal) => {
      const last = this.complaints.at(-1);
      this.end(`ended with ${signal ?? `exit code ${code}`}${last === undefined ? '' : `: ${last}`}`);
    });
  }

  /** @throws when the child reports an error or ends */
  async request<Answer>(question: object): Promise<Answer> {
    if (this.ended !== null) throw this.ended;
    const line = await new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    });
    const answer = JSON.parse(line) as Answer & { readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  kill(): void {
    this.end('was stopped');
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }

  private end(reason: string): void {
    this.ended ??= new Error(`${this.label} ${reason}`);
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}
