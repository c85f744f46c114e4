import { History, type HistoryChange } from './history.js';
import type { Guid } from './guid.js';
import { MessageBuilder, OVERHEAD_BYTES } from './message-builder.js';
import type { Outbox } from './outbox.js';
import { ENTITY } from './protocol.js';
import { ReaderProxy, isNewCount } from './reader-proxy.js';
import type { RemoteEndpoint, RemoteParticipant } from './remote-participant.js';
import type { AckNackSubmessage, NackFragmentSubmessage } from './submessage.js';

/** Fragment payload: an Ethernet frame less headers, as Cyclone DDS has it [bytes] */
const FRAGMENT_BYTES = 1344;
/** Largest payload sent as one DATA, and fill of a datagram of fragments; Cyclone DDS's maximum is 14720 [bytes] */
const MAX_DATAGRAM_PAYLOAD = 14_000;

/** Count_t is a signed 32-bit integer (9.3.2) */
const MAX_COUNT = 0x7fff_ffff;

export interface WriterQos {
  readonly reliable: boolean;
  readonly transientLocal: boolean;
  /** KEEP_LAST samples */
  readonly depth: number;
}

export interface WriterOptions extends WriterQos {
  readonly topic: string;
  readonly type: string;
  /** USER_DATA in discovery */
  readonly userData?: string;
  /** called when the number of matched readers changes */
  readonly onMatch?: (matched: number) => void;
}

export interface WriteOptions {
  readonly inlineQos?: Buffer;
  /** Only these participants get the sample; the others are told to skip its number. Default: all. */
  readonly audience?: (participant: RemoteParticipant) => boolean;
}

/** A stateful RTPS writer (8.4.9), reliable or best-effort. */
export class Writer {
  private readonly proxies = new Map<string, ReaderProxy>();
  /** proxies by participant: one datagram serves all its readers */
  private groups: ReaderProxy[][] = [];
  private readonly history: History;
  private heartbeatCount = 0;

  constructor(
    private readonly outbox: Outbox,
    readonly entityId: number,
    readonly guid: Guid,
    readonly options: WriterOptions,
    perInstance = false,
  ) {
    this.history = new History(options.depth, perInstance);
  }

  get matched(): number {
    return this.proxies.size;
  }

  get matches(): Iterable<ReaderProxy> {
    return this.proxies.values();
  }

  /** Number that the next sample will get. */
  get nextSequenceNumber(): number {
    return this.history.last + 1;
  }

  /** Sends a sample to all matched readers within the call. Returns its sequence number. */
  write(payload: Uint8Array, options: WriteOptions = {}): number {
    return this.publish(payload, 0, false, options);
  }

  /** Built-in topics: replaces the instance's earlier sample. */
  writeInstance(payload: Uint8Array, instance: number): number {
    return this.publish(payload, instance, false, {});
  }

  disposeInstance(key: Uint8Array, instance: number, inlineQos: Buffer): number {
    return this.publish(key, instance, true, { inlineQos });
  }

  match(
    participant: RemoteParticipant,
    reader: Pick<RemoteEndpoint, 'entityId' | 'reliable' | 'transientLocal' | 'locators'>,
  ): void {
    const key = proxyKey(participant, reader.entityId);
    if (this.proxies.has(key)) return;
    const wantsHistory = this.options.transientLocal && reader.transientLocal;
    const reliable = this.options.reliable && reader.reliable;
    const start = wantsHistory ? this.history.first : this.history.last + 1;
    const proxy = new ReaderProxy(participant, reader.entityId, reliable, reader.locators, start);
    this.proxies.set(key, proxy);
    participant.matchedWriters.add(this);
    this.regroup();
    if (reliable) this.sendHeartbeat(proxy, false);
    else if (wantsHistory) for (const change of this.history) this.sendTo(change, [proxy]);
    this.options.onMatch?.(this.matched);
  }

