import { elapsedMs, type Clock } from '../core/index.js';

export const TIME_PARTS = ['environment', 'model', 'rollouts', 'policy', 'evaluation'] as const;
export type TimePart = (typeof TIME_PARTS)[number];

/** Where the time of a training goes [s]. For reports only: nothing that is learned depends on it. */
export class TimeSplit {
  private readonly milliseconds = Object.fromEntries(TIME_PARTS.map((part) => [part, 0])) as Record<
    TimePart,
    number
  >;

  constructor(private readonly clock: Clock) {}

  /** seconds so far */
  get seconds(): Record<TimePart, number> {
    const entries = TIME_PARTS.map((part) => [part, this.milliseconds[part] / 1e3]);
    return Object.fromEntries(entries) as Record<TimePart, number>;
  }

  /** Counts what was spent before, as in an earlier sitting [s]. */
  add(seconds: Readonly<Record<TimePart, number>>): void {
    for (const part of TIME_PARTS) this.milliseconds[part] += seconds[part] * 1e3;
  }

  measure<T>(part: TimePart, work: () => T): T {
    const startNs = this.clock.nowNs();
    try {
      return work();
    } finally {
      this.milliseconds[part] += elapsedMs(startNs, this.clock.nowNs());
    }
  }

  async measureAsync<T>(part: TimePart, work: () => Promise<T>): Promise<T> {
    const startNs = this.clock.nowNs();
    try {
      return await work();
    } finally {
      this.milliseconds[part] += elapsedMs(startNs, this.clock.nowNs());
    }
  }
}
