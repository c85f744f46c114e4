import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ManualClock } from '../../../src/core/index.js';
import { RunDirectory, type RunStart } from '../../../src/data/index.js';

const bases: string[] = [];

/** A run directory of its own. */
export function scratchRun(start: Pick<RunStart, 'robot' | 'task' | 'config'>): RunDirectory {
  const base = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-learner-'));
  bases.push(base);
  const facts = { kind: 'finetune', seed: 1, commandLine: 'test', versions: {} } as const;
  return RunDirectory.create(base, { ...facts, ...start }, new ManualClock());
}

export function removeScratchRuns(): void {
  for (const base of bases.splice(0)) rmSync(base, { recursive: true });
}
