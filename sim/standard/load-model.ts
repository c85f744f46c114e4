import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MjModel } from '@mujoco/mujoco';
import { badInput } from '../../src/core/index.js';
import type { Engine } from '../engine/index.js';
import { HandleScope } from '../engine/handle-scope.js';

/**
 * Compiles an MJCF file, with the files that it includes or refers to.
 *
 * @returns the model; its owner must `delete()` it
 * @throws BAD_INPUT when there is no such file, or MuJoCo rejects it
 */
export function loadModel(engine: Engine, path: string): MjModel {
  const text = read(path);
  const scope = new HandleScope();
  try {
    const files = scope.keep(new engine.MjVFS());
    for (const [name, contents] of referredFiles(dirname(path), text)) files.addBuffer(name, contents);
    const model = engine.MjModel.from_xml_string(text, files);
    const option = scope.keep(model.opt);
    // A diverged state must be seen, not silently put back to the start.
    option.disableflags |= engine.mjtDisableBit.mjDSBL_AUTORESET.value;
    return model;
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ').trim();
    throw badInput(`the physics engine rejects ${path}: ${why}; it must be a complete MJCF model`, { path });
  } finally {
    scope.release();
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw badInput(`model file ${path} cannot be read (${code}); expected the path of an MJCF file`, {
      path,
    });
  }
}

/** The files named in `file="..."`, also in what is included, by the name that is written. What is missing MuJoCo reports. */
function referredFiles(folder: string, text: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const pending = [text];
  const folders = [
    '',
    ...[...text.matchAll(/\b(?:mesh|texture|asset)dir\s*=\s*["']([^"']*)["']/g)].map(([, dir]) => dir!),
  ];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    for (const [, name] of part.matchAll(/\bfile\s*=\s*["']([^"']+)["']/g)) {
      const path = folders.map((dir) => join(folder, dir, name!)).find((candidate) => existsSync(candidate));
      if (path === undefined || found.has(name!)) continue;
      const contents = readFileSync(path);
      found.set(name!, contents);
      if (name!.endsWith('.xml')) pending.push(contents.toString('utf8'));
    }
  }
  return found;
}
