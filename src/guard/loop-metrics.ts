import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { elapsedMs } from '../core/index.js';
import type { Reason, VerdictKind } from '../safety/index.js';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What the guard did, as it is reported at the end of a run. Times in milliseconds. */
export interface GuardSummary {
  /** with the agent in authority [s] */
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
  /** sensor readings refused, by sensor; absent where there are no sensors */
  readonly rejectedReadings?: Readonly<Record<string, number>>;
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
  commands = 0;
  skippedTicks = 0;
  missedProposals = 0;
  /** monotonic; 0n before the first */
  private firstCommandNs = 0n;
  private limited = 0;
  private blocked = 0;
  /** of the command before; null: none, or not since a silence that was asked for */
  private lastTickNs: bigint | null = null;
  private readonly loop = new DurationHistogram();
  private readonly latency = new DurationHistogram();
  private readonly reasons = new Map<string, number>();

  /**
   * Counts one command that went out.
   * @param tickNs when its tick began
   * @param stateNs when the state that it answers was received
   */
  sent(kind: VerdictKind, tickNs: bigint, stateNs: bigint, sentNs: bigint): void {
    if (this.commands++ === 0) this.firstCommandNs = sentNs;
    if (this.lastTickNs !== null) this.loop.record(tickNs - this.lastTickNs);
    this.lastTickNs = tickNs;
    if (kind === 'limited') this.limited++;
    if (kind === 'blocked' || kind === 'cannot-evaluate') this.blocked++;
    if (kind !== 'cannot-evaluate') this.latency.record(sentNs - stateNs); // otherwise it answers no state
  }

  /** Nothing is sent from now on, as was asked for: until the next command is no period of the loop. */
  fallSilent(): void {
    this.lastTickNs = null;
  }

  countReasons(reasons: readonly Reason[]): void {
    for (const { check } of reasons) this.reasons.set(check, (this.reasons.get(check) ?? 0) + 1);
  }

  /**
   * @param startNs of the guard
   * @param bursts states that made no tick of their own
   */
  summary(startNs: bigint, bursts: number): Omit<GuardSummary, 'seconds' | 'rejectedStates'> {
    return {
      loopMs: this.loop.percentiles(),
      latencyMs: this.latency.percentiles(),
      commands: this.commands,
      limited: this.limited,
      blocked: this.blocked,
      skippedTicks: this.skippedTicks + bursts,
      missedProposals: this.missedProposals,
      reasons: Object.fromEntries(this.reasons),
      firstCommandMs: this.commands === 0 ? null : elapsedMs(startNs, this.firstCommandNs),
      residentMiB: process.memoryUsage.rss() / 2 ** 20,
    };
  }
}
