import { networkInterfaces } from 'node:os';
import { badInput, systemClock, type Clock } from '../../core/index.js';
import { Discovery, type ParticipantEvent } from './discovery.js';
import type { ReassemblyBudget } from './fragment-assembler.js';
import { createGuidPrefix, makeGuid, prefixKey, type GuidPrefix } from './guid.js';
import { DEFAULT_LIMITS, emptyStats, type Limits, type ParticipantStats } from './limits.js';
import { isLoopback, multicastPort, type Locator } from './locator.js';
import { MessageReceiver, type SubmessageSink } from './message-receiver.js';
import type { Outbox } from './outbox.js';
import { DISCOVERY_GROUP, ENTITY, ENTITY_KIND, MAX_DOMAIN_ID } from './protocol.js';
import { mismatchesBetween, type Mismatch } from './qos-match.js';
import { locatorSelector } from './reachability.js';
import { Reader, type ReaderOptions } from './reader.js';
import type { RemoteParticipant } from './remote-participant.js';
import type {
  AckNackSubmessage,
  DataFragmentSubmessage,
  DataSubmessage,
  GapSubmessage,
  HeartbeatSubmessage,
  NackFragmentSubmessage,
} from './submessage.js';
import { openUdpTransport, type Transport, type TransportOptions } from './udp-transport.js';
import { Writer, type WriterOptions } from './writer.js';
import type { WriterProxy } from './writer-proxy.js';

/** Heartbeats to readers that lag, requests to writers not heard yet, probes of peers, lease checks [ms] */
const TICK_MS = 50;
/** As in Cyclone DDS [ms] */
const DEFAULT_LEASE_MS = 10_000;
/** Announcements per lease: four may be lost */
const ANNOUNCEMENTS_PER_LEASE = 5;
/** rmw_cyclonedds_cpp's MaxAutoParticipantIndex */
const DEFAULT_MAX_PEER_INDEX = 32;

export interface ParticipantOptions {
  /** 0 to 232 */
  readonly domainId: number;
  /** dotted quad of the interface. Default 127.0.0.1 */
  readonly address?: string;
  /** announce by multicast as well, where the interface has it. Default true */
  readonly multicast?: boolean;
  /** dotted quads to probe by unicast. Default: `address` itself */
  readonly peers?: readonly string[];
  /** participant indices probed at each peer: 0 .. this. Default 32 */
  readonly maxPeerIndex?: number;
  /** Datagrams from other addresses are dropped. Default: loopback alone when `address` is loopback, else all */
  readonly acceptSource?: (address: string) => boolean;
  /** shown by DDS tools */
  readonly name?: string;
  /** USER_DATA in SPDP. Default "enclave=/;", as ROS 2 expects */
  readonly userData?: string;
  /** Default 10 000 ms */
  readonly leaseMs?: number;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly onEvent?: (event: ParticipantEvent) => void;
  /** A callback threw. Default: the error becomes an uncaught exception. */
  readonly onError?: (error: unknown) => void;
  /** Default: UDP. Tests put packet loss in front of it. */
  readonly openTransport?: (options: TransportOptions) => Promise<Transport>;
}

/**
 * A DDS-RTPS 2.2 participant over UDP. Keyless topics, XCDR1, no security, no content filters, no partitions.
 *
 * @example
 * const participant = await Participant.open({ domainId: 0 });
 * const writer = participant.createWriter({ topic: 'rt/chatter', type: 'std_msgs::msg::dds_::String_', ... });
 */
export class Participant implements Outbox, SubmessageSink<RemoteParticipant> {
  readonly prefix: GuidPrefix = createGuidPrefix();
  readonly stats: ParticipantStats = emptyStats();
  readonly clock: Clock;
  readonly limits: Limits;
  private readonly budget: ReassemblyBudget = { usedBytes: 0 };
  private readonly writers = new Map<number, Writer>();
  private readonly readers = new Map<number, Reader>();
  private readonly receiver: MessageReceiver<RemoteParticipant>;
  private readonly onError: (error: unknown) => void;
  private transport!: Transport;
  private discovery!: Discovery;
  private timer: NodeJS.Timeout | undefined;
  private nextEndpoint = 1;
  private closing: Promise<void> | undefined;

