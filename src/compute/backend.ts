import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { badInput, DynabridgeError } from '../core/index.js';
import { BACKENDS, type BackendChoice, type BackendName } from './backend-names.js';
import { loadAddon, type InstructionSet } from './native/addon.js';
import { registerNativeBackend } from './native/backend.js';
import { tf } from './tf.js';
import { giveWay, planThreads, type ThreadOptions, type ThreadPlan } from './threads.js';

export interface SelectedBackend {
  readonly name: BackendName;
  /** one line for the log: what was chosen and why; where something faster is to be had, how */
  readonly explanation: string;
  /** threads that compute; undefined where the backend decides by itself */
  readonly threads?: number;
  /** of the native backend */
  readonly instructionSet?: InstructionSet;
}

/** What a loader made current. */
interface Loaded {
  readonly what: string;
  readonly threads?: number;
  readonly instructionSet?: InstructionSet;
}

export type Loader = (threads: ThreadPlan) => Promise<Loaded>;
export type Loaders = Readonly<Record<BackendName, Loader>>;

/** Best first. libtensorflow on the CPU is used only when asked for: the native kernels are faster at the sizes trained here. */
const AUTO = ['tensorflow-gpu', 'native', 'wasm', 'cpu'] as const satisfies readonly BackendName[];

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
const CPU_PACKAGE = '@tensorflow/tfjs-node';

/** Both packages bind to the tfjs of their own version. */
function install(name: string): string {
  return `npm install --no-save ${name}@${tf.version.tfjs}`;
}

/** What to do about a backend that is missing; the others are always there. */
const REPAIR: Readonly<Partial<Record<BackendName, string>>> = {
  'tensorflow-gpu': `${install(GPU_PACKAGE)}, on a machine with an NVIDIA GPU, CUDA 11 and cuDNN 8`,
  tensorflow: install(CPU_PACKAGE),
  native: 'npm run build:native',
};

/** Times as long as on native with one thread, roughly, for a training step; measured: docs/results.md. */
const SLOWER: Readonly<Partial<Record<BackendName, number>>> = { wasm: 6, cpu: 70 };

const INSTRUCTIONS: Readonly<Record<InstructionSet, string>> = {
  avx512: 'AVX-512',
  avx2: 'AVX2 with FMA',
  neon: 'NEON',
  portable: 'portable instructions',
};

class NotInstalled extends Error {}

async function activate(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not initialise its '${name}' backend`);
  await tf.ready();
}

/** It is this package that was not found, and not one that it needs; Node tells which in the message only. */
function isMissing(name: string, error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.startsWith(`Cannot find package '${name}'`);
}

/** tfjs-node and tfjs-node-gpu register the same backend, 'tensorflow', which knows on what it runs. */
async function activateTensorflow(
  packages: readonly string[],
  load: (name: string) => Promise<unknown>,
): Promise<{ onGpu: boolean }> {
  for (const name of packages) {
    try {
      await load(name);
      await activate('tensorflow');
      return { onGpu: (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true };
    } catch (error) {
      if (!isMissing(name, error)) throw error;
    }
  }
  throw new NotInstalled(`${packages.join(' or ')} is not installed`);
}

/** @param load imports an optional package by name (a variable, so that it need not be there to compile) */
export function loadersWith(load: (name: string) => Promise<unknown> = (name) => import(name)): Loaders {
  return {
    'tensorflow-gpu': async () => {
      const { onGpu } = await activateTensorflow([GPU_PACKAGE], load);
      if (!onGpu) throw new Error(`${GPU_PACKAGE} is installed but reports no GPU`);
      return { what: 'libtensorflow on the GPU' };
    },
    tensorflow: async () => {
      const { onGpu } = await activateTensorflow([CPU_PACKAGE, GPU_PACKAGE], load);
      return { what: `libtensorflow on the ${onGpu ? 'GPU' : 'CPU'}` };
    },
    native: async ({ count, niceness }) => {
      const loaded = loadAddon();
      if ('missing' in loaded) throw new Error(loaded.missing);
      const { addon } = loaded;
      registerNativeBackend(addon);
      addon.setThreads(count, niceness);
      await activate('native');
      const { instructionSet, threads } = addon;
      const what = `${INSTRUCTIONS[instructionSet]}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      return { what, threads, instructionSet };
    },
    wasm: async () => {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(path.dirname(main) + path.sep);
      await activate('wasm');
      return { what: 'WebAssembly SIMD, one thread', threads: 1 };
    },
    cpu: async () => {
      await activate('cpu');
      return { what: 'plain JavaScript, one thread', threads: 1 };
    },
  };
}

