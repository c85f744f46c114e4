import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';

const SAMPLE_MS = 50;
/** Kept: enough for a stop to be looked up when it is found [samples] */
const KEPT = 20_000 / SAMPLE_MS;
/** A stop is looked at together with what came before it [s] */
const BEFORE_S = 1;
/** What a process may have to wait without harm: half of the shortest timeout, that of joint states [ms] */
const HARMLESS_MS = 50;

/**
 * Whether the machine had no processor for one of our processes: the time that each was ready to run and did not, by the kernel's
 * own account (/proc/<pid>/schedstat). A bridge has to stop the robot then, whoever is to blame. Linux only; elsewhere nothing is
 * excused by it.
 */
export class ProcessorWatch {
  private readonly timer: NodeJS.Timeout;
  private readonly samples: { readonly atS: number; readonly waitedMs: ReadonlyMap<number, number> }[] = [];

  constructor(private readonly rig: BridgeRig) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** The longest that one of the processes waited in the second before `atS` (monotonic) [ms]. */
  waitedMs(atS: number): number {
    const around = this.samples.filter(
      (one) => one.atS >= atS - BEFORE_S && one.atS <= atS + SAMPLE_MS / 1e3,
    );
    const [first, last] = [around[0], around.at(-1)];
    if (first === undefined || last === undefined) return 0;
    const waits = [...last.waitedMs].map(([pid, waited]) => waited - (first.waitedMs.get(pid) ?? waited));
    return Math.max(0, ...waits);
  }

  starved(atS: number): boolean {
    return this.waitedMs(atS) > HARMLESS_MS;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const waitedMs = new Map<number, number>();
    for (const pid of this.rig.processes) {
      const waited = readWait(pid) ?? this.samples.at(-1)?.waitedMs.get(pid); // one that has ended waits no more
      if (waited !== undefined) waitedMs.set(pid, waited);
    }
    this.samples.push({ atS: Number(systemClock.nowNs()) / 1e9, waitedMs });
    if (this.samples.length > KEPT) this.samples.shift();
  }
}

/** [ms] since the process began; undefined where it is not known */
function readWait(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return undefined;
  }
}
