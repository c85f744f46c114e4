import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import * as v from 'valibot';

import { badInput, type Clock } from '../core/index.js';
import { writeFileAtomic, writeFolderAtomic } from './atomic-file.js';
import { strictJson, type JsonObject } from './json.js';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.js';

/** Everything that learning needs to go on, bit for bit. */
export interface Checkpoint {
  /** environment steps so far */
  readonly step: number;
  readonly tensors: Tensors;
  /** generator states, normalisers, counters: plain JSON, finite numbers */
  readonly parts: JsonObject;
}

export interface StoredCheckpoint extends Checkpoint {
  /** its folder */
  readonly path: string;
  readonly createdWallNs: bigint;
}

/**
 * 2: Adam keeps its moments as a row of parameters for each ensemble member; in 1 they were one vector. 3: the whole training is
 * held, not networks only, and observations are described by frame fields.
 */
const CHECKPOINT_VERSION = 3;
const TENSORS = 'tensors.safetensors';
const MANIFEST = 'manifest.json';
const LAST = 'last';
const FOLDER_NAME = /^step-(\d+)(?:-(\d+))?$/;
/** hidden from FOLDER_NAME: what a killed writer left */
const ABANDONED = /^\.step-.*\.tmp$/;

const versionSchema = v.object({ formatVersion: v.number() });

const manifestSchema = v.strictObject({
  formatVersion: v.literal(CHECKPOINT_VERSION),
  step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  created: v.pipe(v.string(), v.isoTimestamp()),
  createdWallNs: v.pipe(v.string(), v.digits()),
  tensorsSha256: v.pipe(v.string(), v.hash(['sha256'])),
  parts: v.record(v.string(), v.unknown()),
});

/** In hexadecimal. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A wall time as ISO 8601 in UTC. */
export function isoTime(wallNs: bigint): string {
  return new Date(Number(wallNs / 1_000_000n)).toISOString();
}

/**
 * Stores a checkpoint as `<folder>/step-<8 digits>/` (tensors.safetensors, manifest.json) and then points `<folder>/last` to it.
 * Both happen in one step each: a reader finds the previous or the new one, never a part, and so does whoever was killed within.
 *
 * @param keep so many of the newest are kept, older ones are removed; default: all
 * @returns the checkpoint's folder
 */
export function saveCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  clock: Clock,
  keep = Infinity,
): string {
  const tensors = encodeSafetensors(checkpoint.tensors);
  const wallNs = clock.wallNs();
  const manifest = {
    formatVersion: CHECKPOINT_VERSION,
    step: checkpoint.step,
    created: isoTime(wallNs),
    createdWallNs: String(wallNs),
    tensorsSha256: sha256(tensors),
    parts: checkpoint.parts,
  };
  mkdirSync(folder, { recursive: true });
  const base = `step-${String(checkpoint.step).padStart(8, '0')}`;
  let path = join(folder, base);
  for (let n = 2; existsSync(path); n++) path = join(folder, `${base}-${n}`);
  writeFolderAtomic(path, { [TENSORS]: tensors, [MANIFEST]: strictJson('checkpoint', manifest, 2) + '\n' });
  writeFileAtomic(join(folder, LAST), basename(path) + '\n');
  const all = listCheckpoints(folder);
  const surplus = all.slice(0, Math.max(0, all.length - Math.max(1, keep)));
  for (const old of surplus) if (old !== path) rmSync(old, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (ABANDONED.test(name)) rmSync(join(folder, name), { recursive: true });
  }
  return path;
}

/** Folders of the complete checkpoints, by step, oldest first; none when the folder does not exist. */
export function listCheckpoints(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => FOLDER_NAME.exec(name))
    .filter((match) => match !== null)
    .sort((a, b) => Number(a[1]) - Number(b[1]) || Number(a[2] ?? 1) - Number(b[2] ?? 1))
    .map((match) => join(folder, match[0]));
}

/** The folder that `<folder>/last` points to; undefined when nothing has been stored yet. */
export function lastCheckpoint(folder: string): string | undefined {
  const pointer = join(folder, LAST);
  if (!existsSync(pointer)) return undefined;
  const name = readFileSync(pointer, 'utf8').trim();
  if (!FOLDER_NAME.test(name)) {
    throw badInput(
      `${pointer} holds '${name}', expected the name of a checkpoint such as step-00010000; correct it`,
      {
        file: pointer,
        name,
      },
    );
  }
  return join(folder, name);
}

/**
 * Reads and verifies the checkpoint in `path`.
 * @throws DynabridgeError BAD_INPUT when a file is missing, malformed, of another format version or does not match its hash
 */
export function loadCheckpoint(path: string): StoredCheckpoint {
  const others = `use another one of ${dirname(path)}`;
  const read = (name: string): Uint8Array => {
    try {
      return readFileSync(join(path, name));
    } catch (error) {
      throw badInput(`checkpoint ${path} has no readable ${name} (${(error as Error).message}); ${others}`, {
        path,
      });
    }
  };
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(read(MANIFEST)).toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badInput(`${join(path, MANIFEST)} is not JSON: ${error.message}; ${others}`, { path });
  }
  const version = v.safeParse(versionSchema, json);
  if (version.success && version.output.formatVersion !== CHECKPOINT_VERSION) {
    const { formatVersion } = version.output;
    const way =
      formatVersion < CHECKPOINT_VERSION
        ? 'its tensors are laid out differently; train again'
        : 'it was written by a newer one; update dynabridge';
    throw badInput(
      `${join(path, MANIFEST)}: checkpoint format ${formatVersion}, this version reads ${CHECKPOINT_VERSION}: ${way}`,
      { path, formatVersion, expected: CHECKPOINT_VERSION },
    );
  }
  const manifest = v.safeParse(manifestSchema, json);
  if (!manifest.success) {
    const { message, path: keys } = manifest.issues[0];
    const field = keys?.map((item) => String(item.key)).join('.') ?? 'content';
    throw badInput(`${join(path, MANIFEST)}: ${field}: ${message}; ${others}`, { path, field });
  }
  const { step, createdWallNs, tensorsSha256, parts } = manifest.output;
  const bytes = read(TENSORS);
  const actual = sha256(bytes);
  if (actual !== tensorsSha256) {
    throw badInput(
      `${join(path, TENSORS)} has SHA-256 ${actual}, its manifest says ${tensorsSha256}; it was changed, ${others}`,
      { path, actual, expected: tensorsSha256 },
    );
  }
  const tensors = decodeSafetensors(bytes, join(path, TENSORS));
  return { path, step, createdWallNs: BigInt(createdWallNs), tensors, parts: parts as JsonObject };
}