/**
 * Selects the tfjs backend of this process and gives it its threads.
 * `auto` takes the first of tensorflow-gpu (a GPU is reported), native, wasm and cpu that is there, and never fails for a missing one.
 * With `robotAttached` the calling thread gives way for good as well (see `giveWay`): call it in the thread that trains.
 * @throws BAD_INPUT for an unknown name or an impossible number of threads
 * @throws UNAVAILABLE when a backend was asked for by name and does not load
 */
export async function selectBackend(
  choice: BackendChoice = 'auto',
  options: ThreadOptions = {},
  loaders: Loaders = loadersWith(),
): Promise<SelectedBackend> {
  if (!BACKENDS.includes(choice)) {
    throw badInput(`compute backend '${String(choice)}' is unknown; choose one of ${BACKENDS.join(', ')}`);
  }
  const plan = planThreads(options);
  giveWay(plan.niceness); // before any library starts threads, which inherit it
  const selected = choice === 'auto' ? await first(loaders, plan) : await named(choice, loaders, plan);
  const notes = [selected.explanation];
  if (options.robotAttached) notes.push(`beside a robot, at niceness ${os.getPriority()}`);
  if (options.threads !== undefined && selected.name !== 'native') {
    notes.push(`a number of threads can be set on native only, ${options.threads} is ignored`);
  }
  return { ...selected, explanation: notes.join('; ') };
}

async function named(name: BackendName, loaders: Loaders, plan: ThreadPlan): Promise<SelectedBackend> {
  try {
    const { what, ...loaded } = await loaders[name](plan);
    return { name, ...loaded, explanation: `compute backend ${name} (${what}), as asked for` };
  } catch (cause) {
    const reason = reasonOf(cause);
    const repair = REPAIR[name];
    throw new DynabridgeError(
      'UNAVAILABLE',
      `compute backend '${name}' did not load: ${reason}` +
        `${repair ? `; repair: ${repair}` : ''}; or use 'auto' to take the best that does`,
      { backend: name, reason, ...(repair && { repair }) },
      { cause },
    );
  }
}

async function first(loaders: Loaders, plan: ThreadPlan): Promise<SelectedBackend> {
  const skipped = new Map<BackendName, string>();
  for (const name of AUTO) {
    try {
      const { what, ...loaded } = await loaders[name](plan);
      return { name, ...loaded, explanation: `compute backend ${name} (${what})${because(name, skipped)}` };
    } catch (error) {
      // that most machines lack the GPU package is no news
      if (!(name === 'tensorflow-gpu' && error instanceof NotInstalled)) skipped.set(name, reasonOf(error));
    }
  }
  const reasons = Array.from(skipped, ([name, reason]) => `${name}: ${reason}`);
  throw new DynabridgeError('UNAVAILABLE', `no compute backend loads: ${reasons.join('; ')}`);
}

function because(name: BackendName, skipped: ReadonlyMap<BackendName, string>): string {
  const reasons = Array.from(skipped, ([other, reason]) => `; ${other} was skipped: ${reason}`).join('');
  if (!skipped.has('native')) return reasons;
  return `${reasons}; training is about ${SLOWER[name]} times slower than on native, repair: ${REPAIR.native}`;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
