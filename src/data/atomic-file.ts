import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Name of the sibling that is written before it takes the place of `path`; one per process, so that two cannot meet. */
export function temporarySibling(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}

/** Makes a file's or folder's content durable against power loss. */
export function flushToDisk(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of `data`, however many calls the kernel takes for it. */
export function writeFully(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.byteLength;) done += writeSync(fd, data, done);
}

/**
 * Replaces `path` by `data` in one step: whoever reads, and whenever the process is killed, finds the old content or the new,
 * never a part. (Temporary sibling, fsync, rename, fsync of the folder.)
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = temporarySibling(path);
  try {
    writeFileSync(temporary, data, { flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushToDisk(dirname(path));
}

/**
 * Creates the folder `path` with these files in one step; it exists complete or not at all.
 * The caller makes sure that `path` does not exist yet.
 */
export function writeFolderAtomic(path: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const temporary = temporarySibling(path);
  if (existsSync(temporary)) rmSync(temporary, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  try {
    for (const [name, data] of Object.entries(files)) {
      writeFileSync(join(temporary, name), data, { flush: true });
    }
    flushToDisk(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  flushToDisk(dirname(path));
}
