import type { ReassemblyBudget } from './fragment-assembler.js';
import {
  decodeEndpoint,
  decodeParticipant,
  disposalInlineQos,
  encodeEndpoint,
  encodeEndpointKey,
  encodeParticipant,
  encodeParticipantKey,
  isDisposal,
  subjectGuid,
  type OwnParticipant,
} from './discovery-data.js';
import { entityIdOf, makeGuid, participantGuid, prefixKey } from './guid.js';
import { multicastPort, unicastPort, type Locator } from './locator.js';
import { MessageBuilder, OVERHEAD_BYTES } from './message-builder.js';
import type { Outbox } from './outbox.js';
import { parseParameterPayload } from './parameter-list.js';
import { BUILTIN_ENDPOINT, DISCOVERY_GROUP, ENTITY, PID } from './protocol.js';
import { incompatibility, type Incompatibility } from './qos-match.js';
import type { LocatorSelector } from './reachability.js';
import { Reader } from './reader.js';
import {
  RemoteParticipant,
  type ParticipantAnnouncement,
  type RemoteEndpoint,
} from './remote-participant.js';
import type { Sample } from './sample.js';
import type { DataSubmessage } from './submessage.js';
import { Writer } from './writer.js';

/** Ticks after the start at which everyone is told of us; then the period. Doubling, so that a lost one costs little. */
const INITIAL_ANNOUNCEMENT_TICKS = new Set([0, 1, 2, 4, 8, 16]);
const NS_PER_MS = 1e6;
const BUILTIN_QOS = { reliable: true, transientLocal: true } as const;

export type ParticipantEvent =
  | { readonly kind: 'participant-found'; readonly participant: RemoteParticipant }
  | {
      readonly kind: 'participant-lost';
      readonly participant: RemoteParticipant;
      readonly reason: 'disposed' | 'lease-expired' | 'evicted';
    }
  | { readonly kind: 'endpoint-found' | 'endpoint-lost'; readonly endpoint: RemoteEndpoint }
  | {
      /** a peer on one of our topics that we cannot talk to */
      readonly kind: 'incompatible';
      readonly endpoint: RemoteEndpoint;
      readonly reason: Incompatibility;
    };

export interface DiscoveryOptions {
  readonly domainId: number;
  readonly self: OwnParticipant;
  readonly participantIndex: number;
  /** dotted quads probed by unicast */
  readonly peers: readonly string[];
  /** participant indices probed at each peer: 0 .. this */
  readonly maxPeerIndex: number;
  readonly announceTicks: number;
  readonly select: LocatorSelector;
  readonly onEvent: (event: ParticipantEvent) => void;
}

/** Finds participants (SPDP, RTPS 8.5.3) and their endpoints (SEDP, 8.5.4), and matches them with ours. */
export class Discovery {
  readonly participants = new Map<string, RemoteParticipant>();
  /** built-in endpoints, which the participant dispatches to like any other */
  readonly builtinWriters: readonly Writer[];
  readonly builtinReaders: readonly Reader[];
  private readonly publications: Writer;
  private readonly subscriptions: Writer;
  private readonly publicationsReader: Reader;
  private readonly subscriptionsReader: Reader;
  private readonly probes: readonly Locator[];
  private readonly announcementPayload: Buffer;
  private announcements = 0;
  private ticks = 0;

  constructor(
    private readonly outbox: Outbox,
    private readonly options: DiscoveryOptions,
    private readonly localWriters: ReadonlyMap<number, Writer>,
    private readonly localReaders: ReadonlyMap<number, Reader>,
    budget: ReassemblyBudget,
  ) {
    const { prefix } = options.self;
    const writer = (entityId: number): Writer => {
      const qos = { ...BUILTIN_QOS, depth: 1, topic: '', type: '' };
      return new Writer(outbox, entityId, makeGuid(prefix, entityId), qos, true);
    };
    const reader = (entityId: number, isWriter: boolean): Reader => {
      const onSample = (sample: Sample): void => {
        this.onEndpoint(sample, isWriter);
      };
      const qos = { ...BUILTIN_QOS, topic: '', type: '', onSample };
      return new Reader(outbox, entityId, makeGuid(prefix, entityId), qos, budget);
    };
    this.publications = writer(ENTITY.publicationsWriter);
    this.subscriptions = writer(ENTITY.subscriptionsWriter);
    this.publicationsReader = reader(ENTITY.publicationsReader, true);
    this.subscriptionsReader = reader(ENTITY.subscriptionsReader, false);
    this.builtinWriters = [this.publications, this.subscriptions];
    this.builtinReaders = [this.publicationsReader, this.subscriptionsReader];
    this.announcementPayload = encodeParticipant(options.self);
    this.probes = options.peers.flatMap((address) =>
      Array.from({ length: options.maxPeerIndex + 1 }, (_, index) => index)
        .filter((index) => address !== options.self.unicast.address || index !== options.participantIndex)
        .map((index) => ({ address, port: unicastPort(options.domainId, index) })),
    );
  }

