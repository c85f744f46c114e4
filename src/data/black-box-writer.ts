import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { McapChunkBuilder } from '@mcap/core';

import { flushToDisk, temporarySibling } from './atomic-file.js';
import {
  BLACK_BOX_CHANNELS,
  eventToMessage,
  proposalToMessage,
  tickToMessage,
  tripToMessage,
  type BlackBoxMessages,
} from './black-box-format.js';
import type { BlackBox } from './black-box-records.js';
import { ChannelCodec } from './channel-codec.js';
import { isoTime } from './checkpoint.js';
import { McapFile } from './mcap-file.js';

const FILE_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-.+\.mcap$/;
/** Left by a process that was killed while it wrote; see {@link temporarySibling}. */
const TEMPORARY_NAME = /^\..+\.mcap\.\d+\.tmp$/;
/** A temporary file this old [ms] belongs to no one: writing takes seconds at most. */
const ABANDONED_MS = 60_000;
const CHUNK_BYTES = 256 * 1024;

type Topic = keyof BlackBoxMessages;
type Entry = { readonly [T in Topic]: { timeNs: bigint; topic: T; message: BlackBoxMessages[T] } }[Topic];

/** Paths of a folder's black boxes, oldest first; none where the folder cannot be read. Never throws: a run must not end by it. */
export function listBlackBoxes(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => FILE_NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Writes `<folder>/<UTC time of the trip>-<cause>.mcap` in one step: whenever this process is killed, a file of that name is
 * complete. Then removes all but the newest `keep` black boxes of the folder.
 * @returns the path
 * @throws what the disk said; nothing of the new file is left then
 */
export function writeBlackBox(folder: string, box: BlackBox, keep: number): string {
  const { cause, wallNs } = box.trip;
  const name = `${isoTime(wallNs).replaceAll(':', '-')}-${cause.replace(/[^A-Za-z0-9_-]/g, '-')}.mcap`;
  const path = join(folder, name);
  const temporary = temporarySibling(path);
  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder, wallNs);
  try {
    writeEntries(temporary, entriesOf(box), wallNs - box.trip.timeNs);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushToDisk(folder);
  for (const old of listBlackBoxes(folder).slice(0, -keep)) rmSync(old, { force: true });
  return path;
}

/** The trip first, so that a reader knows the joints; all else by time. */
function entriesOf(box: BlackBox): Entry[] {
  const wallOffsetNs = box.trip.wallNs - box.trip.timeNs;
  const rest: Entry[] = [
    ...box.ticks.map((tick) => ({
      timeNs: tick.timeNs,
      topic: '/dynabridge/tick' as const,
      message: tickToMessage(tick),
    })),
    ...box.proposals.map((proposal) => ({
      timeNs: proposal.timeNs,
      topic: '/dynabridge/proposal' as const,
      message: proposalToMessage(proposal),
    })),
    ...box.events.map((event) => ({
      timeNs: event.timeNs,
      topic: '/rosout' as const,
      message: eventToMessage(event, event.timeNs + wallOffsetNs),
    })),
  ];
  rest.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
  const timeNs = rest[0] && rest[0].timeNs < box.trip.timeNs ? rest[0].timeNs : box.trip.timeNs;
  return [{ timeNs, topic: '/dynabridge/trip', message: tripToMessage(box) }, ...rest];
}

function writeEntries(path: string, entries: readonly Entry[], wallOffsetNs: bigint): void {
  const codec = new ChannelCodec<BlackBoxMessages>(BLACK_BOX_CHANNELS);
  const file = new McapFile(path, BLACK_BOX_CHANNELS);
  try {
    const chunk = new McapChunkBuilder({});
    entries.forEach(({ timeNs, topic, message }, sequence) => {
      const logTime = timeNs + wallOffsetNs;
      chunk.addMessage({
        channelId: BLACK_BOX_CHANNELS.findIndex((channel) => channel.topic === topic),
        sequence,
        logTime,
        publishTime: logTime,
        data: codec.encode(topic, message),
      });
      if (chunk.byteLength < CHUNK_BYTES && sequence + 1 < entries.length) return;
      file.writeChunk(chunk);
      chunk.reset();
    });
  } finally {
    file.close();
  }
}

function removeAbandoned(folder: string, wallNs: bigint): void {
  const nowMs = Number(wallNs / 1_000_000n);
  for (const name of readdirSync(folder).filter((entry) => TEMPORARY_NAME.test(entry))) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && nowMs - stat.mtimeMs > ABANDONED_MS) rmSync(path, { force: true });
  }
}
