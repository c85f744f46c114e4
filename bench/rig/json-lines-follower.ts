import { closeSync, existsSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 16;

/** Reads what another process appends to a file of JSON lines, while it does. */
export class JsonLinesFollower<Line> {
  private fd: number | null = null;
  private torn = '';
  private readonly chunk = Buffer.alloc(CHUNK_BYTES);

  /** @param path may come into being later */
  constructor(private readonly path: string) {}

  /** The lines that have become whole since the last call. */
  take(): Line[] {
    if (this.fd === null) {
      if (!existsSync(this.path)) return [];
      this.fd = openSync(this.path, 'r');
    }
    for (let count; (count = readSync(this.fd, this.chunk, 0, CHUNK_BYTES, null)) > 0;)
      this.torn += this.chunk.toString('utf8', 0, count);
    const lines = this.torn.split('\n');
    this.torn = lines.pop()!;
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}
