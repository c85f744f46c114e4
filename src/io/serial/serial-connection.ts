/**
 * One serial port that comes and goes. Opened anew after every loss, with a growing pause; what cannot be written is dropped,
 * the oldest first, so that nothing is delivered late (serialport itself keeps what is written while a port is closed and sends it when it opens).
 */
import { readFileSync, statSync } from 'node:fs';
import { SerialPort } from 'serialport';
import { DynabridgeError, badInput } from '../../core/index.js';
import { WriteQueue } from './write-queue.js';

export interface SerialConnectionEvents {
  /** new bytes; the view is the receiver's */
  bytes(chunk: Uint8Array): void;
  opened(): void;
  /** it was open and is not any more; what was to be read or written is gone */
  closed(): void;
  /** it could not be opened; tried again, and told once for each cause in a row */
  failed(error: DynabridgeError): void;
}

export interface SerialConnectionOptions {
  /** device file, best one under /dev/serial/by-id, which follows the device from socket to socket */
  readonly path: string;
  /** default 115200 */
  readonly baudRate?: number;
  /** pause before opening again after a first failure, and the longest [ms]; default 250 and 2000 */
  readonly backOffMs?: { readonly first: number; readonly longest: number };
}

const DEFAULT_BACK_OFF = { first: 250, longest: 2000 } as const;
/** Bytes that may wait for the driver before the oldest are dropped: some 10 frames. */
const MOST_WAITING = 1024;

export class SerialConnection {
  private readonly writes = new WriteQueue(MOST_WAITING);
  private port: SerialPort | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs: number;
  private told: string | undefined;
  private stopped = false;

  constructor(
    private readonly options: SerialConnectionOptions,
    private readonly events: SerialConnectionEvents,
  ) {
    this.pauseMs = this.backOff.first;
  }

  private get backOff() {
    return this.options.backOffMs ?? DEFAULT_BACK_OFF;
  }

  /** writes that were dropped: the port was closed, or did not keep up */
  get droppedWrites(): number {
    return this.writes.dropped;
  }

  get isOpen(): boolean {
    return this.port?.isOpen === true;
  }

  /** Opens the port, now and after every loss until {@link stop}. */
  start(): void {
    const { path, baudRate = 115200 } = this.options;
    // hupcl: false, since many boards start anew when DTR falls
    const port = new SerialPort({ path, baudRate, hupcl: false, autoOpen: false });
    port.on('data', (chunk: Buffer) => this.events.bytes(chunk));
    port.on('error', () => port.isOpen && port.close(() => {}));
    port.on('close', () => this.onClose(port));
    port.open((error) => {
      if (this.stopped) return port.isOpen ? port.close(() => {}) : undefined;
      if (error) return this.onFailure(portError(path, error));
      port.flush(); // bytes from before nobody knows whom they were for
      this.port = port;
      this.writes.begin((chunk, done) => port.write(Buffer.from(chunk), done));
      this.pauseMs = this.backOff.first;
      this.told = undefined;
      this.events.opened();
    });
  }

  /**
   * Sends bytes, now or as soon as the line takes them, or drops them. Never waits.
   * @param onlyIfIdle drops them where anything waits for the line; default false
   */
  write(bytes: Uint8Array, onlyIfIdle = false): void {
    this.writes.push(bytes, onlyIfIdle);
  }

  /** Closes the port for good. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { port } = this;
    this.port = undefined;
    this.writes.end();
    if (port?.isOpen === true) await new Promise<void>((resolve) => port.close(() => resolve()));
  }

  private onClose(port: SerialPort): void {
    port.removeAllListeners('data');
    if (this.port !== port) return;
    this.port = undefined;
    this.writes.end();
    this.events.closed();
    this.openLater();
  }

  private onFailure(error: DynabridgeError): void {
    if (error.message !== this.told) this.events.failed(error);
    this.told = error.message;
    this.openLater();
  }

  private openLater(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => this.start(), this.pauseMs);
    this.pauseMs = Math.min(2 * this.pauseMs, this.backOff.longest);
  }
}

/** What to do about a port that cannot be opened, by the driver's words. */
function portError(path: string, cause: Error): DynabridgeError {
  const { message } = cause;
  if (/permission denied|EACCES/i.test(message)) {
    return new DynabridgeError(
      'UNAVAILABLE',
      `no permission for serial port ${path}; add yourself to the group that owns it (sudo usermod -aG ${groupOf(path)} $USER) and log in again`,
      { path, cause: message },
    );
  }
  if (/cannot lock|resource (temporarily unavailable|busy)|EBUSY/i.test(message)) {
    return new DynabridgeError(
      'UNAVAILABLE',
      `serial port ${path} is in use by another process; find it with: fuser ${path} (often ModemManager or a terminal)`,
      { path, cause: message },
    );
  }
  if (/no such file|ENOENT|ENXIO|no such device/i.test(message)) {
    return badInput(
      `there is no serial port ${path}; plug the device in, or list ports with: dynabridge find-port`,
      {
        path,
        cause: message,
      },
    );
  }
  return new DynabridgeError('UNAVAILABLE', `serial port ${path} cannot be opened: ${message}`, { path });
}

/** Name of the group that owns a port: dialout on Debian, uucp on Arch. The usual one where it cannot be told, or is root's. */
function groupOf(path: string): string {
  try {
    const { gid } = statSync(path);
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    const name = lines.map((line) => line.split(':')).find((fields) => fields[2] === String(gid))?.[0];
    return gid === 0 || name === undefined ? 'dialout' : name;
  } catch {
    return 'dialout';
  }
}
