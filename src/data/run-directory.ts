import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import * as v from 'valibot';
import { parse, stringify } from 'yaml';

import { badInput, type Clock } from '../core/index.js';
import { writeFileAtomic, writeFolderAtomic } from './atomic-file.js';
import {
  isoTime,
  lastCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type StoredCheckpoint,
} from './checkpoint.js';
import { readEpisodes, type ReadEpisodesOptions } from './episode-reader.js';
import type { Episode } from './episode-records.js';
import { EpisodeWriter, type EpisodeWriterOptions } from './episode-writer.js';
import { strictJson } from './json.js';
import { JsonLinesFile } from './json-lines.js';
import { lockRun } from './run-lock.js';
import { RUN_VERSION, runInfoSchema, type RunInfo, type RunName, type RunStart } from './run-info.js';

const INFO = 'run.json';
const CONFIG = 'config.yaml';
const CONTRACT = 'contract.json';
const REPORT = 'report.html';

function runFolderName(name: RunName, wallNs: bigint): string {
  for (const [field, value] of [
    ['robot', name.robot],
    ['task', name.task],
  ] as const) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(value)) {
      throw badInput(
        `${field} '${value}' cannot be part of a folder's name; use letters, digits, '_', '.' and '-'`,
        {
          field,
          value,
        },
      );
    }
  }
  return `${isoTime(wallNs).slice(0, 10)}-${name.robot}-${name.task}-s${name.seed}`;
}

/**
 * The self-contained folder of one run: run.json, config.yaml, contract.json, checkpoints/, metrics.jsonl, events.jsonl,
 * episodes/, blackbox/, report.html. Several processes may have it open; each file has one writer.
 */
export class RunDirectory {
  /** one row per logged training step; fields by name, see the writer */
  readonly metrics: JsonLinesFile;
  /** one row per judgement of the world model; not in metrics, which a training that is gone on with cuts back */
  readonly diagnostics: JsonLinesFile;
  private readonly eventsFile: JsonLinesFile;

  private constructor(
    /** absolute */
    readonly path: string,
    readonly info: RunInfo,
    private readonly clock: Clock,
  ) {
    this.metrics = new JsonLinesFile(join(path, 'metrics.jsonl'), clock);
    this.diagnostics = new JsonLinesFile(join(path, 'diagnostics.jsonl'), clock);
    this.eventsFile = new JsonLinesFile(join(path, 'events.jsonl'), clock);
  }

  /**
   * Creates `<base>/<date>-<robot>-<task>-s<seed>[-n]`; n counts from 2 when the name is taken. The folder appears complete.
   * @throws DynabridgeError BAD_INPUT when robot or task cannot be part of a folder's name
   */
  static create(base: string, start: RunStart, clock: Clock): RunDirectory {
    const { config, contract, ...rest } = start;
    const wallNs = clock.wallNs();
    const name = runFolderName(start, wallNs);
    const info: RunInfo = { ...rest, created: isoTime(wallNs), createdWallNs: wallNs };
    const json = { formatVersion: RUN_VERSION, ...info, createdWallNs: String(wallNs) };
    const files = {
      [INFO]: strictJson('run', json, 2) + '\n',
      [CONFIG]: stringify(config),
      ...(contract && { [CONTRACT]: strictJson('contract', contract, 2) + '\n' }),
    };
    mkdirSync(base, { recursive: true });
    for (let n = 1; ; n++) {
      const path = resolve(base, n === 1 ? name : `${name}-${n}`);
      if (existsSync(path)) continue;
      try {
        writeFolderAtomic(path, files);
      } catch (error) {
        // another process took the name in between
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
        continue;
      }
      return new RunDirectory(path, info, clock);
    }
  }

