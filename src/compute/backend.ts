import { createRequire } from 'node:module';
import path from 'node:path';
import { badInput, DynabridgeError } from '../core/index.js';
import { tf } from './tf.js';

const BACKENDS = ['auto', 'tensorflow-gpu', 'wasm', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];

export interface SelectedBackend {
  readonly name: Exclude<BackendChoice, 'auto'>;
  /** one line for the log: what was chosen and why */
  readonly explanation: string;
}

type Loader = () => Promise<void>;

async function activate(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not initialise its '${name}' backend`);
  await tf.ready();
}

const LOADERS: Readonly<Record<SelectedBackend['name'], Loader>> = {
  'tensorflow-gpu': async () => {
    const gpu = '@tensorflow/tfjs-node-gpu'; // a variable, so that the optional package need not be there to compile
    await import(gpu);
    await activate('tensorflow');
  },
  wasm: async () => {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(path.dirname(main) + path.sep);
    await activate('wasm');
  },
  cpu: () => activate('cpu'),
};

const WHY: Readonly<Record<SelectedBackend['name'], string>> = {
  'tensorflow-gpu': 'libtensorflow with CUDA loaded',
  wasm: 'WebAssembly SIMD on one core',
  cpu: 'plain JavaScript, 5 to 15 times slower than wasm',
};

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return 'not installed';
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

/**
 * Selects the tfjs backend of this process.
 * `auto` takes tensorflow-gpu when it is installed and loads, else wasm, else cpu, and never fails for a missing one.
 * @throws UNAVAILABLE when a backend was asked for by name and does not load
 */
export async function selectBackend(
  choice: BackendChoice = 'auto',
  loaders: Readonly<Record<SelectedBackend['name'], Loader>> = LOADERS,
): Promise<SelectedBackend> {
  if (!BACKENDS.includes(choice)) {
    throw badInput(`compute backend '${String(choice)}' is unknown; choose one of ${BACKENDS.join(', ')}`);
  }
  if (choice !== 'auto') {
    try {
      await loaders[choice]();
    } catch (cause) {
      throw new DynabridgeError(
        'UNAVAILABLE',
        `compute backend '${choice}' did not load: ${reasonOf(cause)}; use 'auto' to take the best that does`,
        { backend: choice },
        { cause },
      );
    }
    return { name: choice, explanation: `compute backend ${choice} (${WHY[choice]}), as asked for` };
  }
  const skipped: string[] = [];
  for (const name of ['tensorflow-gpu', 'wasm', 'cpu'] as const) {
    try {
      await loaders[name]();
      const because = skipped.length > 0 ? `; skipped ${skipped.join(', ')}` : '';
      return { name, explanation: `compute backend ${name} (${WHY[name]})${because}` };
    } catch (error) {
      skipped.push(`${name}: ${reasonOf(error)}`);
    }
  }
  throw new DynabridgeError('UNAVAILABLE', `no compute backend loads: ${skipped.join('; ')}`);
}