  private constructor(options: ParticipantOptions) {
    this.clock = options.clock ?? systemClock;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.onError = options.onError ?? throwLater;
    this.receiver = new MessageReceiver(this, prefixKey(this.prefix), this.limits.maxParameters);
  }

  /** Opens sockets and starts to announce. Throws BAD_INPUT for a bad domain, UNAVAILABLE without a free port. */
  static async open(options: ParticipantOptions): Promise<Participant> {
    const { domainId } = options;
    if (!Number.isInteger(domainId) || domainId < 0 || domainId > MAX_DOMAIN_ID) {
      throw badInput(
        `ROS domain id ${domainId} is not an integer from 0 to ${MAX_DOMAIN_ID}; check ROS_DOMAIN_ID`,
      );
    }
    const participant = new Participant(options);
    await participant.start(options);
    return participant;
  }

  get address(): string {
    return this.transport.address;
  }

  get participantIndex(): number {
    return this.transport.participantIndex;
  }

  /** Bytes of unfinished samples. */
  get reassemblyBytes(): number {
    return this.budget.usedBytes;
  }

  get remoteParticipants(): readonly RemoteParticipant[] {
    return [...this.discovery.participants.values()];
  }

  /** Endpoints of others on a topic that one of ours cannot talk to. */
  mismatches(topic: string): Mismatch[] {
    return this.remoteParticipants.flatMap(({ writers, readers }) => [
      ...mismatchesBetween(topic, this.readers.values(), writers.values()),
      ...mismatchesBetween(topic, this.writers.values(), readers.values()),
    ]);
  }

  createWriter(options: WriterOptions): Writer {
    const { maxHistoryDepth } = this.limits;
    if (!Number.isInteger(options.depth) || options.depth < 1 || options.depth > maxHistoryDepth) {
      throw badInput(
        `history depth ${options.depth} of topic '${options.topic}' is outside [1, ${maxHistoryDepth}] samples`,
        { topic: options.topic, depth: options.depth },
      );
    }
    const entityId = this.newEntityId(ENTITY_KIND.writerNoKey);
    const writer = new Writer(this, entityId, makeGuid(this.prefix, entityId), options);
    this.writers.set(entityId, writer);
    this.discovery.announceEndpoint(writer);
    return writer;
  }

  createReader(options: ReaderOptions): Reader {
    const entityId = this.newEntityId(ENTITY_KIND.readerNoKey);
    const reader = new Reader(this, entityId, makeGuid(this.prefix, entityId), options, this.budget);
    this.readers.set(entityId, reader);
    this.discovery.announceEndpoint(reader);
    return reader;
  }

  removeWriter(writer: Writer): void {
    if (!this.writers.delete(writer.entityId)) return;
    for (const participant of this.remoteParticipants) writer.unmatch(participant);
    if (!this.closing) this.discovery.retractEndpoint(writer);
  }

  removeReader(reader: Reader): void {
    if (!this.readers.delete(reader.entityId)) return;
    for (const proxy of [...reader.matches]) reader.unmatch(proxy);
    if (!this.closing) this.discovery.retractEndpoint(reader);
  }

  /** Says goodbye and frees the sockets; later writes go nowhere. */
  close(): Promise<void> {
    if (this.closing) return this.closing;
    clearInterval(this.timer);
    this.discovery.sayGoodbye();
    this.closing = this.transport.close();
    return this.closing;
  }

  send(datagram: Buffer, to: readonly Locator[]): void {
    for (const locator of to) {
      this.stats.datagramsSent++;
      this.transport.send(datagram, locator);
    }
  }

  reportError(error: unknown): void {
    this.onError(error);
  }

  source(key: string): RemoteParticipant | undefined {
    const participant = this.discovery.participants.get(key);
    if (participant) participant.lastSeenNs = this.clock.nowNs();
    return participant;
  }

  onData(
    source: RemoteParticipant | undefined,
    sourceKey: string,
    data: DataSubmessage,
    receivedNs: bigint,
  ): void {
    if (data.writerId === ENTITY.spdpWriter) {
      this.discovery.onParticipantData(sourceKey, data, receivedNs);
    } else if (source) {
      for (const proxy of proxiesFor(source, data)) proxy.reader.onData(proxy, data, receivedNs);
    }
  }

