import { afterEach, expect, it } from 'vitest';
import { tf } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import {
  DEFAULT_ENSEMBLE,
  Ensemble,
  fitEnsemble,
  type EnsembleConfig,
  type ModelDataset,
} from '../../../src/rl/index.js';
import { describeOn } from '../../kernels/backends.js';
import { expectClose, fixture } from './expect-close.js';

type Arrays = Record<string, number[]>;
interface Reference {
  readonly sizes: Record<'members' | 'b' | 'inputs' | 'outputs', number>;
  readonly config: Pick<EnsembleConfig, 'hidden' | 'weightDecay' | 'boundWeight' | 'learningRate'>;
  readonly x: number[];
  readonly y: number[];
  readonly before: Record<string, { readonly shape: number[]; readonly data: number[] }>;
  readonly loss: number;
  readonly gradients: Arrays;
  readonly after: Arrays;
}

const SMALL: EnsembleConfig = {
  ...DEFAULT_ENSEMBLE,
  members: 3,
  elites: 2,
  hidden: [16, 16],
  weightDecay: [0, 0, 0],
  batchSize: 32,
  maxGradientSteps: 200,
};
const live: Ensemble[] = [];
function make(inputs: number, outputs: number, config: Partial<EnsembleConfig> = {}, seed = 1): Ensemble {
  const ensemble = new Ensemble(inputs, outputs, { ...SMALL, ...config }, new Rng(seed, 'ensemble'));
  live.push(ensemble);
  return ensemble;
}

function values(ensemble: Ensemble): number[] {
  return Object.values(ensemble.tensors()).flatMap(({ data }) => Array.from(data));
}

/** y = [0.001 sin 2x0, 100 x1] plus noise of a hundredth of each scale */
function wave(count: number, seed: number): ModelDataset {
  const rng = new Rng(seed, 'wave');
  const inputs = new Float32Array(count * 2);
  const targets = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const [a, b] = [rng.uniform(-2, 2), rng.uniform(-2, 2)];
    inputs.set([a, b], i * 2);
    targets.set([0.001 * (Math.sin(2 * a) + rng.normal(0, 0.01)), 100 * (b + rng.normal(0, 0.01))], i * 2);
  }
  return { count, inputs, targets };
}

function setToZero({ parameters }: Ensemble): void {
  parameters.write(new Float32Array(parameters.variable.size));
}

/** All outputs' bounds of the log variance. */
function setBounds({ bounds }: Ensemble, max: number, min: number): void {
  bounds.edit((piece) => {
    piece('maxLogVariance').fill(max);
    piece('minLogVariance').fill(min);
  });
}

/** Member e predicts its own number, with almost no variance: the last bias is e, all kernels are 0. */
function indexAdding(members: number, elites: number): Ensemble {
  const ensemble = make(1, 1, { members, elites, initialMinLogVariance: -30, initialMaxLogVariance: -20 });
  setToZero(ensemble);
  ensemble.parameters.edit((piece) => {
    for (let e = 0; e < members; e++) piece(`member${e}/head/bias`)[0] = e;
  });
  return ensemble;
}

afterEach(() => live.splice(0).forEach((ensemble) => ensemble.dispose()));

