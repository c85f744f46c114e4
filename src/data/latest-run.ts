import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { badInput, DynabridgeError, type Clock } from '../core/index.js';
import { RunDirectory } from './run-directory.js';

/**
 * The newest run of a robot below `base` that has a checkpoint. Folders that are not runs are passed over.
 * @param kind of the run, see RunStart; default: any
 * @throws DynabridgeError BAD_INPUT when there is none
 */
export function latestRun(base: string, robot: string, clock: Clock, kind?: string): RunDirectory {
  let newest: RunDirectory | undefined;
  for (const entry of existsSync(base) ? readdirSync(base, { withFileTypes: true }) : []) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const run = openIfRun(join(base, entry.name), clock);
    if (run === undefined || run.info.robot !== robot || !run.hasCheckpoint()) continue;
    if (kind !== undefined && run.info.kind !== kind) continue;
    if (newest === undefined || isNewer(run, newest)) newest = run;
  }
  if (newest !== undefined) return newest;
  throw badInput(
    `no run with a checkpoint for robot '${robot}' in ${base}; make one: dynabridge train --robot ${robot}`,
    { base, robot, kind },
  );
}

function isNewer(run: RunDirectory, other: RunDirectory): boolean {
  const difference = run.info.createdWallNs - other.info.createdWallNs;
  return difference > 0n || (difference === 0n && run.name > other.name);
}

function openIfRun(path: string, clock: Clock): RunDirectory | undefined {
  try {
    return RunDirectory.open(path, clock);
  } catch (error) {
    if (error instanceof DynabridgeError && error.code === 'BAD_INPUT') return undefined;
    throw error;
  }
}
