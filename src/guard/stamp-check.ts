import { elapsedMs, type Clock } from '../core/index.js';
import type { RosTime } from '../io/ros/index.js';

/** A stamp may be this far from the time of receipt [s]: more than any delay, less than what confuses those who go by stamps. */
const MOST_OFFSET_S = 1;
/** One stamp is looked at in this time [ms]. */
const LOOK_MS = 100;
/** A concern is over when no stamp was wrong for this long [ms]. */
const FORGET_MS = 2_000;

/**
 * Whether joint states are stamped with the time of this machine. Nothing is judged by stamps, but recordings and other nodes go by them,
 * and clocks that differ are worth knowing of.
 */
export class StampCheck {
  /** what is wrong, for people; empty: nothing */
  concern = '';
  /** a driver that does not stamp has been seen */
  unstamped = false;
  private lookedNs: bigint | null = null;
  private wrongNs = 0n;

  look({ sec, nanosec }: RosTime, receivedNs: bigint, clock: Pick<Clock, 'wallNs'>): void {
    if (this.lookedNs !== null && elapsedMs(this.lookedNs, receivedNs) < LOOK_MS) return;
    this.lookedNs = receivedNs;
    if (sec === 0 && nanosec === 0) this.unstamped = true;
    else this.judge(sec + nanosec / 1e9 - Number(clock.wallNs()) / 1e9, receivedNs);
  }

  private judge(offset: number, receivedNs: bigint): void {
    if (Math.abs(offset) > MOST_OFFSET_S) {
      this.wrongNs = receivedNs;
      if (this.concern === '') this.concern = inWords(offset); // kept as it is, so that it is not told anew with each stamp
    } else if (elapsedMs(this.wrongNs, receivedNs) > FORGET_MS) {
      this.concern = '';
    }
  }
}

function inWords(offset: number): string {
  const seconds = Number(Math.abs(offset).toPrecision(3));
  return (
    `stamped ${seconds} s in the ${offset < 0 ? 'past' : 'future'} (they are judged by when they come); ` +
    'check the clocks of both machines, and whether the driver runs on simulated time'
  );
}
