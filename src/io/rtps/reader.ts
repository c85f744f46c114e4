import type { ReassemblyBudget } from './fragment-assembler.js';
import type { Guid } from './guid.js';
import { MessageBuilder, OVERHEAD_BYTES } from './message-builder.js';
import { NumberSet } from './number-set.js';
import type { Outbox } from './outbox.js';
import { MAX_SET_BITS, VENDOR } from './protocol.js';
import { isNewCount } from './reader-proxy.js';
import type { RemoteEndpoint, RemoteParticipant } from './remote-participant.js';
import type { Sample } from './sample.js';
import type {
  DataFragmentSubmessage,
  DataSubmessage,
  GapSubmessage,
  HeartbeatSubmessage,
} from './submessage.js';
import { WriterProxy } from './writer-proxy.js';

/** Shortest time between two requests made without a heartbeat [ns] */
const EARLY_NACK_INTERVAL_NS = 4_000_000n;

export interface ReaderQos {
  readonly reliable: boolean;
  readonly transientLocal: boolean;
}

export interface ReaderOptions extends ReaderQos {
  readonly topic: string;
  readonly type: string;
  /** USER_DATA in discovery */
  readonly userData?: string;
  /** called for each sample, in order per writer, within the socket's message event */
  readonly onSample: (sample: Sample) => void;
  /** called when the number of matched writers changes */
  readonly onMatch?: (matched: number) => void;
}

/** A stateful RTPS reader (8.4.12), reliable or best-effort. */
export class Reader {
  private readonly proxies = new Map<string, WriterProxy>();

  constructor(
    private readonly outbox: Outbox,
    readonly entityId: number,
    readonly guid: Guid,
    readonly options: ReaderOptions,
    private readonly budget: ReassemblyBudget,
  ) {}

  get matched(): number {
    return this.proxies.size;
  }

  get matches(): Iterable<WriterProxy> {
    return this.proxies.values();
  }

  match(
    participant: RemoteParticipant,
    writer: Pick<RemoteEndpoint, 'entityId' | 'reliable' | 'transientLocal' | 'locators'>,
  ): void {
    const key = proxyKey(participant, writer.entityId);
    if (this.proxies.has(key)) return;
    const proxy = new WriterProxy(
      this,
      participant,
      writer.entityId,
      this.options.reliable && writer.reliable,
      writer.transientLocal && !this.options.transientLocal,
      writer.locators,
      this.outbox.limits,
      this.budget,
    );
    this.proxies.set(key, proxy);
    participant.addWriterProxy(proxy);
    if (proxy.reliable) this.askForHeartbeat(proxy);
    this.options.onMatch?.(this.matched);
  }

  unmatch(proxy: WriterProxy): void {
    if (!this.proxies.delete(proxyKey(proxy.participant, proxy.writerId))) return;
    proxy.assembler.clear();
    proxy.participant.removeWriterProxy(proxy);
    this.options.onMatch?.(this.matched);
  }

  /** Periodic: asks writers that have not said where we start again, ever more rarely. */
  tick(): void {
    for (const proxy of this.proxies.values()) {
      if (!proxy.reliable || proxy.confirmed) continue;
      proxy.ticksUnconfirmed++;
      const isPowerOfTwo = (proxy.ticksUnconfirmed & (proxy.ticksUnconfirmed - 1)) === 0;
      if (isPowerOfTwo) this.askForHeartbeat(proxy);
    }
  }

  onData(proxy: WriterProxy, data: DataSubmessage, receivedNs: bigint): void {
    this.receive(proxy, {
      payload: data.payload,
      isKey: data.isKey,
      inlineQos: data.inlineQos,
      sequenceNumber: data.sequenceNumber,
      participant: proxy.participant,
      writerId: proxy.writerId,
      receivedNs,
      sourceNs: data.sourceNs,
    });
  }

  onDataFragment(proxy: WriterProxy, fragment: DataFragmentSubmessage, receivedNs: bigint): void {
    const { sequenceNumber } = fragment;
    const done = proxy.reliable ? (proxy.expected ?? 0) : proxy.lastDelivered + 1;
    if (sequenceNumber < done || proxy.holds(sequenceNumber)) return;
    const result = proxy.assembler.add(fragment);
    if (result === 'malformed') this.outbox.stats.malformed++;
    else if (result === 'over-limit') this.outbox.stats.overLimit++;
    else if (result !== 'stored') this.onData(proxy, { ...fragment, payload: result }, receivedNs);
  }

  onHeartbeat(proxy: WriterProxy, heartbeat: HeartbeatSubmessage): void {
    if (!proxy.reliable || !isNewCount(heartbeat.count, proxy.lastHeartbeatCount)) return;
    proxy.lastHeartbeatCount = heartbeat.count;
    proxy.confirmed = true;
    const { first, last } = heartbeat;
    if (proxy.expected === undefined) {
      // A volatile writer's heartbeat starts at what it still owes someone: nothing sent since the match is missed.
      this.skipTo(proxy, proxy.skipsHistory ? last + 1 : first);
    } else if (first > proxy.expected) {
      this.skipTo(proxy, first);
    }
    if (proxy.expected! > last) {
      if (!heartbeat.final) this.sendAckNack(proxy, new NumberSet(proxy.expected!), true);
    } else {
      this.requestMissing(proxy, last, false);
    }
  }

