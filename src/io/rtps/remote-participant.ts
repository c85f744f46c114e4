import type { Guid, GuidPrefix } from './guid.js';
import type { Locator } from './locator.js';
import type { Writer } from './writer.js';
import type { WriterProxy } from './writer-proxy.js';

/** A writer or reader of another participant, as SEDP describes it. */
export interface RemoteEndpoint {
  readonly participant: RemoteParticipant;
  readonly guid: Guid;
  readonly entityId: number;
  readonly isWriter: boolean;
  readonly topic: string;
  readonly type: string;
  readonly reliable: boolean;
  readonly transientLocal: boolean;
  readonly hasPartition: boolean;
  /** data representations it offers or accepts; 0 is XCDR1 */
  readonly representations: readonly number[];
  /** USER_DATA, e.g. "clientid=...;typehash=...;" */
  readonly userData: string;
  /** undefined: the participant's default locators */
  readonly locators: readonly Locator[] | undefined;
}

/** What SPDP says about another participant. */
export interface ParticipantAnnouncement {
  readonly prefix: GuidPrefix;
  readonly vendorId: number;
  readonly name: string;
  readonly leaseMs: number;
  readonly builtinEndpoints: number;
  readonly metatraffic: readonly Locator[];
  readonly user: readonly Locator[];
}

/** Another participant, its endpoints, and which of ours they match. */
export class RemoteParticipant {
  readonly writers = new Map<number, RemoteEndpoint>();
  readonly readers = new Map<number, RemoteEndpoint>();
  /** our readers' matches with its writers, by writer entity id */
  readonly writerProxies = new Map<number, WriterProxy[]>();
  /** our writers that match at least one of its readers */
  readonly matchedWriters = new Set<Writer>();
  metatraffic: readonly Locator[];
  user: readonly Locator[];
  leaseMs: number;
  /** ticks since it was found during which it has not answered our discovery */
  ticksUnanswered = 0;

  constructor(
    readonly key: string,
    announcement: ParticipantAnnouncement,
    /** monotonic time of the last packet [ns] */
    public lastSeenNs: bigint,
  ) {
    this.prefix = Buffer.from(announcement.prefix);
    this.vendorId = announcement.vendorId;
    this.name = announcement.name;
    this.metatraffic = announcement.metatraffic;
    this.user = announcement.user;
    this.leaseMs = announcement.leaseMs;
  }

  readonly prefix: GuidPrefix;
  readonly vendorId: number;
  readonly name: string;

  refresh(announcement: ParticipantAnnouncement, nowNs: bigint): void {
    this.metatraffic = announcement.metatraffic;
    this.user = announcement.user;
    this.leaseMs = announcement.leaseMs;
    this.lastSeenNs = nowNs;
  }

  addWriterProxy(proxy: WriterProxy): void {
    const list = this.writerProxies.get(proxy.writerId);
    if (list) list.push(proxy);
    else this.writerProxies.set(proxy.writerId, [proxy]);
  }

  removeWriterProxy(proxy: WriterProxy): void {
    const rest = (this.writerProxies.get(proxy.writerId) ?? []).filter((other) => other !== proxy);
    if (rest.length > 0) this.writerProxies.set(proxy.writerId, rest);
    else this.writerProxies.delete(proxy.writerId);
  }
}