  unmatch(participant: RemoteParticipant, readerId?: number): void {
    const before = this.proxies.size;
    for (const [key, proxy] of this.proxies) {
      if (proxy.participant !== participant) continue;
      if (readerId === undefined || proxy.readerId === readerId) this.proxies.delete(key);
    }
    if (this.proxies.size === before) return;
    this.regroup();
    if (!this.groups.some((group) => group[0]!.participant === participant)) {
      participant.matchedWriters.delete(this);
    }
    this.options.onMatch?.(this.matched);
  }

  /** Periodic: reminds reliable readers of what they have not acknowledged. */
  tick(): void {
    const last = this.history.last;
    let acknowledged = last;
    for (const proxy of this.proxies.values()) {
      if (!proxy.reliable) continue;
      if (proxy.acknowledged < last) this.sendHeartbeat(proxy, false);
      acknowledged = Math.min(acknowledged, proxy.acknowledged);
    }
    this.history.dropDisposedUpTo(acknowledged);
  }

  onAckNack(participant: RemoteParticipant, ackNack: AckNackSubmessage): void {
    const proxy = this.proxies.get(proxyKey(participant, ackNack.readerId));
    if (!proxy?.reliable || !isNewCount(ackNack.count, proxy.lastAckCount)) return;
    proxy.lastAckCount = ackNack.count;
    proxy.confirmed = true;
    const { missing } = ackNack;
    proxy.acknowledged = Math.max(proxy.acknowledged, Math.min(missing.base - 1, this.history.last));
    if (missing.length > 0) this.resend(proxy, missing.values());
    else if (!ackNack.final) this.sendHeartbeat(proxy, true);
  }

  onNackFragment(participant: RemoteParticipant, nack: NackFragmentSubmessage): void {
    const proxy = this.proxies.get(proxyKey(participant, nack.readerId));
    if (!proxy?.reliable) return;
    const change = this.changeFor(proxy, nack.sequenceNumber);
    if (!change) {
      if (nack.sequenceNumber <= this.history.last) {
        this.sendGap(proxy, nack.sequenceNumber, nack.sequenceNumber + 1);
      }
      return;
    }
    const count = Math.ceil(change.payload.length / FRAGMENT_BYTES);
    const wanted = nack.missing.values().filter((fragment) => fragment >= 1 && fragment <= count);
    this.outbox.stats.samplesResent++;
    this.sendFragments(change, proxy.readerId, [proxy], wanted, this.firstFor(proxy));
  }

  private publish(payload: Uint8Array, instance: number, isKey: boolean, options: WriteOptions): number {
    const change: HistoryChange = {
      sequenceNumber: this.history.last + 1,
      payload,
      inlineQos: options.inlineQos,
      isKey,
      sourceNs: this.outbox.clock.wallNs(),
      instance,
      audience: options.audience,
    };
    this.history.add(change);
    for (const group of this.groups) {
      if (!change.audience || change.audience(group[0]!.participant)) this.sendTo(change, group);
      else this.skip(change.sequenceNumber, group);
    }
    return change.sequenceNumber;
  }

  private resend(proxy: ReaderProxy, wanted: readonly number[]): void {
    let bytes = 0;
    let gapStart = 0;
    let gapEnd = 0;
    const flushGap = (): void => {
      if (gapStart > 0) this.sendGap(proxy, gapStart, gapEnd);
      gapStart = 0;
    };
    for (const sequenceNumber of wanted) {
      if (sequenceNumber > this.history.last) break;
      const change = this.changeFor(proxy, sequenceNumber);
      if (!change) {
        if (gapStart === 0) gapStart = sequenceNumber;
        else if (sequenceNumber !== gapEnd) {
          flushGap();
          gapStart = sequenceNumber;
        }
        gapEnd = sequenceNumber + 1;
        continue;
      }
      if (bytes > this.outbox.limits.maxResendBytes) break; // the next heartbeat makes it ask again
      bytes += change.payload.length;
      this.outbox.stats.samplesResent++;
      this.sendTo(change, [proxy]);
    }
    flushGap();
  }

  /** The change, if it is still there and meant for this reader. */
  private changeFor(proxy: ReaderProxy, sequenceNumber: number): HistoryChange | undefined {
    if (sequenceNumber < proxy.start) return undefined;
    const change = this.history.get(sequenceNumber);
    return change?.audience && !change.audience(proxy.participant) ? undefined : change;
  }

