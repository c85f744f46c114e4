import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { badInput } from '../core/index.js';
import type { RecordingReader } from '../data/index.js';
import { loadRobot, meshCandidates, type Robot } from '../robot/index.js';

/**
 * The robot of a recording, loaded from the files in it.
 * @throws BAD_INPUT where they are no robot that this program takes
 */
export function restoreRobot({ files, path }: Pick<RecordingReader, 'files' | 'path'>): Robot {
  const folder = mkdtempSync(join(tmpdir(), 'dynabridge-replay-'));
  try {
    for (const [name, text] of files) {
      if (basename(name) !== name)
        throw badInput(`${path}: attachment '${name}' is no file of a robot folder`);
      writeFileSync(join(folder, name), text);
      if (name.endsWith('.urdf')) placeMeshes(text, folder);
    }
    return loadRobot(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Meshes are not in the recording, and the gate does not look at them; their files have to be there. */
function placeMeshes(urdf: string, folder: string): void {
  for (const [, filename = ''] of urdf.matchAll(/<mesh[^>]*\bfilename\s*=\s*["']([^"']+)["']/g)) {
    const [place] = filename.startsWith('file:') ? [] : meshCandidates(filename, folder);
    if (place === undefined || !place.startsWith(folder + sep)) continue;
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
  }
}
