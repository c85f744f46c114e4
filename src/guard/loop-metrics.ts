import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What the guard did, as it is reported at the end of a run. Times in milliseconds. */
export interface GuardSummary {
  /** from engaging to the end [s] */
  readonly seconds: number;
  /** between two control ticks */
  readonly loopMs: Percentiles;
  /** from receipt of a state to the command that answers it being on the wire */
  readonly latencyMs: Percentiles;
  readonly commands: number;
  readonly limited: number;
  readonly blocked: number;
  /** control ticks that got no command: their state came in a burst, or was overtaken by the next one */
  readonly skippedTicks: number;
  /** policy steps that got no proposal in time */
  readonly missedProposals: number;
  /** gate reasons by name */
  readonly reasons: Readonly<Record<string, number>>;
  /** state messages refused, by cause */
  readonly rejectedStates: Readonly<Record<string, number>>;
  /** from the guard's start to the first gated command [ms]; null when none was sent */
  readonly firstCommandMs: number | null;
  /** resident memory at the end [MiB] */
  readonly residentMiB: number;
}

/** HDR histogram of durations; constant memory however long the run. */
class DurationHistogram {
  private readonly histogram: RecordableHistogram = createHistogram({ figures: 3 });

  record(durationNs: bigint): void {
    this.histogram.record(durationNs > 0n ? durationNs : 1n);
  }

  /** [ms]; zeros when nothing was recorded */
  percentiles(): Percentiles {
    if (this.histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    const ms = (ns: number): number => Math.round(ns / 1e3) / 1e3;
    return {
      p50: ms(this.histogram.percentile(50)),
      p99: ms(this.histogram.percentile(99)),
      max: ms(this.histogram.max),
    };
  }
}

/** Counts and times of the control loop. */
export class LoopMetrics {
  readonly loop = new DurationHistogram();
  readonly latency = new DurationHistogram();
  commands = 0;
  limited = 0;
  blocked = 0;
  skippedTicks = 0;
  missedProposals = 0;
  firstCommandNs = 0n;
  readonly reasons = new Map<string, number>();

  countReason(name: string): void {
    this.reasons.set(name, (this.reasons.get(name) ?? 0) + 1);
  }
}
