import { basename } from 'node:path';

import type { McapTypes } from '@mcap/core';

import { badInput } from '../core/index.js';
import {
  EpisodeCodec,
  footerFromMessage,
  headerFromMessage,
  stepFromMessage,
  tickFromMessages,
  type Messages,
} from './episode-codec.js';
import type {
  ControlTickRecord,
  Episode,
  EpisodeFooter,
  EpisodeHeader,
  PolicyStepRecord,
} from './episode-records.js';
import { FORMAT_VERSION } from './message-definitions.js';

interface OpenEpisode {
  header: EpisodeHeader;
  readonly ticks: ControlTickRecord[];
  readonly steps: PolicyStepRecord[];
  tickCount: number;
}

/** An episode that ended here, or why it is left out. */
export interface AssemblyResult {
  readonly episode?: Episode;
  readonly incomplete?: { readonly id: string; readonly why: string };
}

/** Puts the messages of one file together into episodes; several may be open at once. */
export class EpisodeAssembler {
  private readonly codec = new EpisodeCodec();
  private readonly topics = new Map<number, string>();
  private readonly open = new Map<number, OpenEpisode>();
  /** numbers of episodes whose end was seen, whole or not */
  private readonly ended = new Set<number>();
  private highest = 0;
  private measurement: { sequence: number; data: Uint8Array } | null = null;
  private readings: { sequence: number; data: Uint8Array } | null = null;

  constructor(
    private readonly file: string,
    private readonly decodeTicks: boolean,
  ) {}

  channel(channel: McapTypes.Channel): void {
    this.topics.set(channel.id, channel.topic);
  }

  message(message: McapTypes.Message): AssemblyResult | undefined {
    const { data, sequence } = message;
    switch (this.topics.get(message.channelId)) {
      case '/joint_states':
        this.measurement = { sequence, data };
        return undefined;
      case '/dynabridge/sensor_readings':
        this.readings = { sequence, data };
        return undefined;
      case '/dynabridge/control_tick':
        this.tick(this.codec.decode('/dynabridge/control_tick', data), sequence);
        return undefined;
      case '/dynabridge/policy_step': {
        const step = this.codec.decode('/dynabridge/policy_step', data);
        this.open.get(step.episode)?.steps.push(stepFromMessage(step));
        return undefined;
      }
      case '/dynabridge/episode/start':
        this.start(headerFromMessage(this.codec.decode('/dynabridge/episode/start', data)));
        return undefined;
      case '/dynabridge/episode/end':
        return this.end(this.codec.decode('/dynabridge/episode/end', data));
      default:
        return undefined; // a channel of a later version or another tool
    }
  }

  /** Ids of the episodes that began, or must have begun, without an end. */
  unfinished(): string[] {
    const ids: string[] = [];
    for (let number = 1; number <= this.highest; number++) {
      if (!this.ended.has(number)) ids.push(this.id(number));
    }
    return ids;
  }

  private id(number: number): string {
    return this.open.get(number)?.header.id ?? `${basename(this.file, '.mcap')}/${number}`;
  }

  private start(header: EpisodeHeader): void {
    if (header.formatVersion > FORMAT_VERSION) {
      throw badInput(
        `${this.file}: episode format ${header.formatVersion}, this version reads up to ${FORMAT_VERSION}; update dynabridge`,
        { file: this.file, formatVersion: header.formatVersion },
      );
    }
    this.highest = Math.max(this.highest, header.number);
    this.open.set(header.number, { header, ticks: [], steps: [], tickCount: 0 });
  }

  private tick(tick: Messages['/dynabridge/control_tick'], sequence: number): void {
    const episode = this.open.get(tick.episode);
    if (episode === undefined || this.measurement?.sequence !== sequence) return;
    episode.tickCount++;
    const { header } = episode;
    const readings =
      this.decodeTicks || header.sensors === undefined ? this.readingsOf(tick.episode, sequence) : undefined;
    if (readings !== undefined) episode.header = { ...header, sensors: header.sensors ?? readings.fields };
    if (!this.decodeTicks) return;
    const state = this.codec.decode('/joint_states', this.measurement.data);
    episode.ticks.push(tickFromMessages(state, tick, readings));
  }

  /** @returns undefined for a robot without further sensors */
  private readingsOf(episode: number, sequence: number): Messages['/dynabridge/sensor_readings'] | undefined {
    if (this.readings?.sequence !== sequence) return undefined;
    const readings = this.codec.decode('/dynabridge/sensor_readings', this.readings.data);
    return readings.episode === episode ? readings : undefined;
  }

  private end(message: Messages['/dynabridge/episode/end']): AssemblyResult | undefined {
    const number = message.episode;
    this.highest = Math.max(this.highest, number);
    this.ended.add(number);
    const open = this.open.get(number);
    this.open.delete(number);
    if (message.discarded) return undefined;
    if (open === undefined) return { incomplete: { id: this.id(number), why: 'its start is missing' } };
    const footer = footerFromMessage(message);
    const why = missing('control ticks', open.tickCount, footer.ticks) ?? missingSteps(open.steps, footer);
    if (why !== undefined) return { incomplete: { id: open.header.id, why } };
    const { header, ticks, steps } = open;
    return { episode: { file: this.file, header, ticks, steps, footer } };
  }
}

function missing(what: string, found: number, expected: number): string | undefined {
  return found === expected ? undefined : `${found} of ${expected} ${what} found`;
}

function missingSteps(steps: readonly PolicyStepRecord[], footer: EpisodeFooter): string | undefined {
  return missing('policy steps', steps.length, footer.steps);
}
