/** The work of `cases.ts` done by our own code, on whatever backend tfjs has now. E members, B batch, I inputs, S observations. */
import { tf } from '../../src/compute/index.js';
import { Rng } from '../../src/core/index.js';
import {
  DEFAULT_ENSEMBLE,
  DEFAULT_SAC,
  Ensemble,
  Sac,
  transitionBatch,
  type ObservationSpec,
} from '../../src/rl/index.js';
import type { EnsembleStepWork, MatmulWork, PolicyWork, Work } from './cases.js';
import { openNetwork } from './network-workload.js';

export interface Workload {
  step(): void;
  /** what is wrong with the outcome of the steps so far; null when the work was done */
  complaint(): string | null;
  dispose(): void;
}

/** Fixed data: every run does the same work. */
export function openWork(work: Work): Workload {
  switch (work.kind) {
    case 'matmul':
      return openMatmul(work);
    case 'forward':
    case 'forward-backward':
      return openNetwork(work);
    case 'sac-update':
      return openSacUpdate(work);
    case 'policy-forward':
      return openPolicyForward(work);
    case 'ensemble-step':
      return openEnsembleStep(work);
  }
}

function openMatmul({ n }: MatmulWork): Workload {
  const rng = new Rng(1, 'bench/matmul');
  const left = rng.fillNormal(new Float32Array(n * n));
  const right = rng.fillNormal(new Float32Array(n * n));
  const a = tf.tensor2d(left.slice(), [n, n]);
  const b = tf.tensor2d(right.slice(), [n, n]);
  let product: tf.Tensor | null = null;
  return {
    step: () => {
      product?.dispose();
      product = tf.matMul(a, b);
    },
    complaint: () => {
      const values = product!.dataSync<'float32'>();
      for (const [row, column] of [
        [0, 0],
        [n - 1, 0],
        [n >> 1, n - 1],
      ] as const) {
        let expected = 0;
        for (let k = 0; k < n; k++) expected += left[row * n + k]! * right[k * n + column]!;
        const got = values[row * n + column]!;
        // rounding of n products of standard normals
        if (!(Math.abs(got - expected) < 1e-5 * n))
          return `element (${row}, ${column}) is ${got}, expected ${expected}`;
      }
      return null;
    },
    dispose: () => tf.dispose([a, b, ...(product === null ? [] : [product])]),
  };
}

/** An observation of `size` numbers as the network takes them; how a frame is encoded plays no part here. */
function plainObservation(size: number, actions: number): ObservationSpec {
  return {
    fields: [],
    encoding: [],
    history: 1,
    previousActions: 0,
    frameSize: size,
    encodedFrameSize: size,
    actionSize: actions,
    size,
  };
}

function newSac({ observations, actions, hidden }: PolicyWork): Sac {
  const config = { ...DEFAULT_SAC, hidden, criticLayerNorm: false };
  return new Sac(plainObservation(observations, actions), config, new Rng(1, 'bench/sac'));
}

function openSacUpdate(work: PolicyWork): Workload {
  const { observations, actions, batch } = work;
  const sac = newSac(work);
  const rng = new Rng(2, 'bench/sac');
  const rows = transitionBatch(batch, observations, actions);
  rng.fillNormal(rows.observations);
  rng.fillNormal(rows.nextObservations);
  rng.fillNormal(rows.rewards);
  for (let i = 0; i < rows.actions.length; i++) rows.actions[i] = rng.uniform(-1, 1);
  for (let i = 0; i < batch; i++) rows.terminated[i] = rng.uniform() < 0.1 ? 1 : 0;
  const noise = {
    next: rng.fillNormal(new Float32Array(batch * actions)),
    current: rng.fillNormal(new Float32Array(batch * actions)),
  };
  const before = parametersOf(sac);
  let losses = NaN;
  return {
    step: () => {
      const report = sac.update(rows, noise);
      losses = report.criticLoss + report.actorLoss + report.temperature + report.entropy;
    },
    complaint: () => trainingComplaint(losses, before, parametersOf(sac)),
    dispose: () => sac.dispose(),
  };
}

/** Everything that an update must change, a row for each part: actor, critics, target critics, temperature. */
function parametersOf(sac: Sac): Map<string, Float32Array> {
  const parts = new Map<string, number[]>();
  for (const [name, { data }] of Object.entries(sac.tensors())) {
    const part = /^(actor|critic|target|logTemperature)/.exec(name)?.[1];
    if (part !== undefined) parts.set(part, [...(parts.get(part) ?? []), ...data]);
  }
  return new Map([...parts].map(([part, values]) => [part, Float32Array.from(values)]));
}

function openEnsembleStep(work: EnsembleStepWork): Workload {
  const { members, inputs, outputs, hidden, batch, weightDecay } = work;
  const config = { ...DEFAULT_ENSEMBLE, members, elites: members, hidden, weightDecay, batchSize: batch };
  const ensemble = new Ensemble(inputs, outputs, config, new Rng(1, 'bench/ensemble'));
  const rng = new Rng(2, 'bench/ensemble');
  const x = rng.fillNormal(new Float32Array(members * batch * inputs));
  const y = rng.fillNormal(new Float32Array(members * batch * outputs));
  const parameters = (): Map<string, Float32Array> =>
    new Map(Array.from({ length: members }, (_, e) => [`member ${e}`, ensemble.memberSnapshot(e)]));
  const before = parameters();
  let loss = NaN;
  return {
    step: () => {
      loss = ensemble.trainStep(batch, x, y);
    },
    complaint: () => trainingComplaint(loss, before, parameters()),
    dispose: () => ensemble.dispose(),
  };
}

function trainingComplaint(
  loss: number,
  before: ReadonlyMap<string, Float32Array>,
  after: ReadonlyMap<string, Float32Array>,
): string | null {
  if (!Number.isFinite(loss)) return `the loss is ${loss}`;
  for (const [part, values] of before) {
    if (values.every((value, i) => value === after.get(part)![i])) return `${part} did not change`;
  }
  return null;
}

function openPolicyForward(work: PolicyWork): Workload {
  const { observations, actions, batch } = work;
  const sac = newSac(work);
  const rows = new Rng(2, 'bench/policy').fillNormal(new Float32Array(batch * observations));
  const out = new Float32Array(batch * actions).fill(NaN);
  return {
    step: () => sac.act(batch, rows, null, out),
    complaint: () =>
      out.every((value) => Math.abs(value) <= 1) ? null : `actions ${out.join(', ')} are not within [-1, 1]`,
    dispose: () => sac.dispose(),
  };
}
