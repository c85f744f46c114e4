import { elapsedMs, systemClock } from '../../src/core/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';

/** Resident memory of the guard that lived longest [MiB]. */
export interface GuardMemory {
  readonly minutes: number;
  readonly first: number;
  readonly max: number;
  readonly last: number;
  /** over the second half of its samples; null where they are few */
  readonly growthPerMinute: number | null;
}

const SAMPLE_MS = 5_000;
const ENOUGH_SAMPLES = 12;

/** Samples the guard's memory; each restart of the bridge has a guard of its own. Linux only. */
export class GuardMemoryLog {
  private pid = 0;
  private samples: number[] = [];
  private longest: readonly number[] = [];
  private lastNs = 0n;

  look(rig: BridgeRig): void {
    const now = systemClock.nowNs();
    if (elapsedMs(this.lastNs, now) < SAMPLE_MS || rig.pids === null) return;
    const residentMiB = rig.guardMiB();
    if (Number.isNaN(residentMiB)) return;
    this.lastNs = now;
    if (rig.pids.guard !== this.pid) this.samples = [];
    this.pid = rig.pids.guard;
    this.samples.push(residentMiB);
    if (this.samples.length > this.longest.length) this.longest = this.samples;
  }

  /** null before the first sample */
  get memory(): GuardMemory | null {
    const { longest } = this;
    if (longest.length === 0) return null;
    const half = longest.slice(Math.floor(longest.length / 2));
    const minutes = (count: number): number => ((count - 1) * SAMPLE_MS) / 60_000;
    return {
      minutes: minutes(longest.length),
      first: longest[0]!,
      max: Math.max(...longest),
      last: longest.at(-1)!,
      growthPerMinute:
        longest.length < ENOUGH_SAMPLES ? null : (half.at(-1)! - half[0]!) / minutes(half.length),
    };
  }
}
