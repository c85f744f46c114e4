import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { badInput, DynabridgeError, type Clock } from '../core/index.js';
import { EpisodeCodec } from './episode-codec.js';
import { episodeFileName, listEpisodeFiles } from './episode-files.js';
import { EpisodeRecording } from './episode-recording.js';
import type { EpisodeHeader, SessionInfo } from './episode-records.js';
import { McapFile } from './mcap-file.js';
import { MAX_RECORD_BYTES } from './mcap-records.js';
import { FORMAT_VERSION } from './message-definitions.js';

export interface EpisodeWriterOptions extends SessionInfo {
  readonly clock: Clock;
  /** a chunk is closed and written when it holds this much [bytes], up to 8 MiB; default 256 KiB */
  readonly maxChunkBytes?: number;
  /** ... or when its oldest record is this old [ms]; default 2000 */
  readonly maxChunkAgeMs?: number;
  /** fdatasync at each episode's end, against power loss; default: true unless the source is 'sim' */
  readonly syncEpisodes?: boolean;
}

const DEFAULT_CHUNK_BYTES = 256 * 1024;
const DEFAULT_CHUNK_AGE_MS = 2000;
/** half of what readers take as a record */
const LARGEST_CHUNK_BYTES = MAX_RECORD_BYTES / 2;

function checkText(info: SessionInfo): void {
  for (const [field, value] of Object.entries(info)) {
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    for (const text of texts) {
      if (typeof text === 'string' && !/^[ -~]*$/.test(text)) {
        throw badInput(
          `episode ${field} '${text}' holds characters outside printable ASCII; ROS names and recordings are ASCII, rename it`,
          { field, value: text },
        );
      }
    }
  }
}

/**
 * Appends episodes to one new file of a folder (`<source>-<NNNN>.mcap`). Several episodes may be open at once, so that parallel
 * environments can share a writer. Everything is synchronous: once `EpisodeRecording.end` has returned, the episode survives
 * kill -9 of this process.
 *
 * @example
 * const writer = EpisodeWriter.open(run.episodesFolder, { ...session, clock });
 * const episode = writer.begin({ seed: 7 });
 * episode.step({ step: 0, timeNs: 0n, frame, action, policyVersion: 1 });
 * for (const tick of result.ticks[0]!) episode.tick(tick);
 * episode.end({ terminated: false, truncated: true, success: true, return: 197.2, finalFrame });
 * writer.close();
 */
export class EpisodeWriter {
  private readonly codec = new EpisodeCodec();
  private readonly openEpisodes = new Set<EpisodeRecording>();
  private count = 0;
  private lastLogNs = 0n;
  private closed = false;

  private constructor(
    private readonly target: McapFile,
    private readonly options: EpisodeWriterOptions,
  ) {}

  /**
   * Creates the folder where needed and in it the next file of this source.
   * @throws DynabridgeError BAD_INPUT when a name is not ASCII or maxChunkBytes is too large
   */
  static open(folder: string, options: EpisodeWriterOptions): EpisodeWriter {
    checkText(options);
    if (options.maxChunkBytes !== undefined && options.maxChunkBytes > LARGEST_CHUNK_BYTES) {
      throw badInput(
        `maxChunkBytes is ${options.maxChunkBytes}, expected at most ${LARGEST_CHUNK_BYTES} bytes`,
      );
    }
    mkdirSync(folder, { recursive: true });
    const taken = new Set(listEpisodeFiles(folder).map((path) => basename(path)));
    for (let number = 1; ; number++) {
      const name = episodeFileName(options.source, number);
      if (taken.has(name)) continue;
      try {
        return new EpisodeWriter(new McapFile(join(folder, name)), options);
      } catch (error) {
        // another process took the name since the listing
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  get file(): string {
    return this.target.path;
  }

  /** Starts an episode now; its times count from here. `seed` is a safe integer. */
  begin(episode: { readonly seed: number }): EpisodeRecording {
    const { clock, maxChunkBytes, maxChunkAgeMs, syncEpisodes, ...session } = this.options;
    if (this.closed) throw new DynabridgeError('INTERNAL', `${this.file} is closed; open a new writer`);
    const number = ++this.count;
    const wallNs = clock.wallNs();
    const header: EpisodeHeader = {
      ...session,
      formatVersion: FORMAT_VERSION,
      id: `${basename(this.file, '.mcap')}/${number}`,
      number,
      seed: episode.seed,
      wallNs,
    };
    const recording = new EpisodeRecording(header, {
      clock,
      codec: this.codec,
      file: this.target,
      maxChunkBytes: maxChunkBytes ?? DEFAULT_CHUNK_BYTES,
      maxChunkAgeMs: maxChunkAgeMs ?? DEFAULT_CHUNK_AGE_MS,
      sync: syncEpisodes ?? session.source !== 'sim',
      logStartNs: wallNs > this.lastLogNs ? wallNs : this.lastLogNs,
      onClosed: (lastLogNs) => {
        this.openEpisodes.delete(recording);
        if (lastLogNs > this.lastLogNs) this.lastLogNs = lastLogNs;
      },
    });
    this.openEpisodes.add(recording);
    return recording;
  }

  /** Discards what is still open, then writes the index and closes the file. Calling it again does nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      for (const episode of this.openEpisodes) episode.discard();
    } finally {
      this.target.close();
    }
  }
}
