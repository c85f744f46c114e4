/** The PyTorch peer: finding it, and the setting of OpenBLAS with which it is fastest on this processor. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/core/index.js';
import type { ComputeCase } from './cases.js';
import { LineChild } from './child.js';

const PEER = fileURLToPath(new URL('bench/compute/pytorch-peer.py', packageRoot()));
const INSTALL = 'on Debian and Ubuntu: apt-get install python3-torch libopenblas0-pthread';

export interface PyTorchHello {
  readonly version: string;
  readonly python: string;
  /** kernels that OpenBLAS uses, by its own word */
  readonly core: string;
  readonly threads: number;
}

/** Environment that a PyTorch process runs in. */
export interface PyTorchSetting {
  readonly label: string;
  readonly environment: Readonly<Record<string, string>>;
}

const DEFAULT_SETTING: PyTorchSetting = { label: 'default', environment: {} };

/** @returns the interpreter, or why there is none */
export function findPyTorch(asked: string | undefined): { python: string } | { missing: string } {
  // a Python of one's own may come first on the path and lack Debian's packages
  const candidates = asked === undefined ? ['python3', '/usr/bin/python3'] : [asked];
  for (const python of candidates) {
    const { status } = spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore', timeout: 120_000 });
    if (status === 0) return { python };
  }
  return { missing: `${candidates.join(' and ')} cannot import torch; ${INSTALL}` };
}

export function startPyTorch(python: string, threads: number, setting: PyTorchSetting): LineChild {
  const count = String(threads);
  return new LineChild('pytorch', python, [PEER, count], {
    OPENBLAS_NUM_THREADS: count,
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    ...setting.environment,
  });
}

/**
 * OPENBLAS_CORETYPE names with the processor flags that their kernels need (OpenBLAS 0.3.21, `driver/others/dynamic.c` and
 * `dynamic_arm64.c`); a name that the library was built without falls back to a lesser one.
 */
const CORE_TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  x64: {
    Prescott: 'pni',
    Core2: 'ssse3',
    Penryn: 'sse4_1',
    Nehalem: 'sse4_2',
    Barcelona: 'sse4a',
    Sandybridge: 'avx',
    Bulldozer: 'fma4',
    Piledriver: 'fma4',
    Steamroller: 'fma4',
    Excavator: 'fma4 avx2',
    Haswell: 'avx2 fma',
    Zen: 'avx2 fma',
    SkylakeX: 'avx512f avx512bw avx512dq avx512vl',
    Cooperlake: 'avx512f avx512bw avx512dq avx512vl avx512_bf16',
    SapphireRapids: 'avx512f avx512bw avx512dq avx512vl avx512_bf16 amx_tile',
  },
  arm64: {
    ARMV8: 'asimd',
    CORTEXA53: 'asimd',
    CORTEXA57: 'asimd',
    CORTEXA72: 'asimd',
    THUNDERX2T99: 'asimd atomics',
    TSV110: 'asimd asimddp',
    NEOVERSEN1: 'asimd asimddp',
    NEOVERSEV1: 'sve',
    NEOVERSEN2: 'sve2',
  },
};

/** The settings worth a trial on a processor with these flags; the first leaves the choice to OpenBLAS. */
export function coreTypeSettings(architecture: string, flags: ReadonlySet<string>): PyTorchSetting[] {
  const known = Object.entries(CORE_TYPES[architecture] ?? {});
  const usable = known.filter(([, needed]) => needed.split(' ').every((flag) => flags.has(flag)));
  return [
    DEFAULT_SETTING,
    ...usable.map(([name]) => ({ label: name, environment: { OPENBLAS_CORETYPE: name } })),
  ];
}

export function processorFlags(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set((line?.[1] ?? '').split(/\s+/));
  } catch {
    return new Set(); // not Linux: the library's own choice
  }
}

/** A setting this much slower at the first product than the best is out. */
const HOPELESS = 1.4;

interface Contender {
  readonly setting: PyTorchSetting;
  readonly child: LineChild;
  /** logarithm of the time of each trial, summed: the geometric mean ranks */
  score: number;
}

export interface Trial {
  readonly best: PyTorchSetting;
  /** geometric mean of the trial times, relative to the best; null where a setting fell out early or did not run */
  readonly tried: readonly { readonly setting: string; readonly relativeTime: number | null }[];
}

/**
 * Tries every setting on one thread and takes the one with the lowest geometric mean over `cases`, of which the first alone
 * decides which settings are hopeless.
 */
export async function chooseSetting(
  python: string,
  settings: readonly PyTorchSetting[],
  cases: readonly ComputeCase[],
  seconds: number,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Trial> {
  const contenders: Contender[] = [];
  const stop = (): void => contenders.forEach(({ child }) => child.kill());
  signal.addEventListener('abort', stop, { once: true });
  const tried = new Map<string, number | null>(settings.map(({ label }) => [label, null]));
  try {
    let running: Contender[] = [];
    const [first, ...others] = cases;
    for (const [i, setting] of settings.entries()) {
      progress(`pytorch: trying OpenBLAS kernels, ${i + 1} of ${settings.length} (${setting.label})`);
      const contender = { setting, child: startPyTorch(python, 1, setting), score: 0 };
      contenders.push(contender);
      if (await ran(contender, first!, seconds / 4, signal)) running.push(contender);
    }
    const bound = Math.min(...running.map(({ score }) => score)) + Math.log(HOPELESS);
    running = running.filter(({ score }) => score <= bound);
    for (const { name, work } of others) {
      progress(`pytorch: trying OpenBLAS kernels with ${name}`);
      const alive: Contender[] = [];
      for (const contender of running) {
        if (await ran(contender, { name, work }, seconds, signal)) alive.push(contender);
      }
      running = alive;
    }
    running.sort((a, b) => a.score - b.score);
    const [best] = running;
    if (best === undefined) throw new Error('PyTorch ran with no setting of OpenBLAS');
    for (const { setting, score } of running)
      tried.set(setting.label, Math.exp((score - best.score) / cases.length));
    return {
      best: best.setting,
      tried: [...tried].map(([setting, relativeTime]) => ({ setting, relativeTime })),
    };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Adds one trial to the score; false where the processor cannot run the kernels after all. */
async function ran(
  contender: Contender,
  { work }: ComputeCase,
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { estimateMs } = await contender.child.request<{ estimateMs: number }>({
      do: 'open',
      case: work,
      seconds,
    });
    await contender.child.request({ do: 'close' });
    contender.score += Math.log(estimateMs);
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    contender.child.kill();
    return false;
  }
}
