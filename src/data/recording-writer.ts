import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { McapChunkBuilder } from '@mcap/core';

import { elapsedMs, type Clock } from '../core/index.js';
import { writeFileAtomic } from './atomic-file.js';
import { McapFile, type McapExtras } from './mcap-file.js';
import { bagMetadataYaml, offeredQosProfiles, type BagTopic, type OfferedQos } from './rosbag2.js';

/** Name of the metadata record with the facts of a recording, and the version of what is in it. */
export const RECORDING_METADATA = 'dynabridge';
export const RECORDING_VERSION = 1;

/** One message as it crossed the wire. */
export interface WireMessage {
  readonly topic: string;
  /** e.g. 'sensor_msgs/msg/JointState' */
  readonly type: string;
  readonly offers: readonly OfferedQos[];
  /** counts all messages of a recording; what is missing in between was lost */
  readonly sequence: number;
  /** when it was received or sent, since the Unix epoch [ns] */
  readonly logNs: bigint;
  /** when its publisher published it, since the Unix epoch [ns] */
  readonly publishNs: bigint;
  /** CDR with its encapsulation header */
  readonly data: Uint8Array;
}

export interface RecordingOptions {
  readonly clock: Clock;
  /** definition of a message type, with all that it uses */
  readonly definitionOf: (type: string) => string;
  /** about the robot and its gate */
  readonly facts: Readonly<Record<string, string>>;
  /** the robot's files by name */
  readonly files: ReadonlyMap<string, string>;
}

/** A chunk is closed and written when it holds this much [bytes] ... */
const CHUNK_BYTES = 256 * 1024;
/** ... or when its first message is this old [ms]: what a death of this process can lose. */
const CHUNK_AGE_MS = 1_000;
/** An MCAP sequence number is 32 bits wide. */
const SEQUENCES = 2 ** 32;

/**
 * Writes messages as rosbag2 does into one MCAP file, which Foxglove and `ros2 bag` read. Channels come with their first message. A
 * `metadata.yaml` is put beside the file at its end, unless there is one.
 */
export class RecordingWriter {
  private readonly file: McapFile;
  private readonly chunk = new McapChunkBuilder({});
  private chunkSinceNs = 0n;
  private readonly channels = new Map<string, { readonly id: number } & Omit<BagTopic, 'messages'>>();

  /** @throws EEXIST where there is such a file */
  constructor(
    readonly path: string,
    private readonly options: RecordingOptions,
  ) {
    const { clock, facts, files } = options;
    const attachments: McapExtras['attachments'] = new Map(
      [...files].map(([name, text]) => [name, { mediaType: mediaTypeOf(name), data: Buffer.from(text) }]),
    );
    const metadata = { [RECORDING_METADATA]: { format_version: String(RECORDING_VERSION), ...facts } };
    this.file = new McapFile(path, [], { attachments, metadata, wallNs: clock.wallNs() });
  }

  /** @throws DynabridgeError UNAVAILABLE when the disk refuses; BAD_INPUT for a type whose definition is not known */
  append({ topic, type, offers, sequence, logNs, publishNs, data }: WireMessage): void {
    const channel = this.channels.get(topic) ?? this.addChannel(topic, type, offers);
    if (this.chunk.numMessages === 0) this.chunkSinceNs = this.options.clock.nowNs();
    this.chunk.addMessage({
      channelId: channel.id,
      sequence: sequence % SEQUENCES,
      logTime: logNs,
      publishTime: publishNs,
      data,
    });
    if (this.chunk.byteLength >= CHUNK_BYTES) this.flush();
  }

  /** To be called often: writes what is due. */
  poll(): void {
    const { clock } = this.options;
    if (this.chunk.numMessages > 0 && elapsedMs(this.chunkSinceNs, clock.nowNs()) >= CHUNK_AGE_MS)
      this.flush();
  }

  /** Completes the file. */
  close(): void {
    try {
      if (this.chunk.numMessages > 0 && !this.file.failed) this.flush();
    } finally {
      this.file.close();
    }
    const metadata = join(dirname(this.path), 'metadata.yaml');
    if (this.file.failed || existsSync(metadata)) return;
    const counts = this.file.messageCounts;
    const topics = [...this.channels.values()].map(({ id, ...topic }) => ({
      ...topic,
      messages: counts.get(id) ?? 0n,
    }));
    const { timeSpan } = this.file;
    writeFileAtomic(metadata, bagMetadataYaml({ file: basename(this.path), topics, timeSpan }));
  }

  private addChannel(topic: string, type: string, offers: readonly OfferedQos[]) {
    const profiles = offeredQosProfiles(offers);
    const definition = this.options.definitionOf(type);
    const metadata = { offered_qos_profiles: profiles };
    const id = this.file.addChannel({ topic, type, definition, metadata });
    const channel = { id, topic, type, offeredQosProfiles: profiles };
    this.channels.set(topic, channel);
    return channel;
  }

  private flush(): void {
    this.file.writeChunk(this.chunk);
    this.chunk.reset();
  }
}

function mediaTypeOf(name: string): string {
  return name.endsWith('.urdf') ? 'application/xml' : 'application/yaml';
}
