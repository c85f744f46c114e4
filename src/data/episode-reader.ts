import { badInput } from '../core/index.js';
import { listEpisodeFiles } from './episode-files.js';
import { EpisodeAssembler } from './episode-assembler.js';
import type { Episode, EpisodeSource } from './episode-records.js';
import { mcapRecords, type Tear } from './mcap-records.js';

/** Something of a file could not be read; everything that was yielded is intact all the same. */
export interface EpisodeWarning {
  readonly file: string;
  /** first byte that could not be used; the file's size where only a footer is missing; 0 for an incomplete episode */
  readonly offset: number;
  /**
   * not-closed: the writer was killed, or is still writing; torn: it was killed within a write; damaged: bytes were changed;
   * incomplete: records of one episode are missing
   */
  readonly kind: Tear['kind'] | 'incomplete';
  readonly message: string;
  /** ids of episodes known to be lost; episodes of which nothing reached the disk cannot be known */
  readonly lost: readonly string[];
}

export interface ReadEpisodesOptions {
  readonly onWarning?: (warning: EpisodeWarning) => void;
  /** only files of this source, when a folder is read */
  readonly source?: EpisodeSource;
  /** false leaves `ticks` empty and saves their decoding; default true */
  readonly ticks?: boolean;
}

/**
 * Complete episodes of a file, or of all episode files of a folder, in the order in which they ended. Streams: memory holds the
 * episodes that are open at one point of the file. Reading stops at a tear, goes on with the next file, and says what was lost.
 *
 * @throws DynabridgeError BAD_INPUT when there is no such file or folder, or when the format is newer than this program
 */
export async function* readEpisodes(
  folderOrFile: string,
  options: ReadEpisodesOptions = {},
): AsyncGenerator<Episode> {
  for (const file of listEpisodeFiles(folderOrFile, options.source)) yield* readFile(file, options);
}

async function* readFile(file: string, options: ReadEpisodesOptions): AsyncGenerator<Episode> {
  const assembler = new EpisodeAssembler(file, options.ticks ?? true);
  let tear: Tear | undefined;
  for await (const item of mcapRecords(file)) {
    if (item.tear !== undefined) {
      tear = item.tear;
      continue;
    }
    const { record } = item;
    if (record.type === 'Header' && record.library !== 'dynabridge') {
      throw badInput(
        `${file} was written by '${record.library}', expected a recording of dynabridge; open it with Foxglove or ros2 bag`,
        { file, library: record.library },
      );
    }
    if (record.type === 'Channel') assembler.channel(record);
    if (record.type !== 'Message') continue;
    const result = assembler.message(record);
    if (result?.episode !== undefined) yield result.episode;
    if (result?.incomplete !== undefined) {
      const { id, why } = result.incomplete;
      const message = `${file}: episode ${id} is left out: ${why}`;
      options.onWarning?.({ file, offset: 0, kind: 'incomplete', message, lost: [id] });
    }
  }
  const lost = assembler.unfinished();
  if (tear === undefined && lost.length === 0) return;
  const { kind, offset, why } = tear ?? {
    kind: 'incomplete' as const,
    offset: 0,
    why: 'the file is closed but these episodes never end',
  };
  const loss = lost.length === 0 ? 'no episode is known to be lost' : `lost: ${lost.join(', ')}`;
  options.onWarning?.({ file, offset, kind, message: `${file} at byte ${offset}: ${why}; ${loss}`, lost });
}
