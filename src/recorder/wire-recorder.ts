import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/index.js';
import { RecordingWriter, type RecordingOptions } from '../data/index.js';
import type { IpcMessage, TrafficMessage } from '../io/ipc/index.js';

export interface WireRecorderOptions extends Omit<RecordingOptions, 'clock'> {
  /** of the file to be; another one beside it where it is there already */
  readonly file: string;
  readonly clock: Clock;
  /** the file is there */
  readonly onBegun: (file: string) => void;
  /** nothing more is written; control must not notice */
  readonly onFailed: (file: string, why: string) => void;
}

/** Writes all that the guard tells of the wire and the gate into one file, until the first failure. */
export class WireRecorder {
  /** records that never came */
  lost = 0;
  private writer: RecordingWriter | null = null;
  private newest = 0;
  /** wall clock less monotonic clock [ns]: one for the whole file, so that its order is that of events */
  private readonly wallOffsetNs: bigint;

  constructor(private readonly options: WireRecorderOptions) {
    const { clock, file } = options;
    this.wallOffsetNs = clock.wallNs() - clock.nowNs();
    this.attempt(file, () => {
      mkdirSync(dirname(file), { recursive: true });
      this.writer = create(options);
    });
    if (this.writer) options.onBegun(this.file);
  }

  /** of the recording */
  get file(): string {
    return this.writer?.path ?? this.options.file;
  }

  onMessage(message: IpcMessage): void {
    if (message.type === 'traffic') this.attempt(this.file, (writer) => this.append(message, writer));
  }

  /** To be called often: writes what is due. */
  poll(): void {
    this.attempt(this.file, (writer) => writer?.poll());
  }

  close(): void {
    this.attempt(this.file, (writer) => writer?.close());
    this.writer = null;
  }

  private append(message: TrafficMessage, writer: RecordingWriter | null): void {
    const { number, topic, messageType: type, offers, atNs, sourceNs, payload: data } = message;
    this.lost += number - this.newest - 1;
    this.newest = number;
    const logNs = atNs + this.wallOffsetNs;
    const publishNs = sourceNs === 0n ? logNs : sourceNs;
    writer?.append({ topic, type, offers, sequence: number, logNs, publishNs, data });
  }

  private attempt(file: string, step: (writer: RecordingWriter | null) => void): void {
    try {
      step(this.writer);
    } catch (error) {
      const broken = this.writer;
      this.writer = null;
      this.options.onFailed(file, (error as Error).message);
      try {
        broken?.close();
      } catch {
        // it has been told
      }
    }
  }
}

/** `<stem>.mcap`, `<stem>-2.mcap`, ...: the first that is not there yet, since a guard that is replaced has a recording of its own. */
function create(options: WireRecorderOptions): RecordingWriter {
  const { file } = options;
  const stem = file.replace(/\.mcap$/, '');
  for (let n = 1; ; n++) {
    try {
      return new RecordingWriter(n === 1 ? file : `${stem}-${n}.mcap`, options);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