  /** Call at a fixed period from the start on. */
  tick(nowNs: bigint): void {
    for (const participant of [...this.participants.values()]) {
      const silentMs = Number(nowNs - participant.lastSeenNs) / NS_PER_MS;
      if (silentMs > participant.leaseMs) this.drop(participant, 'lease-expired');
    }
    this.remindUnanswering();
    if (INITIAL_ANNOUNCEMENT_TICKS.has(this.ticks)) this.announce([...this.probes, ...this.audience()]);
    else if (this.ticks % this.options.announceTicks === 0) this.announce(this.audience());
    else if (this.probes.length > 0) this.announce([this.probes[this.ticks % this.probes.length]!]);
    this.ticks++;
  }

  /** Tells everyone that this participant is gone. */
  sayGoodbye(): void {
    const { prefix } = this.options.self;
    const inlineQos = disposalInlineQos(participantGuid(prefix));
    this.sendParticipantData(encodeParticipantKey(prefix), inlineQos, this.audience());
  }

  announceEndpoint(endpoint: Writer | Reader): void {
    const isWriter = endpoint instanceof Writer;
    const { topic, type, reliable, transientLocal, userData = '' } = endpoint.options;
    const depth = isWriter ? endpoint.options.depth : 1;
    const payload = encodeEndpoint(endpoint.guid, { topic, type, reliable, transientLocal, depth, userData });
    (isWriter ? this.publications : this.subscriptions).writeInstance(payload, endpoint.entityId);
    for (const participant of this.participants.values()) {
      const remotes = isWriter ? participant.readers : participant.writers;
      for (const remote of remotes.values()) this.tryMatch(endpoint, remote);
    }
  }

  retractEndpoint(endpoint: Writer | Reader): void {
    const writer = endpoint instanceof Writer ? this.publications : this.subscriptions;
    const inlineQos = disposalInlineQos(endpoint.guid);
    writer.disposeInstance(encodeEndpointKey(endpoint.guid), endpoint.entityId, inlineQos);
  }

  /** DATA(p): a participant announces itself, or leaves. */
  onParticipantData(sourceKey: string, data: DataSubmessage, receivedNs: bigint): void {
    const { limits, stats } = this.outbox;
    const list = parseParameterPayload(data.payload, limits.maxParameters);
    const known = this.participants.get(sourceKey);
    if (isDisposal(data.isKey, data.inlineQos)) {
      const guid = subjectGuid(list, data.inlineQos, PID.participantGuid);
      if (known && guid && prefixKey(guid) === sourceKey) this.drop(known, 'disposed');
      return;
    }
    const announcement = list && decodeParticipant(list, this.options.select, limits);
    if (!announcement || prefixKey(announcement.prefix) !== sourceKey) {
      stats.malformed++;
      return;
    }
    if (announcement.metatraffic.length === 0) return; // it cannot be reached from our interface
    if (known) known.refresh(announcement, receivedNs);
    else if (this.hasRoom()) this.add(sourceKey, announcement, receivedNs);
    else stats.overLimit++;
  }

  private add(key: string, announcement: ParticipantAnnouncement, nowNs: bigint): void {
    const participant = new RemoteParticipant(key, announcement, nowNs);
    this.participants.set(key, participant);
    // It may have missed our announcement; it must know us before it can answer what follows.
    this.announce(participant.metatraffic);
    const builtin = announcement.builtinEndpoints;
    const qos = { ...BUILTIN_QOS, locators: participant.metatraffic };
    if (builtin & BUILTIN_ENDPOINT.publicationsAnnouncer) {
      this.publicationsReader.match(participant, { ...qos, entityId: ENTITY.publicationsWriter });
    }
    if (builtin & BUILTIN_ENDPOINT.subscriptionsAnnouncer) {
      this.subscriptionsReader.match(participant, { ...qos, entityId: ENTITY.subscriptionsWriter });
    }
    if (builtin & BUILTIN_ENDPOINT.publicationsDetector) {
      this.publications.match(participant, { ...qos, entityId: ENTITY.publicationsReader });
    }
    if (builtin & BUILTIN_ENDPOINT.subscriptionsDetector) {
      this.subscriptions.match(participant, { ...qos, entityId: ENTITY.subscriptionsReader });
    }
    this.options.onEvent({ kind: 'participant-found', participant });
  }

