/**
 * How good a world model is on recorded steps that it has not been trained on. N steps, D outputs, F frame size.
 * Lists are of plain numbers, in the order of WorldModel.outputs, so that they can be written as JSON.
 */
import { wrapAngle, badInput, type Rng } from '../../core/index.js';
import { historyWindows, type ReplayView } from '../replay.js';
import { type WorldModel } from '../world-model.js';
import {
  calibrationCurve,
  calibrationError,
  calibrationErrorByChance,
  centralCoverage,
  LEVELS,
} from './calibration.js';
import { auroc, conformalLimit, disagreement } from './disagreement.js';
import { mixtureCdf, mixtureMoments, mixtureNll } from './mixture.js';
import { openLoopErrors, type OpenLoopError } from './open-loop.js';
import { pushOutside } from './push-outside.js';
import { fitRecalibration, recalibrate } from './recalibration.js';

export interface ModelDiagnostics {
  readonly episodes: number;
  readonly steps: number;
  /** of the mean prediction for one step (D), in the output's unit */
  readonly rmse: readonly number[];
  /** standard deviation of what is to be predicted (D): of a field's change in one step, and of the reward */
  readonly changeStd: readonly number[];
  /** mean negative log-likelihood under the mixture of the elites (D) [nat], in units of the target's standard deviation in training */
  readonly nll: readonly number[];
  /** for k = 1, 5 and 20 steps, as far as episodes are that long */
  readonly openLoop: readonly OpenLoopError[];
  readonly calibration: {
    /** nominal: 0.05 to 0.95 (19) */
    readonly levels: readonly number[];
    /** share of the steps below the model's quantile of that level, mean over outputs (19); `ece` is of these, output by output */
    readonly observed: readonly number[];
    /** share of the steps within the central interval of that probability, mean over outputs (19): above it, the model is too careful */
    readonly within: readonly number[];
    /** share within the central intervals (D each) */
    readonly coverage: {
      readonly p50: readonly number[];
      readonly p90: readonly number[];
      readonly p95: readonly number[];
    };
    /** expected calibration error (D) */
    readonly ece: readonly number[];
    /** what a calibrated model would show for so many independent steps */
    readonly eceByChance: number;
  };
  /** isotonic recalibration, fitted on half of the episodes; both errors are of the other half (D) */
  readonly recalibrated: {
    readonly ece: readonly number[];
    readonly before: readonly number[];
    /** as `eceByChance`, for that half */
    readonly eceByChance: number;
  };
  /** of the members' disagreement, as a detector of steps that {@link pushOutside} has made */
  readonly auroc: number;
  /** a step's disagreement exceeds it with a probability of at most {@link DISAGREEMENT_ALPHA} */
  readonly disagreementLimit: number;
}

const DEPTHS = [1, 5, 20];
const DISAGREEMENT_ALPHA = 0.05;
/** fewer tell nothing of 19 levels */
const LEAST_STEPS = 100;

/**
 * @param replay whole episodes that the model has not been trained on
 * @throws BAD_INPUT where there are fewer than 2 episodes or 100 steps
 */
