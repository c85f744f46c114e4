import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { withDomainInput } from '../../../src/rl/domain.js';
import { DEFAULT_ENSEMBLE, Ensemble, type EnsembleConfig, type ModelDataset } from '../../../src/rl/index.js';

const I = 3;
const D = 2;
const N = 64;
const config: EnsembleConfig = {
  ...DEFAULT_ENSEMBLE,
  members: 2,
  elites: 2,
  hidden: [7, 5],
  weightDecay: [0, 0, 0],
  shrink: 1,
};

beforeAll(async () => {
  await selectBackend('cpu');
});

/** Rows of which those of the robot, domain 1, are twice those of the simulation. */
function rows(rng: Rng, domain?: number): ModelDataset {
  const width = domain === undefined ? I : I + 1;
  const inputs = new Float32Array(N * width);
  const targets = new Float32Array(N * D);
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < I; i++) inputs[n * width + i] = rng.normal();
    if (domain !== undefined) inputs[n * width + I] = domain;
    for (let d = 0; d < D; d++) targets[n * D + d] = (1 + (domain ?? 0)) * inputs[n * width + d]!;
  }
  return { count: N, inputs, targets };
}

function means(ensemble: Ensemble, data: ModelDataset): number[] {
  return Array.from(ensemble.predictElites(data.count, data.inputs).mean);
}

describe('withDomainInput', () => {
  function trained(): Ensemble {
    const ensemble = new Ensemble(I, D, config, new Rng(1));
    const data = rows(new Rng(2));
    ensemble.fitNormalisers(data);
    const inputs = Float32Array.from([...data.inputs, ...data.inputs]);
    const targets = Float32Array.from([...data.targets, ...data.targets]);
    for (let i = 0; i < 5; i++) ensemble.trainStep(N, inputs, targets);
    return ensemble;
  }

  it('leaves predictions as they were, whatever the domain', () => {
    const before = trained();
    const after = new Ensemble(I + 1, D, config, new Rng(9));
    after.load(withDomainInput(before.tensors()));
    const expected = means(before, rows(new Rng(3)));
    for (const domain of [0, 1]) {
      means(after, rows(new Rng(3), domain)).forEach((value, i) =>
        expect(value).toBeCloseTo(expected[i]!, 5),
      );
    }
    before.dispose();
    after.dispose();
  });

  it('keeps the moments of the optimiser with their weights: the next step is the same for these', () => {
    const before = trained();
    const after = new Ensemble(I + 1, D, config, new Rng(9));
    after.load(withDomainInput(before.tensors()));
    const narrow = rows(new Rng(4));
    const wide = rows(new Rng(4), 0); // an input of 0 has no gradient
    const step = (ensemble: Ensemble, { inputs }: ModelDataset) =>
      ensemble.trainStep(
        N,
        Float32Array.from([...inputs, ...inputs]),
        Float32Array.from([...narrow.targets, ...narrow.targets]),
      );
    step(before, narrow);
    step(after, wide);
    const expected = means(before, rows(new Rng(5)));
    means(after, rows(new Rng(5), 1)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    before.dispose();
    after.dispose();
  });
});