  /**
   * Tells participants that have not answered since they were found of us again, ever more rarely. Fast DDS announces itself
   * before it listens, so our first answer to one that starts is lost.
   */
  private remindUnanswering(): void {
    for (const proxy of this.publications.matches) {
      if (proxy.confirmed) continue;
      const { participant } = proxy;
      const ticks = ++participant.ticksUnanswered;
      if ((ticks & (ticks - 1)) === 0) this.announce(participant.metatraffic);
    }
  }

  /** Makes room by dropping the longest silent participant that has shown no endpoint. */
  private hasRoom(): boolean {
    if (this.participants.size < this.outbox.limits.maxParticipants) return true;
    const idle = [...this.participants.values()]
      .filter((participant) => participant.writers.size + participant.readers.size === 0)
      .sort((a, b) => (a.lastSeenNs < b.lastSeenNs ? -1 : 1));
    if (!idle[0]) return false;
    this.outbox.stats.overLimit++;
    this.drop(idle[0], 'evicted');
    return true;
  }

  private drop(participant: RemoteParticipant, reason: 'disposed' | 'lease-expired' | 'evicted'): void {
    this.participants.delete(participant.key);
    for (const proxy of [...participant.writerProxies.values()].flat()) proxy.reader.unmatch(proxy);
    for (const writer of [...participant.matchedWriters]) writer.unmatch(participant);
    this.options.onEvent({ kind: 'participant-lost', participant, reason });
  }

  /** A sample of DCPSPublication (`isWriter`) or DCPSSubscription. */
  private onEndpoint(sample: Sample, isWriter: boolean): void {
    const { participant, inlineQos } = sample;
    const list = parseParameterPayload(sample.payload, this.outbox.limits.maxParameters);
    const known = isWriter ? participant.writers : participant.readers;
    const guid = subjectGuid(list, inlineQos, PID.endpointGuid);
    if (!guid || prefixKey(guid) !== participant.key) {
      this.outbox.stats.malformed++;
      return;
    }
    const entityId = entityIdOf(guid);
    if (isDisposal(sample.isKey, inlineQos)) return this.dropEndpoint(participant, entityId, isWriter);
    const endpoint = list && decodeEndpoint(list, participant, isWriter, this.options.select);
    if (!endpoint) {
      this.outbox.stats.malformed++;
      return;
    }
    const isNew = !known.has(entityId);
    const total = participant.writers.size + participant.readers.size;
    if (isNew && total >= this.outbox.limits.maxEndpointsPerParticipant) {
      this.outbox.stats.overLimit++;
      return;
    }
    known.set(entityId, endpoint);
    if (isNew) this.options.onEvent({ kind: 'endpoint-found', endpoint });
    for (const local of isWriter ? this.localReaders.values() : this.localWriters.values()) {
      this.tryMatch(local, endpoint);
    }
  }

  private dropEndpoint(participant: RemoteParticipant, entityId: number, isWriter: boolean): void {
    const known = isWriter ? participant.writers : participant.readers;
    const endpoint = known.get(entityId);
    if (!endpoint) return;
    known.delete(entityId);
    if (isWriter) {
      for (const proxy of [...(participant.writerProxies.get(entityId) ?? [])]) proxy.reader.unmatch(proxy);
    } else {
      for (const writer of [...participant.matchedWriters]) writer.unmatch(participant, entityId);
    }
    this.options.onEvent({ kind: 'endpoint-lost', endpoint });
  }

  private tryMatch(local: Writer | Reader, remote: RemoteEndpoint): void {
    if (local.options.topic !== remote.topic) return;
    const reason = incompatibility(local.options, remote);
    if (reason) this.options.onEvent({ kind: 'incompatible', endpoint: remote, reason });
    else local.match(remote.participant, remote);
  }

  private announce(to: readonly Locator[]): void {
    this.sendParticipantData(this.announcementPayload, undefined, to);
  }

  /** Known participants, and the multicast group. */
  private audience(): Locator[] {
    const known = [...this.participants.values()].flatMap((participant) => participant.metatraffic);
    if (!this.options.self.multicast) return known;
    return [...known, { address: DISCOVERY_GROUP, port: multicastPort(this.options.domainId) }];
  }

  /** SPDP is best effort: one DATA without a destination. */
  private sendParticipantData(payload: Buffer, inlineQos: Buffer | undefined, to: readonly Locator[]): void {
    const sourceNs = this.outbox.clock.wallNs();
    const sequenceNumber = ++this.announcements;
    const change = { sequenceNumber, payload, inlineQos, isKey: inlineQos !== undefined, sourceNs };
    const capacity = OVERHEAD_BYTES + payload.length + (inlineQos?.length ?? 0);
    const message = new MessageBuilder(this.outbox.prefix, capacity)
      .timestamp(sourceNs)
      .data(ENTITY.spdpReader, ENTITY.spdpWriter, change);
    this.outbox.send(message.finish(), to);
  }
}
