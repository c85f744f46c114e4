import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

import { DynabridgeError, type Clock } from '../core/index.js';
import { writeFileAtomic, writeFully } from './atomic-file.js';
import { isoTime } from './checkpoint.js';

export interface JsonLine {
  /** wall clock, ISO 8601 in UTC */
  readonly wall: string;
  /** monotonic clock of the machine that wrote it [s] */
  readonly monotonicS: number;
  readonly [field: string]: unknown;
}

export interface JsonLinesContent {
  readonly rows: readonly JsonLine[];
  /** lines that could not be read, e.g. the last one of a killed writer */
  readonly warnings: readonly { readonly file: string; readonly line: number; readonly message: string }[];
}

/** An append-only file of JSON objects, one per line, each with its time. A line is in the kernel when `append` returns. */
export class JsonLinesFile {
  private fd: number | null = null;

  constructor(
    readonly path: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Appends one row. NaN and infinities become null (a diverged loss must not end a training), undefined fields are left out.
   * @throws DynabridgeError INTERNAL when a field is named `wall` or `monotonicS`
   */
  append(fields: Readonly<Record<string, unknown>>): void {
    if ('wall' in fields || 'monotonicS' in fields) {
      throw new DynabridgeError(
        'INTERNAL',
        `${this.path}: the fields 'wall' and 'monotonicS' are set by the file`,
      );
    }
    const time = { wall: isoTime(this.clock.wallNs()), monotonicS: Number(this.clock.nowNs()) / 1e9 };
    const line = JSON.stringify({ ...time, ...fields }) + '\n';
    if (this.fd === null) {
      this.fd = openSync(this.path, 'a+');
      if (endsTorn(this.fd)) writeFully(this.fd, Buffer.from('\n'));
    }
    writeFully(this.fd, Buffer.from(line));
  }

  /** All rows; lines that are not JSON objects are left out and reported. No rows when there is no file. */
  read(): JsonLinesContent {
    return readJsonLines(this.path);
  }

  /** Drops all rows but the first `count`, in one step: a reader finds the file before or after it. */
  keepFirst(count: number): void {
    this.close();
    const kept = this.read().rows.slice(0, count);
    writeFileAtomic(this.path, kept.map((row) => JSON.stringify(row) + '\n').join(''));
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }
}

/** The last byte is no line end: a writer was killed within a line, which must not swallow the next one. */
function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = new Uint8Array(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

/** See {@link JsonLinesFile.read}. */
function readJsonLines(path: string): JsonLinesContent {
  const rows: JsonLine[] = [];
  const warnings: { file: string; line: number; message: string }[] = [];
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  lines.forEach((text, index) => {
    if (text === '') return;
    try {
      const row: unknown = JSON.parse(text);
      if (row === null || typeof row !== 'object' || Array.isArray(row))
        throw new SyntaxError('not an object');
      rows.push(row as JsonLine);
    } catch (error) {
      const message = `${path}:${index + 1} is left out: ${(error as Error).message}`;
      warnings.push({ file: path, line: index + 1, message });
    }
  });
  return { rows, warnings };
}