  onGap(proxy: WriterProxy, gap: GapSubmessage): void {
    if (!proxy.reliable || proxy.expected === undefined) return;
    const end = gap.irrelevant.base;
    if (gap.start <= proxy.expected) {
      if (end > proxy.expected) this.skipTo(proxy, end, false);
    } else {
      for (let number = gap.start; number < end && proxy.hold(number, 'irrelevant'); number++);
    }
    for (const number of gap.irrelevant.values()) {
      if (number >= proxy.expected) proxy.hold(number, 'irrelevant');
    }
    this.deliverHeld(proxy);
  }

  private receive(proxy: WriterProxy, sample: Sample): void {
    const { sequenceNumber } = sample;
    if (!proxy.reliable) {
      if (sequenceNumber <= proxy.lastDelivered) return;
      if (proxy.lastDelivered > 0) this.outbox.stats.samplesLost += sequenceNumber - proxy.lastDelivered - 1;
      proxy.lastDelivered = sequenceNumber;
      proxy.assembler.dropBelow(sequenceNumber);
      return this.deliver(sample);
    }
    if (proxy.expected === undefined && (sequenceNumber === 1 || proxy.skipsHistory)) {
      proxy.expected = sequenceNumber;
    }
    if (proxy.expected !== undefined && sequenceNumber < proxy.expected) return;
    if (sequenceNumber === proxy.expected) {
      proxy.expected++;
      this.deliver(sample);
      if (proxy.heldCount > 0) this.deliverHeld(proxy);
      return;
    }
    if (!proxy.hold(sequenceNumber, sample)) this.outbox.stats.overLimit++;
    this.askEarly(proxy, sequenceNumber, sample.receivedNs);
  }

  /** A sample came before its predecessors: do not wait for a heartbeat. */
  private askEarly(proxy: WriterProxy, arrived: number, nowNs: bigint): void {
    if (nowNs - proxy.lastEarlyNackNs < EARLY_NACK_INTERVAL_NS) return;
    proxy.lastEarlyNackNs = nowNs;
    if (proxy.expected === undefined) this.askForHeartbeat(proxy);
    else this.requestMissing(proxy, arrived - 1, true);
  }

  private deliver(sample: Sample): void {
    if (!this.proxies.has(proxyKey(sample.participant, sample.writerId))) return; // a callback ended the match
    try {
      this.options.onSample(sample);
    } catch (error) {
      this.outbox.reportError(error);
    }
  }

  private deliverHeld(proxy: WriterProxy): void {
    for (let item = proxy.take(proxy.expected!); item !== undefined; item = proxy.take(proxy.expected!)) {
      proxy.expected!++;
      if (item !== 'irrelevant') this.deliver(item);
    }
  }

  /** Goes on at `next`; what was held before it is delivered first, the rest is lost or was never meant for us. */
  private skipTo(proxy: WriterProxy, next: number, isLoss = true): void {
    const start = proxy.expected;
    let present = 0;
    for (const number of proxy.heldBelow(next)) {
      const item = proxy.take(number);
      present++;
      if (item !== undefined && item !== 'irrelevant') this.deliver(item);
    }
    if (isLoss && start !== undefined) this.outbox.stats.samplesLost += next - start - present;
    proxy.expected = next;
    proxy.assembler.dropBelow(next);
    this.deliverHeld(proxy);
  }

  /** Asks for what is missing up to `last`: whole samples, or the fragments of the first one. */
  private requestMissing(proxy: WriterProxy, last: number, early: boolean): void {
    const expected = proxy.expected!;
    const fragments = proxy.assembler.missingOf(expected);
    if (fragments) {
      if (early) return; // the rest of it is probably on its way
      return this.sendNackFragment(proxy, expected, fragments);
    }
    const missing = new NumberSet(expected);
    const end = Math.min(last, expected + MAX_SET_BITS - 1);
    for (let number = expected; number <= end; number++) {
      if (proxy.assembler.has(number)) break;
      if (!proxy.holds(number)) missing.add(number);
    }
    this.sendAckNack(proxy, missing, missing.length === 0);
  }

  /**
   * A pre-emptive ACKNACK (8.4.2.3.4) makes the writer send a heartbeat. Fast DDS does so at once only for an empty set with
   * base 0 (StatefulWriter::process_acknack), else within its heartbeat period of 3 s; the others want a valid base.
   */
  private askForHeartbeat(proxy: WriterProxy): void {
    const base = proxy.participant.vendorId === VENDOR.fastDds ? 0 : 1;
    this.sendAckNack(proxy, new NumberSet(base), false);
  }

  private sendAckNack(proxy: WriterProxy, missing: NumberSet, final: boolean): void {
    const message = new MessageBuilder(this.outbox.prefix, OVERHEAD_BYTES)
      .destination(proxy.participant.prefix)
      .ackNack(this.entityId, proxy.writerId, missing, ++proxy.ackCount, final);
    this.outbox.send(message.finish(), proxy.locators);
  }

  private sendNackFragment(proxy: WriterProxy, sequenceNumber: number, missing: NumberSet): void {
    const message = new MessageBuilder(this.outbox.prefix, OVERHEAD_BYTES)
      .destination(proxy.participant.prefix)
      .nackFragment(this.entityId, proxy.writerId, sequenceNumber, missing, ++proxy.ackCount);
    this.outbox.send(message.finish(), proxy.locators);
  }
}

function proxyKey(participant: RemoteParticipant, writerId: number): string {
  return `${participant.key}${writerId}`;
}