describeOn(['cpu', 'wasm', 'native'], 'Ensemble', () => {
  it('has the loss, gradients and Adam step of the reference', () => {
    const reference = fixture<Reference>('ensemble.json');
    const { members, b, inputs, outputs } = reference.sizes;
    const ensemble = make(inputs, outputs, { ...reference.config, members, elites: 1 });
    const before = ensemble.tensors();
    for (const [name, { shape, data }] of Object.entries(reference.before)) {
      before[name] = { shape, data: Float32Array.from(data) };
    }
    ensemble.load(before);
    const x = Float32Array.from(reference.x);
    const y = Float32Array.from(reference.y);
    const slope = ensemble.gradient(b, x, y);
    expectClose([slope.value], [reference.loss]);
    const parts = [
      { set: ensemble.parameters, gradient: slope.members },
      { set: ensemble.bounds, gradient: slope.bounds },
    ];
    const names = parts.flatMap(({ set }) => set.entries.map(({ name }) => name));
    expect(names.sort()).toEqual(Object.keys(reference.gradients).sort());
    for (const { set, gradient } of parts) {
      for (const { name, start, end } of set.entries) {
        expectClose(gradient.subarray(start, end), reference.gradients[name]!, 2e-4);
      }
    }
    expectClose([ensemble.trainStep(b, x, y)], [reference.loss]);
    for (const { set } of parts) {
      for (const { name } of set.entries) expectClose(set.get(name), reference.after[name]!, 2e-4);
    }
  });

  it('asks exactly one elite per row, each for an equal share, and no other member', () => {
    const ensemble = indexAdding(5, 3);
    ensemble.elites = Int32Array.of(4, 0, 2);
    const out = new Float32Array(300);
    ensemble.sample(300, new Float32Array(300), new Rng(3), out);
    const counts = [0, 0, 0, 0, 0];
    for (const value of out) {
      expect(Math.abs(value - Math.round(value))).toBeLessThan(1e-2);
      counts[Math.round(value)]!++;
    }
    expect(counts).toEqual([100, 0, 100, 0, 100]);
  });

  it('deals rows to elites at random, so that a row meets each of them in turn', () => {
    const ensemble = indexAdding(3, 3);
    const rng = new Rng(8);
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const out = new Float32Array(6);
      ensemble.sample(6, new Float32Array(6), rng, out);
      seen.add(Math.round(out[0]!));
    }
    expect(seen).toEqual(new Set([0, 1, 2]));
  });

  it('asks the elites as they are now, after every way of changing them', () => {
    const ensemble = indexAdding(3, 1);
    const answer = () => {
      const out = new Float32Array(1);
      ensemble.sample(1, new Float32Array(1), new Rng(1), out);
      return out[0]!;
    };
    expect(answer()).toBeCloseTo(0);
    ensemble.elites = Int32Array.of(2);
    expect(answer()).toBeCloseTo(2);
    const before = [0, 1, 2].map((e) => ensemble.memberSnapshot(e));
    const saved = structuredClone(ensemble.tensors());
    ensemble.parameters.edit((piece) => piece('member2/head/bias').fill(7));
    expect(answer()).toBeCloseTo(7);
    ensemble.restoreMembers(before);
    expect(answer()).toBeCloseTo(2);
    const [mean, variance] = [new Float32Array(1), new Float32Array(1)];
    for (let i = 0; i < 50; i++) ensemble.trainStep(1, new Float32Array(3), new Float32Array(3).fill(9));
    ensemble.predictMember(2, 1, new Float32Array(1), mean, variance);
    expect(mean[0]).toBeGreaterThan(2.01);
    expect(Math.abs(answer() - mean[0]!)).toBeLessThan(1e-2);
    ensemble.load(saved);
    expect(answer()).toBeCloseTo(2);
  });

  it('keeps rows and their inputs together through the shuffle', () => {
    const ensemble = make(1, 1, { members: 3, elites: 3, hidden: [], weightDecay: [0] });
    setToZero(ensemble);
    ensemble.parameters.edit((piece) => {
      for (let e = 0; e < 3; e++) piece(`member${e}/head/kernel`)[0] = 2; // of the mean
    });
    setBounds(ensemble, -20, -30);
    const inputs = Float32Array.from({ length: 50 }, (_, i) => i);
    const out = new Float32Array(50);
    ensemble.sample(50, inputs, new Rng(1), out);
    out.forEach((value, i) => expect(Math.abs(value - 2 * i)).toBeLessThan(1e-2));
  });

  it('draws samples with the variance that it states, in the unit of the targets', () => {
    const ensemble = make(1, 1, { members: 1, elites: 1, hidden: [], weightDecay: [0] });
    ensemble.targetNormaliser.mean[0] = 7;
    ensemble.targetNormaliser.std[0] = 3;
    const rows = 20_000;
    const out = new Float32Array(rows);
    const [mean, variance] = [new Float32Array(rows), new Float32Array(rows)];
    ensemble.predictMember(0, rows, new Float32Array(rows), mean, variance);
    ensemble.sample(rows, new Float32Array(rows), new Rng(1), out);
    const average = out.reduce((sum, x) => sum + x, 0) / rows;
    const spread = out.reduce((sum, x) => sum + (x - average) ** 2, 0) / rows;
    expect(mean[0]).toBe(7);
    expect(Math.abs(average - 7)).toBeLessThan(4 * Math.sqrt(variance[0]! / rows));
    expect(Math.abs(spread / variance[0]! - 1)).toBeLessThan(4 * Math.sqrt(2 / rows));
  });

  it('states error and likelihood per output of known predictions', () => {
    const ensemble = make(1, 1, { members: 2, elites: 2, hidden: [], weightDecay: [0] });
    setToZero(ensemble);
    setBounds(ensemble, 1000, -1000); // far away: log variance 0
    ensemble.parameters.edit((piece) => (piece('member1/head/bias')[0] = 3));
    const data = { count: 2, inputs: new Float32Array(2), targets: Float32Array.of(1, -1) };
    const { rmse, nll } = ensemble.evaluate(data);
    const meanSquare = (1 + 1 + 4 + 16) / 4;
    expectClose(rmse, [Math.sqrt(meanSquare)], 1e-5);
    expectClose(nll, [0.5 * (meanSquare + Math.log(2 * Math.PI))], 1e-5);
  });

  it('scales its variances to the held-out errors, unless it is not to be calibrated', () => {
    for (const calibrated of [true, false]) {
      const ensemble = make(1, 1, { members: 2, elites: 2, hidden: [], weightDecay: [0], calibrated });
      setToZero(ensemble);
      setBounds(ensemble, 1000, -1000); // far away: log variance 0
      ensemble.parameters.edit((piece) => (piece('member1/head/bias')[0] = 3));
      ensemble.fitVarianceScale({ count: 2, inputs: new Float32Array(2), targets: Float32Array.of(1, -1) });
      const { variance } = ensemble.predictElites(1, new Float32Array(1));
      // squared errors 1, 1, 4, 16; the median of chi-square with one degree of freedom by SciPy
      expectClose(variance, new Array(2).fill(calibrated ? 2.5 / 0.4549364 : 1), 1e-5);
    }
  });

  it('shrinks towards fresh parameters and begins its optimisers anew, once it has been trained', () => {
    const ensemble = make(2, 2, { shrink: 0.75 });
    const initial = ensemble.parameters.read();
    ensemble.shrink(new Rng(1, 'ensemble'));
    expect(ensemble.parameters.read()).toEqual(initial);
    const batch = () => new Float32Array(6).fill(0.5);
    for (let i = 0; i < 3; i++) ensemble.trainStep(1, batch(), batch());
    const trained = ensemble.parameters.read();
    ensemble.shrink(new Rng(1, 'ensemble'));
    const noise = ensemble.parameters.read().map((x, i) => (x - 0.75 * trained[i]!) / 0.25);
    const fresh = make(2, 2, {}, 1).parameters.read();
    expectClose(noise, fresh, 1e-4);
    expect(ensemble.bounds.read()).toEqual(make(2, 2).bounds.read());
    const { 'adam/members/m': m, 'adam/members/count': count } = ensemble.tensors();
    expect(m!.data.every((x) => x === 0)).toBe(true);
    expect(count!.data[0]).toBe(0);
  });

  it.each([[[8]], [[]]])(
    'predicts the same in raw units after its normalisers were refitted (hidden %o)',
    (hidden) => {
      const ensemble = make(2, 2, { hidden, weightDecay: [...hidden.map(() => 0), 0] });
      ensemble.fitNormalisers(wave(50, 1));
      ensemble.trainStep(1, new Float32Array(6).fill(0.5), new Float32Array(6).fill(1));
      const inputs = wave(10, 2).inputs;
      const predict = () => {
        const [mean, variance] = [new Float32Array(20), new Float32Array(20)];
        ensemble.predictMember(2, 10, inputs, mean, variance);
        return { mean, variance };
      };
      const before = predict();
      const other = wave(40, 3);
      const moved = {
        ...other,
        inputs: other.inputs.map((x) => 3 * x + 1),
        targets: other.targets.map((y, i) => 5 * y + (i % 2 === 0 ? 0.002 : 50)),
      };
      const std = ensemble.targetNormaliser.std.slice();
      ensemble.fitNormalisers(moved);
      expect(ensemble.targetNormaliser.std).not.toEqual(std);
      const after = predict();
      for (const d of [0, 1]) {
        const column = (rows: Float32Array) => rows.filter((_, i) => i % 2 === d);
        expectClose(column(after.mean), column(before.mean), 1e-3);
        expectClose(column(after.variance), column(before.variance), 1e-3);
      }
    },
  );

  it('refuses contradictory sizes', () => {
    expect(() => make(1, 1, { elites: 4 })).toThrow('4 elites of 3 members');
    expect(() => make(1, 1, { weightDecay: [0] })).toThrow('weightDecay');
  });
});

