import { createInterface } from 'node:readline';
import { selectBackend, tf } from '../../src/compute/index.js';
import { loadAddon, type NativeAddon } from '../../src/compute/native/addon.js';
import { elapsedMs, percentile, systemClock } from '../../src/core/index.js';
import type { Work } from './cases.js';
import { openWork, type Workload } from './workloads.js';

/** The tfjs backends that the benchmark compares. */
export type TfjsImpl = 'native' | 'wasm' | 'cpu';

export interface WorkerHello {
  readonly explanation: string;
  /** of the native backend */
  readonly instructionSet: string | null;
}

export type WorkerRequest =
  | { readonly do: 'hello' }
  | { readonly do: 'open'; readonly case: Work; readonly seconds: number }
  | { readonly do: 'time'; readonly repetitions: number }
  | { readonly do: 'close' }
  | { readonly do: 'peak'; readonly ms: number };

function nativeAddon(): NativeAddon {
  const loaded = loadAddon();
  if ('missing' in loaded) throw new Error(loaded.missing);
  return loaded.addon;
}

async function hello(impl: TfjsImpl, threads: number): Promise<WorkerHello> {
  const { explanation, instructionSet = null } = await selectBackend(impl, { threads });
  return { explanation, instructionSet };
}

function timed(workload: Workload): number {
  const start = systemClock.nowNs();
  workload.step();
  return elapsedMs(start, systemClock.nowNs());
}

/** Steps until V8 has compiled what they use; @returns median time of the later half */
function warmUp(workload: Workload, seconds: number): number {
  const times: number[] = [];
  const start = systemClock.nowNs();
  do times.push(timed(workload));
  while (elapsedMs(start, systemClock.nowNs()) < seconds * 1e3);
  return percentile(times.slice(times.length >> 1), 50);
}

/** One tfjs backend, measured by lines of JSON (see `LineChild`): a process each, as tfjs has one backend and its state per process. */
export async function runComputeWorker(impl: TfjsImpl, threads: number): Promise<void> {
  process.on('SIGINT', () => {}); // Ctrl+C is the parent's; it ends this process
  const reply = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  let workload: Workload | null = null;
  let tensors = 0;

  const answer = async (request: WorkerRequest): Promise<object> => {
    switch (request.do) {
      case 'hello':
        return await hello(impl, threads);
      case 'open':
        tensors = tf.memory().numTensors;
        workload = openWork(request.case);
        return { estimateMs: warmUp(workload, request.seconds) };
      case 'time': {
        const timesMs: number[] = [];
        for (let i = 0; i < request.repetitions; i++) timesMs.push(timed(workload!));
        return { timesMs };
      }
      case 'close': {
        const complaint = workload!.complaint();
        workload!.dispose();
        workload = null;
        if (complaint !== null) throw new Error(complaint);
        const leaked = tf.memory().numTensors - tensors;
        if (leaked !== 0) throw new Error(`${leaked} tensors were left over`);
        return {};
      }
      case 'peak':
        return { gflops: nativeAddon().measurePeak(request.ms) };
    }
  };

  for await (const line of createInterface({ input: process.stdin })) {
    try {
      reply(await answer(JSON.parse(line) as WorkerRequest));
    } catch (error) {
      reply({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
