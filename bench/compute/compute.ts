import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { interruptSignal } from '../../src/cli/interrupt.js';
import { ERROR_CODES } from '../../src/core/index.js';
import { machineLine } from '../statistics-table.js';
import { COMPUTE_CASES, type ComputeCase } from './cases.js';
import { LineChild } from './child.js';
import { measureCase, type Contestant, type Impl } from './measure.js';
import {
  chooseSetting,
  coreTypeSettings,
  findPyTorch,
  processorFlags,
  startPyTorch,
  type PyTorchHello,
  type PyTorchSetting,
  type Trial,
} from './pytorch.js';
import { peakOf, rowsOf, scarcity, table, targetTable, verdicts, type Measured } from './report.js';
import type { TfjsImpl, WorkerHello } from './worker.js';

export interface ComputeOptions {
  readonly json?: boolean;
  readonly cases: readonly ComputeCase[];
  /** of timed work per case and contestant */
  readonly seconds: number;
  readonly impls: readonly Impl[];
  readonly python?: string;
  /** OPENBLAS_CORETYPE to use without a trial; 'default' leaves the choice to OpenBLAS */
  readonly coretype?: string;
}

/** Where there is but one core, no row has two threads. */
const ONE_AND_TWO = [1, 2].filter((threads) => threads <= os.availableParallelism());
const THREADS: Readonly<Record<Impl, readonly number[]>> = {
  native: ONE_AND_TWO,
  wasm: [1],
  cpu: [1],
  pytorch: ONE_AND_TWO,
};
const TRIAL_CASES = ['matmul/256', 'sac-update/256x256/b256', 'ensemble-step/7x4x200/b256'];
const TRIAL_S = 0.6;
/** load of each core from which on other programs spoil the figures */
const BUSY = 0.4;
const ATEN = { label: 'ATEN_CPU_CAPABILITY=avx512', environment: { ATEN_CPU_CAPABILITY: 'avx512' } };

interface PeerFacts extends PyTorchHello {
  readonly setting: PyTorchSetting;
  readonly trial: Trial['tried'] | null;
}

/** Everything that takes part, and what is to be said of those that cannot. */
class Field {
  readonly contestants: Contestant[] = [];
  readonly notes: string[] = [];
  instructionSet: string | null = null;
  peer: PeerFacts | null = null;

  constructor(
    private readonly signal: AbortSignal,
    private readonly progress: (text: string) => void,
  ) {
    signal.addEventListener('abort', () => this.stop());
  }

  stop(): void {
    for (const { child } of this.contestants) child.kill();
  }

  async addTfjs(impl: TfjsImpl): Promise<void> {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    for (const threads of THREADS[impl]) {
      this.progress(`${impl}: starting`);
      const child = new LineChild(impl, process.execPath, [
        main,
        'compute-worker',
        ...['--impl', impl, '--threads', String(threads)],
      ]);
      this.contestants.push({ impl, threads, child });
      try {
        const { instructionSet } = await child.request<WorkerHello>({ do: 'hello' });
        this.instructionSet ??= instructionSet;
      } catch (error) {
        this.contestants.pop();
        child.kill();
        if (this.signal.aborted) throw error;
        this.notes.push(`${impl}: left out, ${(error as Error).message}`);
        return;
      }
    }
  }

  async addPyTorch(options: ComputeOptions): Promise<void> {
    const found = findPyTorch(options.python);
    if ('missing' in found) {
      this.notes.push(`pytorch: left out and no ratios, ${found.missing}`);
      return;
    }
    const { python } = found;
    let setting: PyTorchSetting;
    let trial: Trial | null = null;
    if (options.coretype === undefined) {
      trial = await this.tryPyTorch(python);
      setting = trial.best;
    } else {
      const fixed = options.coretype === 'default' ? {} : { OPENBLAS_CORETYPE: options.coretype };
      setting = { label: options.coretype, environment: fixed };
    }
    for (const threads of THREADS.pytorch) {
      const child = startPyTorch(python, threads, setting);
      this.contestants.push({ impl: 'pytorch', threads, child });
      const hello = await child.request<PyTorchHello>({ do: 'hello' });
      this.peer ??= { ...hello, setting, trial: trial?.tried ?? null };
    }
  }

  /** OpenBLAS kernels first; then, with the best of them, PyTorch's own elementwise kernels, which stop at AVX2 by themselves. */
  private async tryPyTorch(python: string): Promise<Trial> {
    const cases = TRIAL_CASES.map((name) => COMPUTE_CASES.find((one) => one.name === name)!);
    const flags = processorFlags();
    const run = (settings: readonly PyTorchSetting[]): Promise<Trial> =>
      chooseSetting(python, settings, cases, TRIAL_S, this.signal, this.progress);
    const kernels = await run(coreTypeSettings(process.arch, flags));
    if (!flags.has('avx512f')) return kernels;
    const { best } = kernels;
    const wide = {
      label: `${best.label} ${ATEN.label}`,
      environment: { ...best.environment, ...ATEN.environment },
    };
    const final = await run([best, wide]);
    const added = final.tried.filter(({ setting }) => setting === wide.label);
    return { best: final.best, tried: [...kernels.tried, ...added] };
  }
}

