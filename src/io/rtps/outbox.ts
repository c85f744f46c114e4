import type { Clock } from '../../core/index.js';
import type { GuidPrefix } from './guid.js';
import type { Limits, ParticipantStats } from './limits.js';
import type { Locator } from './locator.js';

/** What a local endpoint needs of its participant. */
export interface Outbox {
  readonly prefix: GuidPrefix;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly stats: ParticipantStats;
  /** Sends within the call. */
  send(datagram: Buffer, to: readonly Locator[]): void;
  /** A callback of the application threw. */
  reportError(error: unknown): void;
}
