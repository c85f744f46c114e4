import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { interruptSignal } from '../../src/cli/interrupt.js';
import { selectBackend, tf } from '../../src/compute/index.js';
import { ERROR_CODES, elapsedMs, systemClock } from '../../src/core/index.js';
import { columns, machineLine } from '../statistics-table.js';
import { openWork } from './workloads.js';

const ALLOWED_GROWTH = 0.05;

interface Sample {
  readonly updates: number;
  readonly tensors: number;
  readonly rssMiB: number;
}

/** What is held, not what V8 has not yet swept. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function sample(updates: number): Sample {
  collectGarbage();
  return { updates, tensors: tf.memory().numTensors, rssMiB: process.memoryUsage.rss() / 2 ** 20 };
}

/** Many SAC updates and ensemble steps in turns: tensors may not grow, resident memory by 5 % at most, from 10 % of the way on. */
export async function benchComputeSoak(updates: number): Promise<void> {
  const signal = interruptSignal(() => console.error('\nstopping'));
  const { name, explanation } = await selectBackend('auto');
  console.error(explanation);
  const work = [
    openWork({ kind: 'sac-update', observations: 17, actions: 6, hidden: [64, 64], batch: 128 }),
    openWork({
      kind: 'ensemble-step',
      ...{ members: 3, inputs: 23, outputs: 18, hidden: [32, 32], batch: 64 },
      weightDecay: [2.5e-5, 5e-5, 1e-4],
    }),
    openWork({ kind: 'policy-forward', observations: 17, actions: 6, hidden: [64, 64], batch: 1 }),
  ];
  const startNs = systemClock.nowNs();
  const every = Math.ceil(updates / 10);
  let first: Sample | null = null;
  let last = sample(0);
  for (let done = 1; done <= updates && !signal.aborted; done++) {
    for (const one of work) one.step();
    if (done % 100 === 0) await new Promise(setImmediate); // lets Ctrl+C through
    if (done % every !== 0 && done !== updates) continue;
    last = sample(done);
    first ??= last;
    const seconds = elapsedMs(startNs, systemClock.nowNs()) / 1e3;
    console.error(
      `${done} of ${updates} updates, ${seconds.toFixed(0)} s: ${last.tensors} tensors, ${last.rssMiB.toFixed(1)} MiB`,
    );
  }
  if (signal.aborted || first === null) {
    process.exitCode = ERROR_CODES.INTERRUPTED.exitCode;
    return;
  }
  const complaints = work.flatMap((one) => one.complaint() ?? []);
  const growth = last.rssMiB / first.rssMiB - 1;
  if (last.tensors > first.tensors)
    complaints.push(`${last.tensors - first.tensors} more tensors than at first`);
  if (growth > ALLOWED_GROWTH) {
    complaints.push(`resident memory grew by ${percent(growth)}, allowed are ${percent(ALLOWED_GROWTH)}`);
  }
  console.log(`${updates} SAC updates, ensemble steps and actions in turns; ${name}; ${machineLine()}`);
  const row = ({ updates: at, tensors, rssMiB }: Sample): string[] => [
    String(at),
    String(tensors),
    rssMiB.toFixed(1),
  ];
  console.log(columns(['updates', 'tensors', 'RSS MiB'], [row(first), row(last)]));
  console.log(`growth of resident memory: ${percent(growth)}`);
  for (const complaint of complaints) console.log(`FAILED: ${complaint}`);
  if (complaints.length > 0) process.exitCode = ERROR_CODES.GOAL_NOT_REACHED.exitCode;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