describeOn(['cpu', 'wasm', 'native'], 'least-squares Ensemble', () => {
  const squares = { probabilistic: false, hidden: [5], weightDecay: [0, 0] };

  it('has the gradient of its loss, by finite differences, and none of the variance', () => {
    const ensemble = make(2, 2, squares);
    const data = wave(12, 3);
    const inputs = Float32Array.from([...data.inputs, ...data.inputs, ...data.inputs]);
    const targets = Float32Array.from([...data.targets, ...data.targets, ...data.targets], (y) => y / 50);
    const { members, bounds } = ensemble.gradient(12, inputs, targets);
    expect(Array.from(bounds)).toEqual([0, 0, 0, 0]);
    const values = ensemble.parameters.read();
    const h = 1e-2;
    const loss = (index: number, change: number) => {
      const moved = values.slice();
      moved[index] = moved[index]! + change;
      ensemble.parameters.write(moved);
      return ensemble.gradient(12, inputs, targets).value;
    };
    for (let i = 0; i < values.length; i += 3) {
      expect(members[i]).toBeCloseTo((loss(i, h) - loss(i, -h)) / (2 * h), 2);
    }
  });

  it('predicts without noise, with the variance of its held-out errors', async () => {
    const ensemble = make(2, 2, {
      ...squares,
      hidden: [16, 16],
      weightDecay: [0, 0, 0],
      maxGradientSteps: 300,
    });
    await fitEnsemble(ensemble, wave(400, 1), new Rng(1));
    const draw = (seed: number) => {
      const out = new Float32Array(2);
      ensemble.elites = Int32Array.of(0, 0); // one member, so that only its noise could differ
      ensemble.sample(1, Float32Array.of(0.5, -0.5), new Rng(seed), out);
      return Array.from(out);
    };
    expect(draw(1)).toEqual(draw(2));
    const data = wave(201, 2);
    ensemble.elites = Int32Array.of(0);
    ensemble.fitVarianceScale(data);
    const [mean, variance] = [new Float32Array(402), new Float32Array(402)];
    ensemble.predictMember(0, 201, data.inputs, mean, variance);
    for (const d of [0, 1]) {
      const inner = data.targets.filter(
        (y, i) => i % 2 === d && Math.abs(y - mean[i]!) < 0.67449 * Math.sqrt(variance[i]!),
      );
      expect(Math.abs(inner.length - 100.5)).toBeLessThan(1); // half of them in the central half
    }
  });
});

