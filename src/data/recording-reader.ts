import { statSync } from 'node:fs';

import type { McapTypes } from '@mcap/core';

import { badInput } from '../core/index.js';
import { mcapRecords } from './mcap-records.js';
import { RECORDING_METADATA, RECORDING_VERSION, type WireMessage } from './recording-writer.js';

export interface ReadMessage extends Omit<WireMessage, 'offers'> {
  /** up to here the file was read [bytes]; grows by chunks */
  readonly offset: number;
}

const NEXT = 'give a file that dynabridge run --record wrote';

/** A recording as it is read from disk, front to back. */
export class RecordingReader {
  private offset = 0;
  private readonly channels = new Map<number, McapTypes.Channel>();
  private readonly schemas = new Map<number, McapTypes.Schema>();

  private constructor(
    readonly path: string,
    /** about the robot and its gate */
    readonly facts: ReadonlyMap<string, string>,
    /** the robot's files by name */
    readonly files: ReadonlyMap<string, string>,
    readonly bytes: number,
    private readonly records: ReturnType<typeof mcapRecords>,
    private readonly partial: boolean,
  ) {}

  /**
   * @param partial end at a tear as if it were the end of the file
   * @throws DynabridgeError BAD_INPUT when there is no such file, when it is none of ours, damaged at its start, or newer than this program
   */
  static async open(path: string, partial = false): Promise<RecordingReader> {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) throw badInput(`there is no file ${path}; ${NEXT}`, { path });
    const records = mcapRecords(path);
    try {
      const { facts, files } = await readHead(path, records);
      return new RecordingReader(path, facts, files, stat.size, records, partial);
    } catch (error) {
      await records.return(undefined);
      throw error;
    }
  }

  /** Once only. @throws DynabridgeError BAD_INPUT at a tear, unless what is before it was asked for */
  async *messages(): AsyncGenerator<ReadMessage> {
    for await (const { record, tear } of this.records) {
      if (tear) {
        if (this.partial) return;
        throw torn(this.path, tear);
      }
      if (record.type === 'Schema') this.schemas.set(record.id, record);
      else if (record.type === 'Channel') this.channels.set(record.id, record);
      else if (record.type === 'Chunk') this.offset += record.records.byteLength;
      else if (record.type === 'Message') yield this.toMessage(record);
    }
  }

  /** For a reader whose messages are not all read. */
  async close(): Promise<void> {
    await this.records.return(undefined);
  }

  private toMessage({ channelId, sequence, logTime, publishTime, data }: McapTypes.Message): ReadMessage {
    const { topic, schemaId } = this.channels.get(channelId)!; // the reader of MCAP has refused what has no channel
    const type = this.schemas.get(schemaId)?.name ?? '';
    const { offset } = this;
    return { topic, type, sequence, logNs: logTime, publishNs: publishTime, data, offset };
  }
}

/** What stands before the messages. */
async function readHead(
  path: string,
  records: ReturnType<typeof mcapRecords>,
): Promise<Pick<RecordingReader, 'facts' | 'files'>> {
  const files = new Map<string, string>();
  for (;;) {
    const next = await records.next();
    const { record, tear } = next.done === true ? { record: undefined, tear: undefined } : next.value;
    if (tear) throw torn(path, tear);
    if (record === undefined || record.type === 'Chunk' || record.type === 'DataEnd') break;
    if (record.type === 'Attachment') files.set(record.name, Buffer.from(record.data).toString());
    if (record.type !== 'Metadata' || record.name !== RECORDING_METADATA) continue;
    checkVersion(path, record.metadata);
    return { facts: record.metadata, files };
  }
  throw badInput(`${path} is an MCAP file, but no recording of ours: it says nothing of the robot; ${NEXT}`, {
    path,
  });
}

function torn(path: string, { offset, why }: { readonly offset: number; readonly why: string }): Error {
  return badInput(
    `${path} is incomplete or damaged at byte ${offset}: ${why}; what is before that may be read with --partial`,
    { path, offset },
  );
}

function checkVersion(path: string, facts: ReadonlyMap<string, string>): void {
  const version = Number(facts.get('format_version'));
  if (version <= RECORDING_VERSION) return;
  throw badInput(
    `${path} has format version ${facts.get('format_version')}, this dynabridge reads up to ${RECORDING_VERSION}; update dynabridge`,
    { path },
  );
}
