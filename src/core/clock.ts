/**
 * Time is an argument everywhere else; this is the only file that reads it.
 * `nowNs` is CLOCK_MONOTONIC, one time base for all processes of one machine; it never jumps with NTP.
 */
export interface Clock {
  /** monotonic time [ns] */
  nowNs(): bigint;
  /** wall clock since the Unix epoch [ns], for records and file names only, never for a timeout */
  wallNs(): bigint;
}

export const NS_PER_S = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;

const wallOffsetNs = BigInt(Date.now()) * NS_PER_MS - process.hrtime.bigint();

export const systemClock: Clock = {
  nowNs: () => process.hrtime.bigint(),
  wallNs: () => process.hrtime.bigint() + wallOffsetNs,
};

/** A clock that only moves when told to; for tests and for simulated time. */
export class ManualClock implements Clock {
  constructor(private timeNs: bigint = NS_PER_S) {}

  nowNs(): bigint {
    return this.timeNs;
  }

  wallNs(): bigint {
    return this.timeNs;
  }

  advanceMs(ms: number): void {
    this.timeNs += BigInt(Math.round(ms * 1e6));
  }
}

/** Difference `later - earlier` in milliseconds. */
export function elapsedMs(earlierNs: bigint, laterNs: bigint): number {
  return Number(laterNs - earlierNs) / 1e6;
}
