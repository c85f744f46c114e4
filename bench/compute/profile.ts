import { tf } from '../../src/compute/index.js';
import { loadAddon, type NativeAddon } from '../../src/compute/native/addon.js';
import { registerNativeBackend } from '../../src/compute/native/backend.js';
import { DynabridgeError, elapsedMs, systemClock } from '../../src/core/index.js';
import { columns, machineLine } from '../statistics-table.js';
import type { ComputeCase } from './cases.js';
import { usefulFlops } from './flops.js';
import { openWork } from './workloads.js';

const WARM_UP_STEPS = 100;
const PEAK_MS = 300;

interface Spent {
  calls: number;
  ms: number;
}

/** The addon, with the time of every call added up by function. */
function timed(addon: NativeAddon, spent: Map<string, Spent>): NativeAddon {
  const outer = Object.create(addon) as NativeAddon;
  for (const name of Object.getOwnPropertyNames(addon)) {
    const value: unknown = Reflect.get(addon, name);
    if (typeof value !== 'function') continue;
    const call = (...args: unknown[]): unknown => {
      const startNs = systemClock.nowNs();
      const result: unknown = Reflect.apply(value, addon, args);
      const entry = spent.get(name) ?? { calls: 0, ms: 0 };
      entry.calls++;
      entry.ms += elapsedMs(startNs, systemClock.nowNs());
      spent.set(name, entry);
      return result;
    };
    Object.defineProperty(outer, name, { value: call });
  }
  return outer;
}

/** Where the time of a step goes on the native backend with one thread: each function of the addon, and all else. */
export async function benchComputeProfile(cases: readonly ComputeCase[], seconds: number): Promise<void> {
  const loaded = loadAddon();
  if ('missing' in loaded) {
    throw new DynabridgeError('UNAVAILABLE', `${loaded.missing}; repair: npm run build:native`);
  }
  const spent = new Map<string, Spent>();
  registerNativeBackend(timed(loaded.addon, spent));
  await tf.setBackend('native');
  loaded.addon.setThreads(1, 0);
  const peak = loaded.addon.measurePeak(PEAK_MS);
  console.log(
    `${machineLine()}; peak of one core ${peak.toFixed(0)} GFLOP/s (${loaded.addon.instructionSet})`,
  );
  for (const { name, work } of cases) {
    const workload = openWork(work);
    for (let i = 0; i < WARM_UP_STEPS; i++) workload.step();
    spent.clear();
    const startNs = systemClock.nowNs();
    let steps = 0;
    let ms: number;
    do {
      workload.step();
      steps++;
      ms = elapsedMs(startNs, systemClock.nowNs());
    } while (ms < seconds * 1e3);
    workload.dispose();
    const step = ms / steps;
    const row = (what: string, calls: number, spentMs: number): string[] => [
      what,
      calls === 0 ? '' : (calls / steps).toFixed(0),
      (spentMs / steps).toFixed(4),
      ((100 * spentMs) / ms).toFixed(1),
    ];
    const inside = [...spent.values()].reduce((sum, entry) => sum + entry.ms, 0);
    const rows = [...spent].sort(([, a], [, b]) => b.ms - a.ms).map(([what, s]) => row(what, s.calls, s.ms));
    const share = (100 * usefulFlops(work)) / (step * 1e6) / peak;
    console.log(
      `\n${name}: ${step.toFixed(3)} ms a step, ${share.toFixed(0)} % of the peak\n${columns(
        ['function of the addon', 'calls', 'ms', '% of step'],
        [...rows, row('tfjs and TypeScript', 0, ms - inside)],
      )}`,
    );
  }
}
