import { crc32 } from 'node:zlib';
import { closeSync, fdatasyncSync, openSync } from 'node:fs';

import { McapRecordBuilder, Opcode, type McapChunkBuilder, type McapTypes } from '@mcap/core';

import { DynabridgeError } from '../core/index.js';
import { writeFully } from './atomic-file.js';
import { CHANNELS, type Channel } from './message-definitions.js';

const LIBRARY = 'dynabridge';
const encoder = new TextEncoder();

/** What stands beside the messages of a file. */
export interface McapExtras {
  /** file name -> content */
  readonly attachments?: ReadonlyMap<string, McapAttachment>;
  /** name of a record -> its entries */
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** when the file was begun, since the Unix epoch [ns] */
  readonly wallNs?: bigint;
}

export interface McapAttachment {
  readonly mediaType: string;
  readonly data: Uint8Array;
}

/**
 * An append-only MCAP file (profile ros2, CDR) whose chunks are closed by the caller: McapWriter of @mcap/core closes them by
 * size only, while a chunk here must be on disk when its episode ends. Schemas and channels stand in front of the first chunk,
 * so every later part can be read. All writes are synchronous: what a call returned from has reached the kernel and survives
 * the death of this process.
 */
export class McapFile {
  private readonly fd: number;
  private readonly schemas: McapTypes.Schema[] = [];
  private readonly channels: McapTypes.Channel[] = [];
  private readonly attachmentIndexes: McapTypes.AttachmentIndex[] = [];
  private readonly metadataIndexes: McapTypes.MetadataIndex[] = [];
  private position = 0;
  private dataCrc = 0;
  private failure: DynabridgeError | null = null;
  private readonly chunkIndexes: McapTypes.ChunkIndex[] = [];
  private readonly counts = new Map<number, bigint>();
  private startTime = 0n;
  private endTime = 0n;

  /**
   * Creates the file; throws EEXIST when there is one, files are never rewritten.
   * @param channels index = id; default: those of an episode file
   * @param extras default: none
   */
  constructor(
    readonly path: string,
    channels: readonly Channel[] = CHANNELS,
    extras: McapExtras = {},
  ) {
    this.fd = openSync(path, 'wx');
    const records = new McapRecordBuilder();
    records.writeMagic();
    records.writeHeader({ profile: 'ros2', library: LIBRARY });
    for (const channel of channels) this.register(channel, records);
    this.append(records.buffer);
    this.writeExtras(extras);
  }

  /**
   * Another channel, before its first message.
   * @returns its id
   * @throws DynabridgeError UNAVAILABLE when the disk refuses
   */
  addChannel(channel: Channel): number {
    const records = new McapRecordBuilder();
    const id = this.register(channel, records);
    this.append(records.buffer);
    return id;
  }

  /**
   * Appends one closed chunk with its CRC and message indexes; the builder may be reset afterwards.
   * @throws DynabridgeError UNAVAILABLE when the disk refuses; the file then takes nothing more, so that its tail stays the tear
   */
  writeChunk(chunk: McapChunkBuilder): void {
    const records = chunk.buffer;
    const { messageStartTime, messageEndTime } = chunk;
    const size = { uncompressedSize: BigInt(records.byteLength), compression: '' };
    const builder = new McapRecordBuilder();
    const chunkLength = builder.writeChunk({
      ...size,
      messageStartTime,
      messageEndTime,
      uncompressedCrc: crc32(records),
      records,
    });
    const chunkStartOffset = BigInt(this.position);
    const messageIndexOffsets = new Map<number, bigint>();
    for (const index of chunk.indices) {
      messageIndexOffsets.set(index.channelId, chunkStartOffset + BigInt(builder.length));
      builder.writeMessageIndex(index);
      const count = this.counts.get(index.channelId) ?? 0n;
      this.counts.set(index.channelId, count + BigInt(index.records.length));
    }
    this.append(builder.buffer);
    const first = this.chunkIndexes.length === 0;
    if (first || messageStartTime < this.startTime) this.startTime = messageStartTime;
    if (first || messageEndTime > this.endTime) this.endTime = messageEndTime;
    this.chunkIndexes.push({
      ...size,
      messageStartTime,
      messageEndTime,
      chunkStartOffset,
      chunkLength,
      messageIndexOffsets,
      messageIndexLength: BigInt(builder.length) - chunkLength,
      compressedSize: size.uncompressedSize,
    });
  }

  /** messages of each channel in the chunks so far, by its id */
  get messageCounts(): ReadonlyMap<number, bigint> {
    return this.counts;
  }

  /** log time of the first and the last message in the chunks so far [ns]; 0n before the first */
  get timeSpan(): readonly [bigint, bigint] {
    return [this.startTime, this.endTime];
  }

  /** true once the disk has refused a write */
  get failed(): boolean {
    return this.failure !== null;
  }

  /** Makes what was written durable against power loss, too. */
  sync(): void {
    fdatasyncSync(this.fd);
  }