export function diagnoseModel(world: WorldModel, replay: ReplayView, rng: Rng): ModelDiagnostics {
  const episodes = replay.episodes();
  const { count: steps, inputs, targets: raw } = world.dataset(replay);
  if (episodes.length < 2 || steps < LEAST_STEPS) {
    throw badInput(
      `${steps} steps in ${episodes.length} episodes are too few to judge a model by, expected at least ${LEAST_STEPS} in 2 ` +
        '(one half fits the recalibration, the other one judges it); collect more episodes',
      { steps, episodes: episodes.length },
    );
  }
  const { ensemble } = world;
  const targets = new Float32Array(raw.length);
  ensemble.targetNormaliser.apply(steps, raw, targets);
  const predictions = ensemble.predictElites(steps, inputs);
  const pit = mixtureCdf(predictions, targets);
  const curves = pit.map(calibrationCurve);
  const scores = disagreement(predictions);
  const coverage = (probability: number) => pit.map((p) => centralCoverage(p, probability));
  return {
    episodes: episodes.length,
    steps,
    rmse: mixtureMoments(predictions).map(
      ({ mean }, d) => rootMeanSquare(residuals(mean, targets, d)) * ensemble.targetNormaliser.std[d]!,
    ),
    changeStd: changeDeviations(world, replay),
    nll: mixtureNll(predictions, targets).map(average),
    openLoop: openLoopErrors(world, replay, DEPTHS, rng),
    calibration: {
      levels: LEVELS,
      observed: LEVELS.map((_level, i) => average(curves.map((curve) => curve[i]!))),
      within: LEVELS.map((level) => average(coverage(level))),
      coverage: { p50: coverage(0.5), p90: coverage(0.9), p95: coverage(0.95) },
      ece: curves.map(calibrationError),
      eceByChance: calibrationErrorByChance(steps),
    },
    recalibrated: judgeRecalibration(pit, halves(replay, episodes)),
    auroc: auroc(scores, outsideScores(world, replay, rng)),
    disagreementLimit: conformalLimit(scores, DISAGREEMENT_ALPHA),
  };
}

/**
 * Indices of the steps of whole episodes, since steps of one episode depend on each other. Episodes are dealt a b b a, so that each half
 * gets as many of either kind where two kinds alternate.
 */
function halves(replay: ReplayView, episodes: readonly Float64Array[]): [number[], number[]] {
  const index = new Map<number, number>();
  replay.transitions().forEach((row, i) => index.set(row, i));
  const parts: [number[], number[]] = [[], []];
  episodes.forEach((rows, e) => {
    const part = parts[e % 4 === 0 || e % 4 === 3 ? 0 : 1];
    for (const row of rows) part.push(index.get(row)!);
  });
  return parts;
}

/** @param pit per output (N) */
function judgeRecalibration(
  pit: readonly Float64Array[],
  [fitted, judged]: readonly [readonly number[], readonly number[]],
): ModelDiagnostics['recalibrated'] {
  const error = (values: Float64Array) => calibrationError(calibrationCurve(values));
  const take = (values: Float64Array, rows: readonly number[]) => Float64Array.from(rows, (i) => values[i]!);
  return {
    eceByChance: calibrationErrorByChance(judged.length),
    before: pit.map((values) => error(take(values, judged))),
    ece: pit.map((values) =>
      error(recalibrate(fitRecalibration(take(values, fitted)), take(values, judged))),
    ),
  };
}

/** Disagreement (N) about the recorded steps after their states have been pushed outside. */
function outsideScores(world: WorldModel, replay: ReplayView, rng: Rng): Float64Array {
  const { observation: spec, ensemble } = world;
  const rows = replay.transitions();
  const windows = historyWindows(spec, rows.length);
  const actions = new Float32Array(rows.length * spec.actionSize);
  rows.forEach((row, i) => {
    replay.readWindow(row, windows, i);
    actions.set(replay.step(row).action, i * spec.actionSize);
  });
  pushOutside(spec, ensemble.inputNormaliser, rows.length, windows, rng);
  return disagreement(world.predictElites(rows.length, windows, actions));
}

function changeDeviations(world: WorldModel, replay: ReplayView): number[] {
  const { encoding, frameSize } = world.observation;
  const steps = Array.from(replay.transitions(), (row) => replay.step(row));
  return world.outputs.map((_, d) => {
    const values = steps.map(({ frame, next, reward }) => {
      if (d >= frameSize) return reward;
      const change = next[d]! - frame[d]!;
      return encoding[d] === 'sincos' ? wrapAngle(change) : change;
    });
    const mean = average(values);
    return rootMeanSquare(values.map((value) => value - mean));
  });
}

/** Of output `d` of all targets (N x D). */
function residuals(mean: Float64Array, targets: Float32Array, d: number): Float64Array {
  const outputs = targets.length / mean.length;
  return mean.map((value, i) => value - targets[i * outputs + d]!);
}

function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum / values.length);
}
