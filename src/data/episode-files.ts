import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { badInput } from '../core/index.js';
import { EPISODE_SOURCES, type EpisodeSource } from './episode-records.js';

const FILE_NAME = new RegExp(`^(${EPISODE_SOURCES.join('|')})-(\\d{4,})\\.mcap$`);

/** e.g. sim-0001.mcap */
export function episodeFileName(source: EpisodeSource, number: number): string {
  return `${source}-${String(number).padStart(4, '0')}.mcap`;
}

/**
 * Paths of the episode files of a folder, by source and then number; other files are passed over. Given a file, that file.
 * @throws DynabridgeError BAD_INPUT when there is no such file or folder
 */
export function listEpisodeFiles(folderOrFile: string, source?: EpisodeSource): string[] {
  const stat = statSync(folderOrFile, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw badInput(
      `no episodes at ${folderOrFile}: no such file or folder; record some with dynabridge train or run`,
      {
        path: folderOrFile,
      },
    );
  }
  if (stat.isFile()) return [folderOrFile];
  return readdirSync(folderOrFile)
    .map((name) => FILE_NAME.exec(name))
    .filter((match) => match !== null)
    .filter((match) => source === undefined || match[1] === source)
    .sort((a, b) => a[1]!.localeCompare(b[1]!) || Number(a[2]) - Number(b[2]))
    .map((match) => join(folderOrFile, match[0]));
}
