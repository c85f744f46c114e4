/**
 * A serial port without hardware: a pseudo-terminal whose other end is this process. Node cannot make one; socat does. The port is made
 * anew each time that the other side has closed it, under the same path, as a device that is plugged in again.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, rmSync, statSync, type Stats } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynabridgeError, badInput } from '../../core/index.js';

export interface VirtualPortEvents {
  /** new bytes; the view is the receiver's */
  bytes(chunk: Uint8Array): void;
  /** it was there and cannot be made anew: it is gone for good */
  failed(error: DynabridgeError): void;
}

const POLL_MS = 10;
const START_MS = 5_000;
const AGAIN_MS = 50;
/** Bytes that may wait before more are dropped: what nobody reads is not delivered later. */
const MOST_WAITING = 1024;

export class VirtualPort {
  /** writes that were dropped: nobody had the port open, or did not keep up */
  droppedWrites = 0;
  private child: ChildProcessWithoutNullStreams | undefined;
  private isOpen = false;
  private stopped = false;
  private failure: DynabridgeError | undefined;
  private made = false;
  private readonly onExit = (): void => void this.child?.kill('SIGKILL');

  private constructor(
    /** what the other side opens: a symbolic link to the pseudo-terminal */
    readonly path: string,
    private readonly events: VirtualPortEvents,
  ) {}

  /**
   * @param path where the port is to be; nothing may be there but a link to a pseudo-terminal that is gone
   * @throws UNAVAILABLE where socat is missing or cannot make the port, BAD_INPUT where something is at `path`
   */
  static async open(path: string, events: VirtualPortEvents): Promise<VirtualPort> {
    if (!/^[\w@%+=./~-]+$/.test(path))
      throw badInput(`'${path}' has characters that socat does not take; use letters, digits and ./_-`, {
        path,
      });
    if (!isInstalled('socat')) throw noSocat();
    clearOldLink(path);
    const port = new VirtualPort(path, events);
    process.once('exit', port.onExit);
    port.start();
    for (let waited = 0; !isLink(path) && !port.failure && waited < START_MS; waited += POLL_MS)
      await sleep(POLL_MS);
    port.made = isLink(path) && !port.failure;
    if (port.made) return port;
    await port.stop();
    throw port.failure ?? unavailable(path, `socat did not make it within ${START_MS / 1e3} s`);
  }

  /** Sends bytes now, or drops them. */
  write(bytes: Uint8Array): void {
    const stdin = this.child?.stdin;
    if (!this.isOpen || !stdin?.writable || stdin.writableLength + bytes.length > MOST_WAITING) {
      this.droppedWrites++;
      return;
    }
    stdin.write(Buffer.from(bytes));
  }

  /** The port is gone, as when a device is unplugged. */
  async stop(): Promise<void> {
    this.stopped = true;
    process.off('exit', this.onExit);
    const { child } = this;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
    }
    removeLink(this.path);
  }

  private start(): void {
    if (this.stopped) return;
    const pty = `pty,raw,echo=0,link=${this.path},wait-slave,pty-interval=0.02`;
    const [program, ...args] = [...diesWithParent(), 'socat', '-d', '-d', '-t', '0.01', 'STDIO', pty];
    const child = spawn(program, args, { stdio: 'pipe', detached: true }); // Ctrl+C is ours to take
    this.child = child;
    let said = '';
    child.stdin.on('error', () => {}); // it has ended: 'exit' tells
    child.stdout.on('data', (chunk: Buffer) => this.events.bytes(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
      this.isOpen ||= said.includes('starting data transfer loop'); // somebody has opened the port
    });
    child.once('error', ({ message }) => (this.failure = unavailable(this.path, message)));
    child.once('exit', (code) => {
      this.isOpen = false;
      if (this.stopped) return;
      if (code === 0) return void setTimeout(() => this.start(), AGAIN_MS);
      this.failure ??= unavailable(this.path, lastError(said));
      if (this.made) this.events.failed(this.failure);
    });
  }
}

function stats(read: (path: string) => Stats, path: string): Stats | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}

function isLink(path: string): boolean {
  return stats(lstatSync, path)?.isSymbolicLink() === true;
}

/** Only ever a link to a terminal: what else there may be at the path is not ours. */
function removeLink(path: string): void {
  if (isLink(path) && readlinkSync(path).startsWith('/dev/')) rmSync(path, { force: true });
}

function clearOldLink(path: string): void {
  if (stats(lstatSync, path) === undefined) return;
  if (isLink(path) && stats(statSync, path) === undefined) return removeLink(path);
  throw badInput(`${path} is there already; choose another path, or remove it if nothing uses it`, { path });
}

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** What keeps a program from outliving this process when it is killed: socat waits for ever for somebody to open the port. */
function diesWithParent(): readonly string[] {
  return isInstalled('setpriv') ? ['setpriv', '--pdeathsig', 'KILL'] : [];
}

function noSocat(): DynabridgeError {
  return new DynabridgeError(
    'UNAVAILABLE',
    'a serial port without hardware needs the program socat, which is not installed; install it: sudo apt-get install socat',
  );
}

function unavailable(path: string, cause: string): DynabridgeError {
  return new DynabridgeError('UNAVAILABLE', `no serial port can be made at ${path}: ${cause}`, { path });
}

/** Of socat's lines, e.g. "2026/01/01 00:00:00 socat[615] E symlink(...): Permission denied". */
function lastError(said: string): string {
  const errors = said.split('\n').filter((line) => / [EF] /.test(line));
  return errors.at(-1)?.replace(/^.* [EF] /, '') ?? 'socat ended';
}
