/**
 * The C++ addon (`native/`): loading it, and the types of what it exports. All arrays are Float32Array unless said otherwise; a wrong
 * type, length or size throws a TypeError or RangeError and nothing is written. Sizes are in elements, matrices row-major.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../core/index.js';

/** Codes are positions in these lists, the same as in `native/kernels.h`. */
export const UNARY = [
  'neg',
  'abs',
  'square',
  'sqrt',
  'rsqrt',
  'exp',
  'log',
  'sigmoid',
  'tanh',
  'relu',
  'softplus',
  'step',
] as const;
export const BINARY = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum'] as const;
export const REDUCTION = ['sum', 'mean', 'max', 'min'] as const;
export const ACTIVATION = ['identity', 'relu', 'swish'] as const;

export type InstructionSet = 'avx512' | 'avx2' | 'neon' | 'portable';

/**
 * An ensemble of E equal MLPs on B rows, as numbers for the addon:
 * [E, B, inputs, outputs, input shared by the members (0 or 1), activation code, layer norm (0 or 1), hidden widths...].
 */
export type MlpDimensions = Int32Array;

export interface NativeAddon {
  /** of the sources that it was compiled from, by `native/source-hash.cjs` */
  readonly sourceHash: string;
  readonly instructionSet: InstructionSet;
  /** instruction sets that were compiled in and that this processor runs, best first */
  readonly instructionSets: readonly InstructionSet[];
  /** for tests and benchmarks; @throws RangeError for one that is not in `instructionSets` */
  setInstructionSet(name: InstructionSet): void;
  readonly threads: number;
  /** @param niceness of the pool's own threads, 0 to 19 (the calling thread is not touched) */
  setThreads(count: number, niceness: number): void;
  /** float32 GFLOP/s of a loop of fused multiply-adds in registers, on the calling thread, for `ms` milliseconds */
  measurePeak(ms: number): number;

  /**
   * c (batch x m x n) = activation(op(a) op(b) + bias), activation identity or relu. `strideA` and `strideB` lead from one matrix of the
   * batch to the next; 0 uses the same one for all. a is (m x k), or (k x m) when transposed; b is (k x n), or (n x k) when transposed;
   * bias (n) or null.
   */
  matmul(
    a: Float32Array,
    b: Float32Array,
    bias: Float32Array | null,
    c: Float32Array,
    batch: number,
    m: number,
    n: number,
    k: number,
    strideA: number,
    strideB: number,
    transposeA: boolean,
    transposeB: boolean,
    activation: number,
  ): void;

  /** y = f(x); x and y of equal length */
  unary(code: number, x: Float32Array, y: Float32Array): void;
  /** out (rows x columns); a and b are read at row * rowStride + column * columnStride, strides 0 broadcast */
  binary(
    code: number,
    a: Float32Array,
    b: Float32Array,
    out: Float32Array,
    rows: number,
    columns: number,
    aRowStride: number,
    aColumnStride: number,
    bRowStride: number,
    bColumnStride: number,
  ): void;
  /** y (outer x inner) from x (outer x reduced x inner) */
  reduce(code: number, x: Float32Array, y: Float32Array, outer: number, reduced: number, inner: number): void;
  /** rows of `columns` values, from `fromStart` every `fromStride` to `toStart` every `toStride` */
  copyRows(
    from: Float32Array,
    fromStart: number,
    fromStride: number,
    to: Float32Array,
    toStart: number,
    toStride: number,
    rows: number,
    columns: number,
  ): void;
  /** out (indices x columns) from x (rows x columns); @throws RangeError for an index outside [0, rows) */
  gatherRows(x: Float32Array, indices: Int32Array, out: Float32Array, columns: number): void;
  /** y (batch x columns x rows) from x (batch x rows x columns) */
  transpose(x: Float32Array, y: Float32Array, batch: number, rows: number, columns: number): void;

  /** length of what `mlpForward` keeps for `mlpGradient`; at least 1 */
  mlpKeptSize(dimensions: MlpDimensions): number;
  /** y (E x B x O); kept is null where no gradient is needed */
  mlpForward(
    x: Float32Array,
    parameters: Float32Array,
    y: Float32Array,
    kept: Float32Array | null,
    dimensions: MlpDimensions,
  ): void;
  /** writes dx (as x) and dParameters (E x P) where they are not null; a shared input's dx is the sum over the members */
  mlpGradient(
    dy: Float32Array,
    x: Float32Array,
    parameters: Float32Array,
    kept: Float32Array,
    dx: Float32Array | null,
    dParameters: Float32Array | null,
    dimensions: MlpDimensions,
  ): void;