/** One line that is rewritten on a terminal; a line for each where stderr is a file. */
function progressLine(): { show: (text: string) => void; settle: (text: string) => void } {
  const { isTTY } = process.stderr;
  return {
    show: (text) => {
      if (isTTY) process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    settle: (text) => void process.stderr.write(`${isTTY ? '\r\u001b[K' : ''}${text}\n`),
  };
}

export async function benchCompute(options: ComputeOptions): Promise<void> {
  const { cases, seconds, json } = options;
  const progress = progressLine();
  const signal = interruptSignal(() => progress.settle('stopping; what was measured so far follows'));
  const field = new Field(signal, progress.show);
  const loadBefore = os.loadavg()[0]!;
  if (loadBefore > BUSY * os.availableParallelism()) {
    field.notes.push(
      `the machine was busy at the start (load ${loadBefore.toFixed(1)} on ${os.availableParallelism()} cores): times are too long, those of two threads most of all; end what else runs and measure again`,
    );
  }
  const measured: Measured[] = [];
  try {
    for (const impl of options.impls) {
      if (impl === 'pytorch') await field.addPyTorch(options);
      else await field.addTfjs(impl);
    }
    for (const note of field.notes) progress.settle(note);
    if (field.contestants.length === 0)
      throw new Error('nothing to measure: every implementation is left out');
    const native = field.contestants.find(({ impl, threads }) => impl === 'native' && threads === 1);
    const peak =
      native === undefined
        ? null
        : async (ms: number) => (await native.child.request<{ gflops: number }>({ do: 'peak', ms })).gflops;
    for (const [i, one] of cases.entries()) {
      progress.show(`[${i + 1}/${cases.length}] ${one.name}`);
      const result = await measureCase(one, field.contestants, seconds, peak);
      if (signal.aborted) break;
      measured.push({ of: one, result });
      field.notes.push(...result.failures.map((failure) => `${one.name}: left out ${failure}`));
      progress.settle(`[${i + 1}/${cases.length}] ${one.name}: ${inShort(result.measurements)}`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    field.stop();
  }
  const rows = rowsOf(measured);
  field.notes.push(...scarcity(rows));
  const peak = peakOf(measured);
  if (json) {
    const machine = {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.cpus().length,
      node: process.version,
      instructionSet: field.instructionSet,
      peakGflops: peak,
      pytorch: field.peer,
      load: [loadBefore, os.loadavg()[0]!],
      secondsPerCase: seconds,
    };
    console.log(
      JSON.stringify({
        machine,
        rows,
        targets: verdicts(rows),
        notes: field.notes,
        interrupted: signal.aborted,
      }),
    );
  } else {
    console.log(`compute, ${seconds} s per case and implementation; ${machineLine()}`);
    if (peak !== null) {
      const [median, min, max] = [peak.median, peak.min, peak.max].map((value) => value.toFixed(0));
      console.log(
        `peak of one core (${field.instructionSet}): ${median} GFLOP/s (${min} to ${max}); two threads are held against twice that`,
      );
    }
    if (field.peer !== null) console.log(peerLine(field.peer));
    console.log(`\n${table(rows)}`);
    if (verdicts(rows).length > 0) console.log(`\n${targetTable(rows)}`);
    if (field.notes.length > 0) console.log(`\nnotes:\n${field.notes.map((note) => `  ${note}`).join('\n')}`);
  }
  if (signal.aborted) process.exitCode = ERROR_CODES.INTERRUPTED.exitCode;
}

function inShort(measurements: readonly { impl: Impl; threads: number; medianMs: number }[]): string {
  return measurements
    .map(({ impl, threads, medianMs }) => {
      const digits = medianMs >= 10 ? 1 : 3;
      return `${impl}${threads === 1 ? '' : ` x${threads}`} ${medianMs.toFixed(digits)}`;
    })
    .join(', ')
    .concat(' ms');
}

function peerLine({ version, python, core, setting, trial }: PeerFacts): string {
  const tried = (trial ?? [])
    .map(
      ({ setting: name, relativeTime }) => `${name} ${relativeTime === null ? '-' : relativeTime.toFixed(2)}`,
    )
    .join(', ');
  const how = tried === '' ? '' : `; relative times in the trial: ${tried}`;
  return `PyTorch ${version} (Python ${python}), OpenBLAS kernels ${core}, setting '${setting.label}'${how}`;
}
