/** Interleaved measurement: every implementation takes its turn in short batches, so that a noisy machine hits all alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../src/core/index.js';
import type { ComputeCase } from './cases.js';
import type { LineChild } from './child.js';

export type Impl = 'native' | 'wasm' | 'cpu' | 'pytorch';

export interface Contestant {
  readonly impl: Impl;
  readonly threads: number;
  readonly child: LineChild;
}

export interface Measurement {
  readonly impl: Impl;
  readonly threads: number;
  readonly samples: number;
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  /** how the peer wrote this case, where it has a choice */
  readonly variant: string | null;
  /** PyTorch training steps: how much longer its trial of the best variant with torch.optim took than that of the best of all */
  readonly torchOptimFactor: number | null;
}

export interface CaseResult {
  readonly measurements: readonly Measurement[];
  /** who could not do it, and why */
  readonly failures: readonly string[];
  /** one core's peak, measured between the batches [GFLOP/s] */
  readonly peaks: readonly number[];
}

const BATCH_MS = 50;
/** the pools of a peer spin for a while before they sleep (OpenBLAS about 25 ms), and would take the next one's core */
const SETTLE_MS = 30;
const LEAST_SAMPLES = 3;
/** above this a batch's first step, on caches that others have filled, is not left out: it costs more than it disturbs */
const UNTIMED_BELOW_MS = 100;
const PEAK_MS = 20;
const PEAKS_PER_CASE = 4;

interface Running {
  readonly contestant: Contestant;
  readonly estimateMs: number;
  readonly variant: string | null;
  readonly torchOptimFactor: number | null;
  readonly times: number[];
  spentMs: number;
}

interface Opened {
  readonly estimateMs: number;
  readonly variant?: string;
  /** typical time of each variant in the trial [ms] */
  readonly variants?: Readonly<Record<string, number>>;
}

/** Variants are named network+optimiser; 'flat' is Adam written by hand on one vector. */
function torchOptimFactor({ variants = {} }: Opened): number | null {
  const all = Object.values(variants);
  const own = Object.entries(variants).filter(([name]) => name.includes('+') && !name.endsWith('+flat'));
  if (own.length === 0) return null;
  return Math.min(...own.map(([, ms]) => ms)) / Math.min(...all);
}

/**
 * @param seconds of timed work per contestant; a slow one runs LEAST_SAMPLES times, whatever that takes
 * @param peak measures one core's peak [GFLOP/s], or is null
 */
export async function measureCase(
  { work }: ComputeCase,
  contestants: readonly Contestant[],
  seconds: number,
  peak: ((ms: number) => Promise<number>) | null,
): Promise<CaseResult> {
  const failures: string[] = [];
  let running: Running[] = [];
  const drop = (contestant: Contestant, error: unknown): void => {
    const { impl, threads } = contestant;
    failures.push(`${impl} (${threads} thread${threads === 1 ? '' : 's'}): ${(error as Error).message}`);
    running = running.filter((one) => one.contestant !== contestant);
  };
  for (const contestant of contestants) {
    try {
      const opened = await contestant.child.request<Opened>({
        do: 'open',
        case: work,
        seconds: Math.min(0.5, seconds),
      });
      const { estimateMs, variant = null } = opened;
      const factor = torchOptimFactor(opened);
      running.push({ contestant, estimateMs, variant, torchOptimFactor: factor, times: [], spentMs: 0 });
    } catch (error) {
      drop(contestant, error);
    }
  }
  const peaks: number[] = [];
  for (let round = 0; ; round++) {
    const unfinished = running.filter(
      ({ times, spentMs }) => times.length < LEAST_SAMPLES || spentMs < seconds * 1e3,
    );
    if (unfinished.length === 0) break;
    for (let i = 0; i < unfinished.length; i++) {
      const one = unfinished[(i + round) % unfinished.length]!; // nobody always follows the same neighbour
      await sleep(SETTLE_MS);
      try {
        await takeTurn(one);
      } catch (error) {
        drop(one.contestant, error);
      }
    }
    if (peak !== null && round < PEAKS_PER_CASE) {
      await sleep(SETTLE_MS);
      peaks.push(await peak(PEAK_MS));
    }
  }
  for (const one of running) {
    try {
      await one.contestant.child.request({ do: 'close' });
    } catch (error) {
      drop(one.contestant, error);
    }
  }
  return { measurements: running.map(measurementOf), failures, peaks };
}

async function takeTurn(one: Running): Promise<void> {
  const untimed = one.estimateMs < UNTIMED_BELOW_MS ? 1 : 0;
  const repetitions = untimed + Math.max(1, Math.round(BATCH_MS / one.estimateMs));
  const { timesMs } = await one.contestant.child.request<{ timesMs: number[] }>({ do: 'time', repetitions });
  for (let i = untimed; i < timesMs.length; i++) {
    one.times.push(timesMs[i]!);
    one.spentMs += timesMs[i]!;
  }
}

function measurementOf({ contestant, variant, torchOptimFactor, times }: Running): Measurement {
  const sorted = Float64Array.from(times).sort();
  return {
    impl: contestant.impl,
    threads: contestant.threads,
    samples: times.length,
    medianMs: percentile(sorted, 50),
    p10Ms: percentile(sorted, 10),
    p90Ms: percentile(sorted, 90),
    variant,
    torchOptimFactor,
  };
}