  onDataFragment(source: RemoteParticipant, fragment: DataFragmentSubmessage, receivedNs: bigint): void {
    for (const proxy of proxiesFor(source, fragment))
      proxy.reader.onDataFragment(proxy, fragment, receivedNs);
  }

  onHeartbeat(source: RemoteParticipant, heartbeat: HeartbeatSubmessage): void {
    for (const proxy of proxiesFor(source, heartbeat)) proxy.reader.onHeartbeat(proxy, heartbeat);
  }

  onGap(source: RemoteParticipant, gap: GapSubmessage): void {
    for (const proxy of proxiesFor(source, gap)) proxy.reader.onGap(proxy, gap);
  }

  onAckNack(source: RemoteParticipant, ackNack: AckNackSubmessage): void {
    this.writers.get(ackNack.writerId)?.onAckNack(source, ackNack);
  }

  onNackFragment(source: RemoteParticipant, nack: NackFragmentSubmessage): void {
    this.writers.get(nack.writerId)?.onNackFragment(source, nack);
  }

  private async start(options: ParticipantOptions): Promise<void> {
    const { domainId, address = '127.0.0.1', leaseMs = DEFAULT_LEASE_MS } = options;
    this.transport = await (options.openTransport ?? openUdpTransport)({
      domainId,
      address,
      multicast: options.multicast ?? true,
      acceptSource: options.acceptSource ?? (isLoopback(address) ? isLoopback : () => true),
      onDatagram: (datagram) => {
        this.onDatagram(datagram);
      },
    });
    const { port, participantIndex, multicast } = this.transport;
    this.discovery = new Discovery(
      this,
      {
        domainId,
        participantIndex,
        self: {
          prefix: this.prefix,
          name: options.name ?? 'dynabridge',
          userData: options.userData ?? 'enclave=/;',
          leaseMs,
          unicast: { address, port },
          multicast: multicast ? { address: DISCOVERY_GROUP, port: multicastPort(domainId) } : undefined,
        },
        peers: options.peers ?? [address],
        maxPeerIndex: options.maxPeerIndex ?? DEFAULT_MAX_PEER_INDEX,
        announceTicks: Math.max(1, Math.floor(leaseMs / ANNOUNCEMENTS_PER_LEASE / TICK_MS)),
        select: locatorSelector(address, machineAddresses(), this.limits.maxLocators),
        onEvent: options.onEvent ?? (() => undefined),
      },
      this.writers,
      this.readers,
      this.budget,
    );
    for (const writer of this.discovery.builtinWriters) this.writers.set(writer.entityId, writer);
    for (const reader of this.discovery.builtinReaders) this.readers.set(reader.entityId, reader);
    this.tick();
    this.timer = setInterval(() => {
      this.tick();
    }, TICK_MS);
  }

  private tick(): void {
    this.discovery.tick(this.clock.nowNs());
    for (const writer of this.writers.values()) if (writer.matched > 0) writer.tick();
    for (const reader of this.readers.values()) if (reader.matched > 0) reader.tick();
  }

  private onDatagram(datagram: Buffer): void {
    if (this.closing) return;
    this.stats.datagramsReceived++;
    try {
      if (!this.receiver.receive(datagram, this.clock.nowNs())) this.stats.malformed++;
    } catch (error) {
      this.reportError(error);
    }
  }

  private newEntityId(kind: number): number {
    return ((this.nextEndpoint++ << 8) | kind) >>> 0;
  }
}

const NO_PROXIES: readonly WriterProxy[] = [];

/** Our readers' matches with the writer of a submessage; one of them, when it names a reader. */
function proxiesFor(
  source: RemoteParticipant,
  submessage: { readonly readerId: number; readonly writerId: number },
): readonly WriterProxy[] {
  const proxies = source.writerProxies.get(submessage.writerId);
  if (!proxies) return NO_PROXIES;
  if (submessage.readerId === ENTITY.unknown) return proxies;
  return proxies.filter((proxy) => proxy.reader.entityId === submessage.readerId);
}

function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter((entry) => entry.family === 'IPv4').map((entry) => entry.address),
  );
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
