import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { badInput } from '../core/index.js';

const LOCK = 'training.lock';

/**
 * Makes this process the one that trains in a run's folder; two would overwrite each other's checkpoints. A lock whose process is gone,
 * as after a crash, is taken over.
 * @returns gives the lock back
 * @throws BAD_INPUT that names the process that has it
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, LOCK);
  const mine = `${process.pid} ${hostname()}\n`;
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, host] = holder(path);
    if (isAlive(pid, host)) {
      throw badInput(
        `${folder} is being trained by process ${pid} on ${host}; wait for it or stop it, and if there is no such process delete ${path}`,
        { path, pid, host },
      );
    }
    rmSync(path, { force: true });
  }
}

/** Process and machine that a lock names; not a number where it was removed meanwhile or is broken. */
function holder(path: string): [pid: number, host: string] {
  try {
    const [pid, host] = readFileSync(path, 'utf8').trim().split(' ');
    return [Number(pid), host ?? ''];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [NaN, ''];
  }
}

/** A process of another machine cannot be asked and counts as alive. */
function isAlive(pid: number, host: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (host !== hostname()) return true;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
