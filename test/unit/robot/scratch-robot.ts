import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { DynabridgeError } from '../../../src/core/index.js';
import { loadRobot, type Robot } from '../../../src/robot/index.js';

export const ARM = fileURLToPath(new URL('../../fixtures/urdf/arm', import.meta.url));

type FileName = 'arm.urdf' | 'joint_limits.yaml' | 'robot.yaml';

/** A change to one file of a copy of the arm: `find` must occur. */
export type Edit = readonly [file: FileName, find: string, replace: string];

/** Loads a copy of the arm with edits applied; the copy is removed again. */
export function loadEdited(...edits: readonly Edit[]): Robot {
  const folder = mkdtempSync(join(tmpdir(), 'robot-'));
  try {
    cpSync(ARM, folder, { recursive: true });
    for (const [file, find, replace] of edits) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      expect(text, `edit of ${file}`).toContain(find);
      writeFileSync(
        path,
        text.replace(find, () => replace),
      );
    }
    return loadRobot(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Asserts that `action` is refused as bad input (exit code 2) with a message that holds every part. */
export function expectBadInput(action: () => unknown, ...parts: readonly string[]): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, 'nothing was refused').toBeInstanceOf(DynabridgeError);
  const error = thrown as DynabridgeError;
  expect(error.exitCode).toBe(2);
  for (const part of parts) expect(error.message).toContain(part);
}

/** What a refusal holds for machines. */
export function contextOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    if (error instanceof DynabridgeError) return error.context;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** One edit or several, as a list. */
export function listOf(edits: Edit | readonly Edit[]): readonly Edit[] {
  return typeof edits[0] === 'string' ? [edits as Edit] : (edits as readonly Edit[]);
}
