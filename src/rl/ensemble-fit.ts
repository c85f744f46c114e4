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
  const { config, inputSize, outputSize } = ensemble;
  const holdoutCount = Math.min(Math.floor(data.count * config.holdoutRatio), config.holdoutMax);
  const trainCount = data.count - holdoutCount;
  if (holdoutCount < 1)
    throw badInput(`a model cannot be fitted to ${data.count} rows`, { rows: data.count });
  const order = rng.shuffle(Int32Array.from({ length: data.count }, (_, i) => i));
  const holdout = takeRows(data, order.subarray(0, holdoutCount), inputSize, outputSize);
  const train = takeRows(data, order.subarray(holdoutCount), inputSize, outputSize);
  ensemble.fitNormalisers(train);
  ensemble.shrink(rng);
  const x = train.inputs;
  const y = train.targets;
  ensemble.inputNormaliser.apply(trainCount, x, x);
  ensemble.targetNormaliser.apply(trainCount, y, y);
  const holdoutX = new Float32Array(holdout.inputs.length);
  const holdoutY = new Float32Array(holdout.targets.length);
  ensemble.inputNormaliser.apply(holdoutCount, holdout.inputs, holdoutX);
  ensemble.targetNormaliser.apply(holdoutCount, holdout.targets, holdoutY);

  const { members } = config;
  const batch = Math.min(config.batchSize, trainCount);
  const bootstraps = Array.from({ length: members }, () =>
    Int32Array.from({ length: trainCount }, () => rng.integer(trainCount)),
  );
  const inputs = new Float32Array(members * batch * inputSize);
  const targets = new Float32Array(members * batch * outputSize);
  const best = new BestMembers(ensemble);
  let steps = 0;
  let epochs = 0;
  let trainLoss = NaN;
  while (best.staleEpochs <= config.patience && steps < config.maxGradientSteps) {
    let lossSum = 0;
    let epochSteps = 0;
    while (epochSteps < Math.max(1, config.minEpochSteps) && steps < config.maxGradientSteps) {
      for (const rows of bootstraps) rng.shuffle(rows);
      const batches = Math.min(Math.floor(trainCount / batch), config.maxGradientSteps - steps);
      for (let k = 0; k < batches; k++) {
        for (let e = 0; e < members; e++) {
          const rows = bootstraps[e]!.subarray(k * batch, (k + 1) * batch);
          gather(x, rows, inputSize, inputs, e * batch * inputSize);
          gather(y, rows, outputSize, targets, e * batch * outputSize);
        }
        lossSum += ensemble.trainStep(batch, inputs, targets);
        await pause();
      }
      epochSteps += batches;
      steps += batches;
    }
    trainLoss = lossSum / epochSteps;
    epochs++;
    best.offer(ensemble.memberErrors(holdoutCount, holdoutX, holdoutY));
  }
  best.restore();
  ensemble.fitVarianceScale(holdout);
  return {
    rows: data.count,
    holdoutRows: holdoutCount,
    gradientSteps: steps,
    epochs,
    stopped: best.staleEpochs > config.patience ? 'converged' : 'step-limit',
    trainLoss,
    holdoutErrors: best.errors,
    elites: ensemble.elites,
    evaluation: ensemble.evaluate(holdout),
  };
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
