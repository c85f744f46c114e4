import type { Locator } from './locator.js';
import type { RemoteParticipant } from './remote-participant.js';

/** A counter that restarted is accepted when it fell by at least this much; smaller steps back are old duplicates. */
const COUNT_RESTART = 1000;

/** True when `count` is new, given the last one seen. */
export function isNewCount(count: number, last: number): boolean {
  return count > last || last - count >= COUNT_RESTART;
}

/** A local writer's view of one matched remote reader (RTPS 8.4.7.5). */
export class ReaderProxy {
  /** highest number it has acknowledged */
  acknowledged: number;
  lastAckCount = -1;
  /** it has answered us at least once: both sides know of the match */
  confirmed = false;

  constructor(
    readonly participant: RemoteParticipant,
    readonly readerId: number,
    readonly reliable: boolean,
    private readonly ownLocators: readonly Locator[] | undefined,
    /** number of the first sample meant for it; earlier ones it is told to skip */
    readonly start: number,
  ) {
    this.acknowledged = start - 1;
  }

  get locators(): readonly Locator[] {
    return this.ownLocators ?? this.participant.user;
  }
}