  /** @param group matched readers of one participant */
  private sendTo(change: HistoryChange, group: readonly ReaderProxy[]): void {
    const { participant, locators } = group[0]!;
    const readerId = group.length === 1 ? group[0]!.readerId : ENTITY.unknown;
    const first = group.some((proxy) => proxy.reliable) ? this.firstFor(group[0]!, group.length > 1) : 0;
    const { payload, inlineQos } = change;
    if (payload.length > MAX_DATAGRAM_PAYLOAD) {
      const count = Math.ceil(payload.length / FRAGMENT_BYTES);
      const all = Array.from({ length: count }, (_, i) => i + 1);
      return this.sendFragments(change, readerId, group, all, first);
    }
    const capacity = OVERHEAD_BYTES + payload.length + (inlineQos?.length ?? 0);
    const message = new MessageBuilder(this.outbox.prefix, capacity)
      .destination(participant.prefix)
      .timestamp(change.sourceNs)
      .data(readerId, this.entityId, change);
    if (first > 0) this.addHeartbeat(message, readerId, first, true);
    this.outbox.send(message.finish(), locators);
  }

  private sendFragments(
    change: HistoryChange,
    readerId: number,
    group: readonly ReaderProxy[],
    fragments: readonly number[],
    first: number,
  ): void {
    const { participant, locators } = group[0]!;
    const perFragment = FRAGMENT_BYTES + OVERHEAD_BYTES + (change.inlineQos?.length ?? 0);
    for (let next = 0; next < fragments.length;) {
      const message = new MessageBuilder(this.outbox.prefix, MAX_DATAGRAM_PAYLOAD + perFragment)
        .destination(participant.prefix)
        .timestamp(change.sourceNs);
      while (next < fragments.length && message.length + perFragment <= MAX_DATAGRAM_PAYLOAD) {
        message.dataFragment(readerId, this.entityId, change, fragments[next++]!, FRAGMENT_BYTES);
      }
      if (first > 0 && next >= fragments.length) this.addHeartbeat(message, readerId, first, false);
      this.outbox.send(message.finish(), locators);
    }
  }

  private skip(sequenceNumber: number, group: readonly ReaderProxy[]): void {
    for (const proxy of group) if (proxy.reliable) this.sendGap(proxy, sequenceNumber, sequenceNumber + 1);
  }

  private sendGap(proxy: ReaderProxy, start: number, end: number): void {
    const message = new MessageBuilder(this.outbox.prefix, OVERHEAD_BYTES)
      .destination(proxy.participant.prefix)
      .gap(proxy.readerId, this.entityId, start, end);
    this.outbox.send(message.finish(), proxy.locators);
  }

  private sendHeartbeat(proxy: ReaderProxy, final: boolean): void {
    const message = new MessageBuilder(this.outbox.prefix, OVERHEAD_BYTES).destination(
      proxy.participant.prefix,
    );
    this.addHeartbeat(message, proxy.readerId, this.firstFor(proxy), final);
    this.outbox.send(message.finish(), proxy.locators);
  }

  private addHeartbeat(message: MessageBuilder, readerId: number, first: number, final: boolean): void {
    this.heartbeatCount = (this.heartbeatCount + 1) & MAX_COUNT;
    message.heartbeat(readerId, this.entityId, first, this.history.last, this.heartbeatCount, final);
  }

  /** First number a heartbeat may promise to this reader; with several readers in one message, to any of them. */
  private firstFor(proxy: ReaderProxy, shared = false): number {
    return shared ? this.history.first : Math.max(this.history.first, proxy.start);
  }

  private regroup(): void {
    const groups = new Map<RemoteParticipant, ReaderProxy[]>();
    for (const proxy of this.proxies.values()) {
      const group = groups.get(proxy.participant);
      if (group) group.push(proxy);
      else groups.set(proxy.participant, [proxy]);
    }
    this.groups = [...groups.values()];
  }
}

function proxyKey(participant: RemoteParticipant, readerId: number): string {
  return `${participant.key}${readerId}`;
}