  /** @throws DynabridgeError BAD_INPUT when `path` is not a run, saying which file is missing or wrong */
  static open(path: string, clock: Clock): RunDirectory {
    const next = 'give the folder of a run, or make one with: dynabridge train';
    if (!existsSync(path)) throw badInput(`run ${path} does not exist; ${next}`, { path });
    for (const name of [INFO, CONFIG]) {
      if (!existsSync(join(path, name)))
        throw badInput(`${path} has no ${name}; ${next}`, { path, missing: name });
    }
    const info = v.safeParse(runInfoSchema, readJson(join(path, INFO)));
    if (!info.success) {
      const { message, path: keys } = info.issues[0];
      const field = keys?.map((item) => String(item.key)).join('.') ?? 'content';
      throw badInput(`${join(path, INFO)}: ${field}: ${message}; ${next}`, { path, field });
    }
    const { formatVersion: _, ...rest } = info.output;
    return new RunDirectory(resolve(path), rest, clock);
  }

  /** See {@link lockRun}. */
  lock(): () => void {
    return lockRun(this.path);
  }

  get name(): string {
    return basename(this.path);
  }

  get checkpointsFolder(): string {
    return join(this.path, 'checkpoints');
  }

  get episodesFolder(): string {
    return join(this.path, 'episodes');
  }

  get blackBoxFolder(): string {
    return join(this.path, 'blackbox');
  }

  get reportPath(): string {
    return join(this.path, REPORT);
  }

  /** One row per thing that happened; `kind` becomes a field of it. */
  readonly events = {
    append: (kind: string, fields: Readonly<Record<string, unknown>> = {}) =>
      this.eventsFile.append({ kind, ...fields }),
    read: () => this.eventsFile.read(),
  };

  /** Content of config.yaml; the caller validates it. */
  readConfig(): unknown {
    return parse(readFileSync(join(this.path, CONFIG), 'utf8'));
  }

  /** Content of contract.json; the caller validates it. @throws BAD_INPUT where there is none, as for standard tasks */
  readContract(): unknown {
    const path = join(this.path, CONTRACT);
    if (!existsSync(path)) {
      throw badInput(
        `${this.path} has no ${CONTRACT}: its policy was not trained for a robot; give the run of one, or make it with: dynabridge train --robot <robot>`,
        { path: this.path, missing: CONTRACT },
      );
    }
    return readJson(path);
  }

  /** See {@link saveCheckpoint}. */
  saveCheckpoint(checkpoint: Checkpoint, keep?: number): string {
    return saveCheckpoint(this.checkpointsFolder, checkpoint, this.clock, keep);
  }

  hasCheckpoint(): boolean {
    return lastCheckpoint(this.checkpointsFolder) !== undefined;
  }

  /**
   * The newest checkpoint, or that of `step`.
   * @throws DynabridgeError BAD_INPUT when there is none, or when it is damaged
   */
  loadCheckpoint(step?: number): StoredCheckpoint {
    const path =
      step === undefined
        ? lastCheckpoint(this.checkpointsFolder)
        : listCheckpoints(this.checkpointsFolder).findLast(
            (folder) => Number(basename(folder).split('-')[1]) === step,
          );
    if (path === undefined) {
      const what = step === undefined ? 'no checkpoint' : `no checkpoint of step ${step}`;
      throw badInput(`run ${this.path} has ${what}; make another run: dynabridge train`, {
        path: this.path,
        step,
      });
    }
    return loadCheckpoint(path);
  }

  /** See {@link EpisodeWriter}; robot and task are those of the run. */
  openEpisodeWriter(options: Omit<EpisodeWriterOptions, 'clock' | 'robot' | 'task'>): EpisodeWriter {
    const { robot, task } = this.info;
    return EpisodeWriter.open(this.episodesFolder, { ...options, robot, task, clock: this.clock });
  }

  /** See {@link readEpisodes}; none when nothing was recorded. */
  async *episodes(options?: ReadEpisodesOptions): AsyncGenerator<Episode> {
    if (existsSync(this.episodesFolder)) yield* readEpisodes(this.episodesFolder, options);
  }

  writeReport(html: string): string {
    writeFileAtomic(this.reportPath, html);
    return this.reportPath;
  }

  /** Closes metrics and events; they reopen when appended to. */
  close(): void {
    this.metrics.close();
    this.diagnostics.close();
    this.eventsFile.close();
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw badInput(`${path} is not JSON: ${(error as Error).message}; restore it or use another run`, {
      path,
    });
  }
}
