import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynabridgeError } from '../../core/index.js';
import { FrameDecoder, encodeFrame } from './frame-codec.js';
import { decodeMessage, encodeMessage, type IpcMessage } from './messages.js';

/** A peer that does not read is not waited for: beyond this backlog its messages are dropped and counted. */
const MAX_BACKLOG_BYTES = 1 << 20;

/** One end of the socket between two of our processes. */
export class IpcConnection {
  /** messages not sent because the peer did not keep up */
  dropped = 0;
  onMessage: (message: IpcMessage) => void = () => {};
  onClose: () => void = () => {};

  constructor(private readonly socket: net.Socket) {
    const decoder = new FrameDecoder((type, payload) => this.onMessage(decodeMessage(type, payload)));
    socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk);
      } catch (error) {
        socket.destroy(error as Error); // a peer that breaks the framing is no peer of ours
      }
    });
    socket.on('error', () => {}); // 'close' always follows and is what matters
    socket.on('close', () => this.onClose());
  }

  /** Never blocks. @returns false when the message was dropped */
  send(message: IpcMessage): boolean {
    if (this.socket.destroyed || this.socket.writableLength > MAX_BACKLOG_BYTES) {
      this.dropped++;
      return false;
    }
    const { type, payload } = encodeMessage(message);
    this.socket.write(encodeFrame(type, payload));
    return true;
  }

  /** Sends what is queued, then closes. */
  async end(): Promise<void> {
    if (this.socket.destroyed) return;
    await new Promise<void>((resolve) => this.socket.once('close', () => resolve()).end());
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Listens on a Unix-domain socket. */
export async function listen(
  path: string,
  onConnection: (connection: IpcConnection) => void,
): Promise<net.Server> {
  const server = net.createServer((socket) => onConnection(new IpcConnection(socket)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

const RETRY_MS = 10;

/**
 * Connects to a process that may still be starting.
 * @throws DynabridgeError UNAVAILABLE after `timeoutMs`
 */
export async function connect(path: string, timeoutMs: number): Promise<IpcConnection> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const socket = await new Promise<net.Socket | null>((resolve) => {
      const attempt = net.connect(path);
      attempt.once('connect', () => resolve(attempt));
      attempt.once('error', () => resolve(null));
    });
    if (socket) {
      socket.removeAllListeners('error');
      return new IpcConnection(socket);
    }
    if (waitedMs >= timeoutMs) {
      throw new DynabridgeError(
        'UNAVAILABLE',
        `nothing listens on ${path} after ${timeoutMs} ms; did the guard start?`,
        { path },
      );
    }
    await sleep(RETRY_MS);
  }
}
