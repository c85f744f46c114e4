import { McapChunkBuilder } from '@mcap/core';

import { DynabridgeError, elapsedMs, type Clock } from '../core/index.js';
import { asciiText, toRosTime } from './channel-codec.js';
import { endToMessage, headerToMessage, type EpisodeCodec, type Messages } from './episode-codec.js';
import {
  COMMAND_SOURCES,
  type ControlTickInput,
  type EpisodeEnd,
  type EpisodeHeader,
  type PolicyStepRecord,
} from './episode-records.js';
import type { McapFile } from './mcap-file.js';
import { CHANNELS, type Topic } from './message-definitions.js';

const CHANNEL_IDS = new Map<string, number>(CHANNELS.map((channel, id) => [channel.topic, id]));

const NONE = new Float64Array(0);

/** What a recording needs of its writer. */
export interface RecordingTarget {
  readonly clock: Clock;
  readonly codec: EpisodeCodec;
  readonly file: McapFile;
  readonly maxChunkBytes: number;
  readonly maxChunkAgeMs: number;
  /** durable against power loss at the end */
  readonly sync: boolean;
  /** log time of the episode's start: wall time, moved behind the previous episode where simulated time outran it [ns] */
  readonly logStartNs: bigint;
  /** told the log time of the last record */
  readonly onClosed: (lastLogNs: bigint) => void;
}

/**
 * One open episode. Records gather in a chunk of its own, so a torn chunk concerns this episode only; `end` or `discard` closes
 * it, exactly once. Made by {@link EpisodeWriter.begin}.
 */
export class EpisodeRecording {
  private readonly chunk = new McapChunkBuilder({});
  private chunkSinceNs: bigint;
  private lastLogNs: bigint;
  private open = true;
  private ticks = 0;
  private steps = 0;

  constructor(
    readonly header: EpisodeHeader,
    private readonly target: RecordingTarget,
  ) {
    this.chunkSinceNs = target.clock.nowNs();
    this.lastLogNs = target.logStartNs;
    this.add('/dynabridge/episode/start', 0n, 0, headerToMessage(header));
  }

  get id(): string {
    return this.header.id;
  }

  /**
   * Records one control tick; values may be NaN, lengths may not be wrong. Arrays are copied.
   * @throws DynabridgeError INTERNAL on a wrong length or after the end, UNAVAILABLE when the disk refuses
   */
  tick(tick: ControlTickInput): void {
    const { measured, commanded, sensors = [] } = this.header;
    const { sensors: readings = NONE } = tick;
    this.expectLength('sensors', readings, sensors.length);
    this.expectLength('positions', tick.positions, measured.length);
    this.expectLength('velocities', tick.velocities, measured.length);
    if (tick.requested.length > 0) this.expectLength('requested', tick.requested, commanded.length);
    if (tick.executed.length > 0) this.expectLength('executed', tick.executed, commanded.length);
    const measuredNs = tick.measuredNs ?? tick.timeNs;
    this.flushWhenDue();
    const number = this.ticks++;
    this.add('/joint_states', measuredNs, number, {
      header: { stamp: toRosTime(this.target.logStartNs + measuredNs), frame_id: '' },
      name: measured,
      position: tick.positions,
      velocity: tick.velocities,
      effort: [],
    });
    if (sensors.length > 0) {
      const { number: episode } = this.header;
      const values = Float64Array.from(readings);
      this.add('/dynabridge/sensor_readings', measuredNs, number, { episode, fields: sensors, values });
    }
    this.add('/dynabridge/control_tick', tick.timeNs, number, {
      episode: this.header.number,
      seq: tick.seq ?? number,
      reasons: tick.reasons,
      source: COMMAND_SOURCES.indexOf(tick.source ?? 'agent'),
      time_ns: tick.timeNs,
      measured_ns: measuredNs,
      sent_ns: tick.sentNs ?? tick.timeNs,
      requested: tick.requested,
      executed: tick.executed,
    });
  }

  /** Records one policy step, before or after the ticks within it. Arrays are copied. Errors as for {@link tick}. */
  step(step: PolicyStepRecord): void {
    const { commanded } = this.header;
    this.expectLength('frame', step.frame, this.frameSize);
    this.expectLength('action', step.action, commanded.length);
    this.flushWhenDue();
    this.add('/dynabridge/policy_step', step.timeNs, this.steps++, {
      episode: this.header.number,
      step: step.step,
      policy_version: step.policyVersion,
      time_ns: step.timeNs,
      frame: step.frame,
      action: step.action,
    });
  }

  /** Completes the episode: it is on disk when this returns. */
  end(end: EpisodeEnd): void {
    if (end.finalFrame !== undefined) this.expectLength('finalFrame', end.finalFrame, this.frameSize);
    this.finish(end);
  }

  /** Withdraws the episode. A small mark stays in the file, so that readers do not miss the episode. */
  discard(): void {
    if (!this.open) return;
    this.chunk.reset();
    if (this.target.file.failed) this.close();
    else this.finish();
  }

  private finish(end?: EpisodeEnd): void {
    const readable = end?.reason === undefined ? end : { ...end, reason: asciiText(end.reason) };
    const message = endToMessage(this.header.number, this.ticks, this.steps, readable);
    this.add('/dynabridge/episode/end', this.lastLogNs - this.target.logStartNs, 0, message);
    this.close();
    this.flush();
    if (this.target.sync) this.target.file.sync();
  }

  private close(): void {
    this.open = false;
    this.target.onClosed(this.lastLogNs);
  }

  private flushWhenDue(): void {
    const { clock, maxChunkAgeMs, maxChunkBytes } = this.target;
    const aged = elapsedMs(this.chunkSinceNs, clock.nowNs()) >= maxChunkAgeMs;
    if (this.chunk.numMessages > 0 && (aged || this.chunk.byteLength >= maxChunkBytes)) this.flush();
  }

  private flush(): void {
    this.target.file.writeChunk(this.chunk);
    this.chunk.reset();
    this.chunkSinceNs = this.target.clock.nowNs();
  }

  private add<T extends Topic>(topic: T, sinceStartNs: bigint, sequence: number, message: Messages[T]): void {
    if (!this.open) {
      throw new DynabridgeError('INTERNAL', `episode ${this.id} has ended; it takes no more records`, {
        topic,
      });
    }
    const logTime = this.target.logStartNs + sinceStartNs;
    if (logTime > this.lastLogNs) this.lastLogNs = logTime;
    const data = this.target.codec.encode(topic, message);
    this.chunk.addMessage({
      channelId: CHANNEL_IDS.get(topic)!,
      sequence,
      logTime,
      publishTime: logTime,
      data,
    });
  }

  private get frameSize(): number {
    const { measured, commanded, sensors = [] } = this.header;
    return 2 * measured.length + commanded.length + sensors.length;
  }

  private expectLength(what: string, values: ArrayLike<number>, expected: number): void {
    if (values.length === expected) return;
    throw new DynabridgeError(
      'INTERNAL',
      `${what} of episode ${this.id} has ${values.length} values, expected ${expected} ` +
        `(${this.header.measured.length} measured, ${this.header.commanded.length} commanded joints, ${(this.header.sensors ?? []).length} sensor fields)`,
      { what, length: values.length, expected },
    );
  }
}