  /** Writes index, statistics and footer, makes the file durable and closes it. */
  close(): void {
    try {
      if (this.failure === null) this.writeSummary();
      this.sync();
    } finally {
      closeSync(this.fd);
    }
  }

  private writeSummary(): void {
    const end = new McapRecordBuilder();
    end.writeDataEnd({ dataSectionCrc: this.dataCrc });
    this.append(end.buffer);

    const summaryStart = BigInt(this.position);
    const summary = new McapRecordBuilder();
    const offsets: McapTypes.SummaryOffset[] = [];
    const group = (groupOpcode: number, write: () => void) => {
      const start = summary.length;
      write();
      const groupLength = BigInt(summary.length - start);
      if (groupLength > 0n) {
        offsets.push({ groupOpcode, groupStart: summaryStart + BigInt(start), groupLength });
      }
    };
    group(Opcode.SCHEMA, () => this.schemas.forEach((schema) => summary.writeSchema(schema)));
    group(Opcode.CHANNEL, () => this.channels.forEach((channel) => summary.writeChannel(channel)));
    group(Opcode.STATISTICS, () => summary.writeStatistics(this.statistics()));
    group(Opcode.ATTACHMENT_INDEX, () =>
      this.attachmentIndexes.forEach((index) => summary.writeAttachmentIndex(index)),
    );
    group(Opcode.METADATA_INDEX, () =>
      this.metadataIndexes.forEach((index) => summary.writeMetadataIndex(index)),
    );
    group(Opcode.CHUNK_INDEX, () => this.chunkIndexes.forEach((index) => summary.writeChunkIndex(index)));
    const summaryOffsetStart = summaryStart + BigInt(summary.length);
    offsets.forEach((offset) => summary.writeSummaryOffset(offset));
    this.append(summary.buffer);

    const footer = { summaryStart, summaryOffsetStart, summaryCrc: 0 };
    const draft = new McapRecordBuilder();
    draft.writeFooter(footer);
    // the summary's CRC covers the footer up to the CRC field itself
    footer.summaryCrc = crc32(draft.buffer.subarray(0, -4), crc32(summary.buffer));
    const final = new McapRecordBuilder();
    final.writeFooter(footer);
    final.writeMagic();
    this.append(final.buffer);
  }

  private statistics(): McapTypes.Statistics {
    let messageCount = 0n;
    for (const count of this.counts.values()) messageCount += count;
    return {
      messageCount,
      schemaCount: this.schemas.length,
      channelCount: this.channels.length,
      attachmentCount: this.attachmentIndexes.length,
      metadataCount: this.metadataIndexes.length,
      chunkCount: this.chunkIndexes.length,
      messageStartTime: this.startTime,
      messageEndTime: this.endTime,
      channelMessageCounts: this.counts,
    };
  }

  /** Channels of one type share its schema. */
  private register({ topic, type, definition, metadata }: Channel, records: McapRecordBuilder): number {
    const data = encoder.encode(definition);
    let schema = this.schemas.find(({ name }) => name === type);
    if (schema === undefined) {
      schema = { id: this.schemas.length + 1, name: type, encoding: 'ros2msg', data };
      this.schemas.push(schema);
      records.writeSchema(schema);
    }
    const id = this.channels.length;
    const entries = new Map(Object.entries(metadata ?? {}));
    const channel = { id, schemaId: schema.id, topic, messageEncoding: 'cdr', metadata: entries };
    this.channels.push(channel);
    records.writeChannel(channel);
    return id;
  }

  private writeExtras({ attachments = new Map(), metadata = {}, wallNs = 0n }: McapExtras): void {
    for (const [name, { mediaType, data }] of attachments) {
      const attachment = { name, mediaType, logTime: wallNs, createTime: wallNs };
      const records = new McapRecordBuilder();
      const length = records.writeAttachment({ ...attachment, data });
      const offset = BigInt(this.position);
      const dataSize = BigInt(data.byteLength);
      this.attachmentIndexes.push({ ...attachment, offset, length, dataSize });
      this.append(records.buffer);
    }
    for (const [name, entries] of Object.entries(metadata)) {
      const records = new McapRecordBuilder();
      const length = records.writeMetadata({ name, metadata: new Map(Object.entries(entries)) });
      this.metadataIndexes.push({ name, offset: BigInt(this.position), length });
      this.append(records.buffer);
    }
  }

  private append(data: Uint8Array): void {
    if (this.failure !== null) throw this.failure;
    try {
      writeFully(this.fd, data);
    } catch (error) {
      this.failure = new DynabridgeError(
        'UNAVAILABLE',
        `cannot append ${data.byteLength} bytes to ${this.path} at byte ${this.position}: ${String(error)}; ` +
          'what is before that is safe; free disk space and start a new recording',
        { file: this.path, offset: this.position },
        { cause: error },
      );
      throw this.failure;
    }
    this.dataCrc = crc32(data, this.dataCrc);
    this.position += data.byteLength;
  }
}
