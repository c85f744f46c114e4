/** What `npm run bench -- compute` measures. Shapes only: `workloads.ts` does the work with our code, `pytorch-peer.py` with PyTorch. */

/** A square matrix product, n x n x n. */
export interface MatmulWork {
  readonly kind: 'matmul';
  readonly n: number;
}

/** An ensemble of multi-layer perceptrons, each with its own rows; one member is a plain network. */
export interface NetworkWork {
  readonly kind: 'forward' | 'forward-backward';
  readonly members: number;
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly batch: number;
  readonly activation: 'relu' | 'swish';
}

export interface PolicyWork {
  readonly kind: 'sac-update' | 'policy-forward';
  readonly observations: number;
  readonly actions: number;
  readonly hidden: readonly number[];
  readonly batch: number;
}

export interface EnsembleStepWork {
  readonly kind: 'ensemble-step';
  readonly members: number;
  readonly inputs: number;
  /** predicted values; the heads have two outputs for each, mean and log variance */
  readonly outputs: number;
  readonly hidden: readonly number[];
  readonly batch: number;
  /** L2 coefficient of each kernel: hidden layers, then heads */
  readonly weightDecay: readonly number[];
}

export type Work = MatmulWork | NetworkWork | PolicyWork | EnsembleStepWork;

export interface ComputeCase {
  readonly name: string;
  readonly work: Work;
}

/** Sizes of a mid-sized arm: 17 observations, 6 actions, and a model of 23 inputs and 18 outputs on top of them. */
const OBSERVATIONS = 17;
const ACTIONS = 6;
const MODEL_INPUTS = OBSERVATIONS + ACTIONS;
const MODEL_OUTPUTS = OBSERVATIONS + 1;
const BATCH = 256;

const ENSEMBLES = [
  { label: '7x4x200', members: 7, hidden: [200, 200, 200, 200] },
  { label: '5x3x128', members: 5, hidden: [128, 128, 128] },
];

/** MBPO's (`constructor.py`), which names them for four hidden layers; fewer layers take the first and the last. */
function weightDecay(layers: number): number[] {
  return [...[2.5e-5, 5e-5, 7.5e-5, 7.5e-5].slice(0, layers), 1e-4];
}

function ensembleStep(
  members: number,
  inputs: number,
  hidden: number[],
  outputs: number,
  batch: number,
): Work {
  return {
    kind: 'ensemble-step',
    ...{ members, inputs, outputs, hidden, batch, weightDecay: weightDecay(hidden.length) },
  };
}

function sacUpdate(width: number, batch: number): ComputeCase {
  return {
    name: `sac-update/${width}x${width}/b${batch}`,
    work: {
      kind: 'sac-update',
      observations: OBSERVATIONS,
      actions: ACTIONS,
      hidden: [width, width],
      batch,
    },
  };
}

const BOTH_WAYS = ['forward', 'forward-backward'] as const;

export const COMPUTE_CASES: readonly ComputeCase[] = [
  ...[64, 128, 256, 512, 1024].map((n): ComputeCase => ({
    name: `matmul/${n}`,
    work: { kind: 'matmul', n },
  })),
  ...BOTH_WAYS.map((kind): ComputeCase => ({
    name: `mlp-${kind}/20-256-256-1/b${BATCH}`,
    work: { kind, members: 1, inputs: 20, hidden: [256, 256], outputs: 1, batch: BATCH, activation: 'relu' },
  })),
  ...ENSEMBLES.flatMap(({ label, members, hidden }) =>
    BOTH_WAYS.map((kind): ComputeCase => ({
      name: `ensemble-${kind}/${label}/b${BATCH}`,
      work: {
        ...{ kind, members, hidden, batch: BATCH, activation: 'swish' },
        inputs: MODEL_INPUTS,
        outputs: 2 * MODEL_OUTPUTS,
      },
    })),
  ),
  sacUpdate(256, 256),
  sacUpdate(128, 256),
  sacUpdate(64, 128),
  ...ENSEMBLES.map(({ label, members, hidden }): ComputeCase => ({
    name: `ensemble-step/${label}/b${BATCH}`,
    work: ensembleStep(members, MODEL_INPUTS, hidden, MODEL_OUTPUTS, BATCH),
  })),
  {
    name: 'policy-forward/256x256/b1',
    work: {
      kind: 'policy-forward',
      observations: OBSERVATIONS,
      actions: ACTIONS,
      hidden: [256, 256],
      batch: 1,
    },
  },
  // every size 1: what is left is the cost of dispatch
  {
    name: 'tfjs-overhead/sac-update',
    work: { kind: 'sac-update', observations: 1, actions: 1, hidden: [1, 1], batch: 1 },
  },
  { name: 'tfjs-overhead/ensemble-step', work: ensembleStep(1, 1, [1, 1, 1], 1, 1) },
];

/**
 * The cases that a comma-separated list of patterns names, in their own order. `*` stands for any text; a pattern without it is
 * looked for anywhere in the name.
 */
export function selectCases(patterns: string): readonly ComputeCase[] {
  const expressions = patterns
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map((pattern) => {
      const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'));
      return parts.length === 1 ? new RegExp(parts[0]!) : new RegExp(`^${parts.join('.*')}$`);
    });
  return COMPUTE_CASES.filter(({ name }) => expressions.some((expression) => expression.test(name)));
}
