/** Training of an ensemble on a data set (MBPO `bnn.py` `train`). N rows, E members, I inputs, D outputs. */
import { badInput, type Rng } from '../core/index.js';
import type { Ensemble, ModelDataset, ModelEvaluation } from './ensemble.js';

export interface FitReport {
  readonly rows: number;
  readonly holdoutRows: number;
  readonly gradientSteps: number;
  readonly epochs: number;
  /** why it ended: no member improved, or the bound on gradient steps */
  readonly stopped: 'converged' | 'step-limit';
  /** mean training loss of the last epoch */
  readonly trainLoss: number;
  /** best holdout mean squared error of each member, normalised units (E) */
  readonly holdoutErrors: Float64Array;
  readonly elites: Int32Array;
  /** elites on the held-out rows */
  readonly evaluation: ModelEvaluation;
}

/** Fits an ensemble, starting from its present parameters, shrunk and perturbed. `pause` is awaited between gradient steps. */
export async function fitEnsemble(
  ensemble: Ensemble,
  data: ModelDataset,
  rng: Rng,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<FitReport> {
  const { config } = ensemble;
  const { train, holdout } = split(ensemble, data, rng);
  ensemble.fitNormalisers(train);
  ensemble.shrink(rng);
  const heldOut = normalised(ensemble, holdout);
  const batches = new Bootstrap(ensemble, normalised(ensemble, train), rng);
  const best = new BestMembers(ensemble);
  let steps = 0;
  let epochs = 0;
  let trainLoss = NaN;
  while (best.staleEpochs <= config.patience && steps < config.maxGradientSteps) {
    let lossSum = 0;
    let epochSteps = 0;
    while (epochSteps < Math.max(1, config.minEpochSteps) && steps < config.maxGradientSteps) {
      for (const { inputs, targets } of batches.pass(config.maxGradientSteps - steps)) {
        lossSum += ensemble.trainStep(batches.size, inputs, targets);
        epochSteps++;
        steps++;
        await pause();
      }
    }
    trainLoss = lossSum / epochSteps;
    epochs++;
    best.offer(ensemble.memberErrors(heldOut.count, heldOut.inputs, heldOut.targets));
  }
  best.restore();
  ensemble.fitVarianceScale(holdout);
  ensemble.fitDisagreementLimit(holdout);
  return {
    rows: data.count,
    holdoutRows: holdout.count,
    gradientSteps: steps,
    epochs,
    stopped: best.staleEpochs > config.patience ? 'converged' : 'step-limit',
    trainLoss,
    holdoutErrors: best.errors,
    elites: ensemble.elites,
    evaluation: ensemble.evaluate(holdout),
  };
}

/** Raw rows to train on and to hold out, at random. */
function split({ config, inputSize, outputSize }: Ensemble, data: ModelDataset, rng: Rng) {
  const { count, holdable = count } = data;
  const holdoutCount = Math.min(Math.floor(holdable * config.holdoutRatio), config.holdoutMax);
  if (holdoutCount < 1) throw badInput(`a model cannot be fitted to ${holdable} rows`, { rows: holdable });
  const order = rng.shuffle(Int32Array.from({ length: holdable }, (_, i) => i));
  const rest = Int32Array.from({ length: count - holdable }, (_, i) => holdable + i);
  const trained = new Int32Array(count - holdoutCount);
  trained.set(order.subarray(holdoutCount));
  trained.set(rest, holdable - holdoutCount);
  return {
    holdout: takeRows(data, order.subarray(0, holdoutCount), inputSize, outputSize),
    train: takeRows(data, trained, inputSize, outputSize),
  };
}

function normalised({ inputNormaliser, targetNormaliser }: Ensemble, data: ModelDataset): ModelDataset {
  const [inputs, targets] = [data.inputs.slice(), data.targets.slice()];
  inputNormaliser.apply(data.count, inputs, inputs);
  targetNormaliser.apply(data.count, targets, targets);
  return { count: data.count, inputs, targets };
}

/** Batches for all members at once, each from rows of its own, drawn with replacement. */
class Bootstrap {
  /** rows per member and batch */
  readonly size: number;
  private readonly rows: readonly Int32Array[];

  constructor(
    private readonly ensemble: Ensemble,
    private readonly data: ModelDataset,
    private readonly rng: Rng,
  ) {
    const { batchSize, members } = ensemble.config;
    this.size = Math.min(batchSize, data.count);
    this.rows = Array.from({ length: members }, () =>
      Int32Array.from({ length: data.count }, () => rng.integer(data.count)),
    );
  }

  /** Full batches of one pass over the rows in a new order, `most` at most: inputs (E x B x I), targets (E x B x D), overwritten. */
  *pass(most: number): Generator<{ readonly inputs: Float32Array; readonly targets: Float32Array }> {
    const { size, rows, data } = this;
    const { inputSize: i, outputSize: d } = this.ensemble;
    const inputs = new Float32Array(rows.length * size * i);
    const targets = new Float32Array(rows.length * size * d);
    for (const own of rows) this.rng.shuffle(own);
    const batches = Math.min(Math.floor(data.count / size), most);
    for (let k = 0; k < batches; k++) {
      rows.forEach((own, e) => {
        const taken = own.subarray(k * size, (k + 1) * size);
        gather(data.inputs, taken, i, inputs, e * size * i);
        gather(data.targets, taken, d, targets, e * size * d);
      });
      yield { inputs, targets };
    }
  }
}

/** The parameters with which each member did best on the held-out rows since this fit began. */
class BestMembers {
  readonly errors: Float64Array;
  staleEpochs = 0;
  private readonly snapshots: Float32Array[];

  constructor(private readonly ensemble: Ensemble) {
    const { members } = ensemble.config;
    this.errors = new Float64Array(members).fill(Infinity);
    this.snapshots = Array.from({ length: members }, (_, e) => ensemble.memberSnapshot(e));
  }

  offer(errors: Float64Array): void {
    let improved = false;
    errors.forEach((error, e) => {
      const best = this.errors[e]!;
      if (!(error < best * (1 - this.ensemble.config.improvement)) && Number.isFinite(best)) return;
      if (!Number.isFinite(error)) return;
      this.errors[e] = error;
      this.snapshots[e] = this.ensemble.memberSnapshot(e);
      improved = true;
    });
    this.staleEpochs = improved ? 0 : this.staleEpochs + 1;
  }

  restore(): void {
    this.ensemble.restoreMembers(this.snapshots);
    const ranking = Array.from(this.errors.keys()).sort((a, b) => this.errors[a]! - this.errors[b]! || a - b);
    this.ensemble.elites = Int32Array.from(ranking.slice(0, this.ensemble.config.elites));
  }
}

function takeRows(data: ModelDataset, rows: Int32Array, inputSize: number, outputSize: number): ModelDataset {
  const inputs = new Float32Array(rows.length * inputSize);
  const targets = new Float32Array(rows.length * outputSize);
  gather(data.inputs, rows, inputSize, inputs, 0);
  gather(data.targets, rows, outputSize, targets, 0);
  return { count: rows.length, inputs, targets };
}

function gather(from: Float32Array, rows: Int32Array, width: number, to: Float32Array, start: number): void {
  for (let r = 0; r < rows.length; r++) {
    for (let d = 0; d < width; d++) to[start + r * width + d] = from[rows[r]! * width + d]!;
  }
}
