/**
 * What is to be written while the line takes nothing, up to a number of bytes: the oldest goes first, to the line and out of the queue.
 * One chunk is with the driver at a time; that one cannot be taken back.
 */
export class WriteQueue {
  /** chunks that were dropped: there was no line, or it did not keep up */
  dropped = 0;
  private readonly waiting: Uint8Array[] = [];
  private bytes = 0;
  private send: ((chunk: Uint8Array, done: () => void) => void) | null = null;
  private writing = false;

  constructor(private readonly mostBytes: number) {}

  /** @param send writes a chunk, now or when the line takes it, and calls `done` then */
  begin(send: (chunk: Uint8Array, done: () => void) => void): void {
    this.end();
    this.send = send;
  }

  /** The line is gone, and with it what waited for it. */
  end(): void {
    this.send = null;
    this.writing = false;
    this.waiting.length = 0;
    this.bytes = 0;
  }

  /** @param onlyIfIdle drops the chunk where another is with the driver or waits; default false */
  push(chunk: Uint8Array, onlyIfIdle = false): void {
    if (this.send === null || (onlyIfIdle && this.writing)) {
      this.dropped++;
      return;
    }
    this.waiting.push(chunk);
    this.bytes += chunk.length;
    this.next();
    while (this.bytes > this.mostBytes) {
      this.take();
      this.dropped++;
    }
  }

  private take(): Uint8Array | undefined {
    const chunk = this.waiting.shift();
    this.bytes -= chunk?.length ?? 0;
    return chunk;
  }

  private next(): void {
    const { send } = this;
    if (this.writing || send === null) return;
    const chunk = this.take();
    if (chunk === undefined) return;
    this.writing = true;
    send(chunk, () => {
      if (this.send !== send) return; // of a line that is gone
      this.writing = false;
      this.next();
    });
  }
}