describeOn(['cpu', 'wasm', 'native'], 'predictElites', () => {
  it('gives what every elite predicts alone, in units of the target', async () => {
    const ensemble = make(2, 2);
    await fitEnsemble(ensemble, wave(200, 1), new Rng(1));
    const { count, inputs } = wave(9, 5);
    const all = ensemble.predictElites(count, inputs);
    expect(all).toMatchObject({ members: 2, count: 9 });
    const { mean: shift, std } = ensemble.targetNormaliser;
    ensemble.elites.forEach((member, k) => {
      const [mean, variance] = [new Float32Array(18), new Float32Array(18)];
      ensemble.predictMember(member, count, inputs, mean, variance);
      const own = (values: Float32Array) => values.subarray(k * 18, (k + 1) * 18);
      expectClose(
        own(all.mean),
        mean.map((y, i) => (y - shift[i % 2]!) / std[i % 2]!),
        1e-4,
      );
      expectClose(
        own(all.variance),
        variance.map((v, i) => v / std[i % 2]! ** 2),
        1e-4,
      );
    });
  });

  it('leaves targets as they are where they are not to be normalised', () => {
    const ensemble = make(2, 2, { normaliseTargets: false });
    ensemble.fitNormalisers(wave(50, 1));
    expect(Array.from(ensemble.targetNormaliser.std)).toEqual([1, 1]);
    expect(Array.from(ensemble.inputNormaliser.std)).not.toEqual([1, 1]);
  });
});