  /** sum over members of mean((mean - y)^2 exp(-logVariance) + logVariance); head (E x B x 2D), targets (E x B x D), bounds (2 x D) */
  gaussianNll(
    head: Float32Array,
    targets: Float32Array,
    bounds: Float32Array,
    members: number,
    batch: number,
    outputs: number,
  ): number;
  /** times `scale`; dHead (E x B x 2D) and dBounds (2 x D) are written */
  gaussianNllGradient(
    scale: number,
    head: Float32Array,
    targets: Float32Array,
    bounds: Float32Array,
    dHead: Float32Array,
    dBounds: Float32Array,
    members: number,
    batch: number,
    outputs: number,
  ): void;

  /** head (B x 2A), noise (B x A) -> action (B x A), logProb (B) */
  squashedGaussian(
    head: Float32Array,
    noise: Float32Array,
    action: Float32Array,
    logProb: Float32Array,
    batch: number,
    actions: number,
    logStdMin: number,
    logStdMax: number,
  ): void;
  /** dHead (B x 2A) is written */
  squashedGaussianGradient(
    dAction: Float32Array,
    dLogProb: Float32Array,
    head: Float32Array,
    noise: Float32Array,
    dHead: Float32Array,
    batch: number,
    actions: number,
    logStdMin: number,
    logStdMax: number,
  ): void;

  /**
   * In place on parameters, m and v (rows x columns each). g = gradient + l2 * parameter, with l2 (columns) or null; then
   * m += (1 - beta1)(g - m); v += (1 - beta2)(g g - v); parameter -= rate m / (sqrt(v correction) + epsilon) + shrink parameter.
   * Step t of Adam has rate = learningRate / (1 - beta1^t), correction = 1 / (1 - beta2^t); AdamW shrink = learningRate * decay.
   */
  adam(
    parameters: Float32Array,
    gradient: Float32Array,
    m: Float32Array,
    v: Float32Array,
    l2: Float32Array | null,
    rate: number,
    correction: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    shrink: number,
  ): void;
  /** target += tau (source - target), in place */
  polyak(target: Float32Array, source: Float32Array, tau: number): void;
}

export type LoadedAddon = { readonly addon: NativeAddon } | { readonly missing: string };

const FILE = 'build/Release/dynabridge_native.node';
/** Its first line is the reason, when `native/build.js` could not build. */
const BUILD_LOG = 'build/native-build.log';

const SOURCE_HASH = 'native/source-hash.cjs';

/** The addon that was built in the package at `root`. @throws what the dynamic linker says of one that does not load */
function load(root: URL): LoadedAddon {
  const at = (name: string): string => fileURLToPath(new URL(name, root));
  const require = createRequire(import.meta.url);
  if (!existsSync(at(FILE))) {
    const reason = existsSync(at(BUILD_LOG))
      ? readFileSync(at(BUILD_LOG), 'utf8').split('\n')[0]!
      : `${FILE} is not there`;
    return { missing: `not built (${reason})` };
  }
  const addon = require(at(FILE)) as NativeAddon;
  if (existsSync(at(SOURCE_HASH))) {
    const { sourceHash } = require(at(SOURCE_HASH)) as { sourceHash: () => string };
    if (addon.sourceHash !== sourceHash())
      return { missing: 'built from other sources than those in native/' };
  }
  return { addon };
}

/** As `loadAddon`, without its memory, of the package at `root`. */
export function loadAddonOf(root: URL): LoadedAddon {
  try {
    return load(root);
  } catch (error) {
    return { missing: (error instanceof Error ? error.message : String(error)).split('\n')[0]! };
  }
}

let loaded: LoadedAddon | undefined;

/**
 * The addon of this process, or in one line why there is none; the file is looked for once. One of other sources than those beside it
 * is not used: what the numbers mean that it is called with may have changed.
 */
export function loadAddon(): LoadedAddon {
  return (loaded ??= loadAddonOf(packageRoot()));
}