describeOn(['wasm', 'native'], 'fitEnsemble', () => {
  it('learns outputs of very different scales, and says so in their units', async () => {
    const ensemble = make(2, 2, { learningRate: 1e-2, patience: 20, maxGradientSteps: 400 });
    const report = await fitEnsemble(ensemble, wave(400, 1), new Rng(1));
    expect(report.evaluation.rmse[0]).toBeLessThan(0.0003);
    expect(report.evaluation.rmse[1]).toBeLessThan(15);
    const fresh = ensemble.evaluate(wave(200, 2)).rmse;
    expect(fresh[0]).toBeLessThan(0.0003);
    expect(fresh[1]).toBeLessThan(15);
  });

  it('stops at the step limit, holds out a capped fifth and chooses the best members as elites', async () => {
    const ensemble = make(2, 2, { maxGradientSteps: 25, patience: 1000, holdoutMax: 30 });
    const report = await fitEnsemble(ensemble, wave(400, 1), new Rng(1));
    expect(report).toMatchObject({ rows: 400, holdoutRows: 30, gradientSteps: 25, stopped: 'step-limit' });
    const best = Array.from(report.holdoutErrors.keys())
      .sort((a, b) => report.holdoutErrors[a]! - report.holdoutErrors[b]!)
      .slice(0, 2);
    expect(Array.from(ensemble.elites)).toEqual(best);
  });

  it('holds out none but rows that may be, and trains on all others', async () => {
    const data = wave(60, 1);
    const inputs = data.inputs.map((_, i) => Math.floor(i / 2)); // a row's inputs are its number
    const ensemble = make(2, 2, { members: 12, maxGradientSteps: 40, patience: 1000, holdoutRatio: 0.4 });
    const [trained, heldOut] = [new Set<number>(), new Set<number>()];
    const note = (rows: Set<number>, normalised: Float32Array): void => {
      const { mean, std } = ensemble.inputNormaliser;
      for (let i = 0; i < normalised.length; i += 2)
        rows.add(Math.round(normalised[i]! * std[0]! + mean[0]!));
    };
    const step = ensemble.trainStep.bind(ensemble);
    ensemble.trainStep = (batch, rows, targets) => {
      note(trained, rows);
      return step(batch, rows, targets);
    };
    const errors = ensemble.memberErrors.bind(ensemble);
    ensemble.memberErrors = (count, rows, targets) => {
      note(heldOut, rows);
      return errors(count, rows, targets);
    };
    const report = await fitEnsemble(ensemble, { ...data, inputs, holdable: 10 }, new Rng(1));
    expect(report).toMatchObject({ rows: 60, holdoutRows: 4 });
    expect(heldOut.size).toBe(4);
    expect(Math.max(...heldOut)).toBeLessThan(10);
    const others = Array.from({ length: 60 }, (_, row) => row).filter((row) => !heldOut.has(row));
    expect([...trained].sort((x, y) => x - y)).toEqual(others); // twelve bootstraps leave none out
  });

  it('refuses rows of which too few may be held out', async () => {
    const fit = fitEnsemble(make(2, 2), { ...wave(100, 1), holdable: 4 }, new Rng(1));
    await expect(fit).rejects.toThrow('4 rows');
  });

  it('stops when no member has improved for more than `patience` epochs, and gives back each at its best', async () => {
    const ensemble = make(2, 2, { maxGradientSteps: 10_000, patience: 3, learningRate: 0 });
    const before = Array.from(ensemble.parameters.read());
    const report = await fitEnsemble(ensemble, wave(100, 1), new Rng(1));
    expect(report).toMatchObject({ epochs: 1 + 4, stopped: 'converged' });
    expect(Array.from(ensemble.parameters.read())).toEqual(before);
  });

  it('repeats few data until an epoch is long enough to be judged', async () => {
    const ensemble = make(2, 2, { maxGradientSteps: 10_000, patience: 0, minEpochSteps: 7, learningRate: 0 });
    const report = await fitEnsemble(ensemble, wave(100, 1), new Rng(1)); // 80 rows: 2 batches of 32 a pass
    expect(report).toMatchObject({ epochs: 2, gradientSteps: 16, stopped: 'converged' });
  });

  it('restores the best snapshot when later epochs are worse', async () => {
    const ensemble = make(2, 2, { maxGradientSteps: 10_000, patience: 2 });
    const errors = [5, 1, 9, 9, 9].map((error) => Float64Array.of(error, error, error));
    const seen: number[][] = [];
    ensemble.memberErrors = () => {
      seen.push(Array.from(ensemble.parameters.read()));
      return errors[seen.length - 1]!;
    };
    const report = await fitEnsemble(ensemble, wave(100, 1), new Rng(1));
    expect(report.epochs).toBe(5);
    expect(Array.from(ensemble.parameters.read())).toEqual(seen[1]);
    expect(Array.from(ensemble.parameters.read())).not.toEqual(seen[4]);
  });

  it('trains each member on its own bootstrap', async () => {
    const ensemble = make(2, 2, { maxGradientSteps: 3 });
    const batches: Float32Array[] = [];
    const step = ensemble.trainStep.bind(ensemble);
    ensemble.trainStep = (batch, inputs, targets) => {
      batches.push(inputs.slice());
      return step(batch, inputs, targets);
    };
    await fitEnsemble(ensemble, wave(100, 1), new Rng(1));
    const third = batches[0]!.length / 3;
    expect(batches[0]!.subarray(0, third)).not.toEqual(batches[0]!.subarray(third, 2 * third));
  });

  it('repeats bit for bit, and continues identically after saving and loading', async () => {
    const data = wave(150, 1);
    const [a, b, c] = [make(2, 2), make(2, 2), make(2, 2, {}, 55)];
    await fitEnsemble(a, data, new Rng(1));
    await fitEnsemble(b, data, new Rng(1));
    expect(values(a)).toEqual(values(b));
    c.load(structuredClone(a.tensors()));
    await fitEnsemble(a, data, new Rng(2));
    await fitEnsemble(c, data, new Rng(2));
    expect(values(c)).toEqual(values(a));
  });

  it('keeps no tensors', async () => {
    const empty = tf.memory().numTensors;
    const ensemble = make(2, 2, { maxGradientSteps: 5 });
    const once = async () => {
      await fitEnsemble(ensemble, wave(100, 1), new Rng(1));
      ensemble.sample(10, new Float32Array(20), new Rng(1), new Float32Array(20));
    };
    await once();
    const { numTensors } = tf.memory();
    await once();
    expect(tf.memory().numTensors).toBe(numTensors);
    ensemble.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  it('refuses too few rows', async () => {
    await expect(fitEnsemble(make(2, 2), wave(4, 1), new Rng(1))).rejects.toThrow('4 rows');
  });
});
