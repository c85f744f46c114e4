/**
 * Error of predictions that are built upon predictions: recorded actions, no recorded state after the first. S starts, E elites,
 * F frame size, A actions, D outputs, T steps of an episode.
 */
import { wrapAngle, percentile, type Rng } from '../../core/index.js';
import type { ObservationSpec } from '../observation.js';
import { historyWindows, type HistoryWindows, type ReplayView } from '../replay.js';
import { advanceWindows } from '../rollout.js';

/** The part of a WorldModel that is needed here. */
export interface OpenLoopModel {
  readonly observation: ObservationSpec;
  readonly ensemble: { readonly elites: Int32Array };
  /** [frame | reward, where it is learned] (B x D) */
  expect(member: number, batch: number, windows: HistoryWindows, actions: Float32Array): Float32Array;
}

/** After k steps, per output (D), in its unit. */
export interface OpenLoopError {
  readonly k: number;
  /** recorded states that predictions began from */
  readonly starts: number;
  /** root mean squared error of the mean of the elites' predictions */
  readonly rmse: readonly number[];
  /** 5th percentile over elites and starts of the absolute error of one elite */
  readonly bandLow: readonly number[];
  /** 95th */
  readonly bandHigh: readonly number[];
}

interface Start {
  readonly rows: Float64Array;
  /** index in `rows` */
  readonly at: number;
}

const MOST_STARTS = 1000;

/**
 * Each elite goes on by its own mean, with the recorded actions, from recorded states, all or 1000 drawn without repetition; the
 * errors are judged after `depths` steps. No prediction goes beyond the end of its episode: the deeper, the fewer starts.
 * @param depths k, ascending; those deeper than all episodes are left out
 */
export function openLoopErrors(
  model: OpenLoopModel,
  replay: ReplayView,
  depths: readonly number[],
  rng: Rng,
): OpenLoopError[] {
  const starts = startsOf(replay, rng);
  const remaining = starts.map(({ rows, at }) => rows.length - at);
  const wanted = depths.filter((k) => remaining.some((steps) => steps >= k));
  const deepest = Math.max(0, ...wanted);
  const elites = Array.from(model.ensemble.elites, (member) =>
    errorsOf(model, member, replay, starts, deepest, wanted),
  );
  return wanted.map((k, depth) =>
    summarise(
      k,
      elites.map((errors) => errors[depth]!),
    ),
  );
}

/** Longest way to the end of the episode first, so that those that are still running are always the first ones. */
function startsOf(replay: ReplayView, rng: Rng): Start[] {
  const all = replay.episodes().flatMap((rows) => Array.from(rows, (_row, at): Start => ({ rows, at })));
  const chosen = rng.shuffle(all).slice(0, MOST_STARTS);
  return chosen.sort((a, b) => b.rows.length - b.at - (a.rows.length - a.at));
}

/** Errors of one member after each of `wanted` steps, per output (D), each (S at that depth). */
function errorsOf(
  model: OpenLoopModel,
  member: number,
  replay: ReplayView,
  starts: readonly Start[],
  deepest: number,
  wanted: readonly number[],
): Float64Array[][] {
  const { observation: spec } = model;
  const { frameSize: f, actionSize: a } = spec;
  const windows = historyWindows(spec, starts.length);
  starts.forEach(({ rows, at }, i) => replay.readWindow(rows[at]!, windows, i));
  const found: Float64Array[][] = [];
  for (let depth = 1; depth <= deepest; depth++) {
    const running = starts.filter(({ rows, at }) => rows.length - at >= depth);
    const steps = running.map(({ rows, at }) => replay.step(rows[at + depth - 1]!));
    const actions = new Float32Array(running.length * a);
    steps.forEach(({ action }, i) => actions.set(action, i * a));
    const expected = model.expect(member, running.length, windows, actions);
    const outputs = expected.length / running.length;
    if (wanted.includes(depth)) {
      found.push(
        Array.from({ length: outputs }, (_, j) =>
          Float64Array.from(steps, ({ next, reward }, i) => {
            const error = expected[i * outputs + j]! - (j < f ? next[j]! : reward);
            return spec.encoding[j] === 'sincos' ? wrapAngle(error) : error;
          }),
        ),
      );
    }
    const frames = new Float32Array(running.length * f);
    running.forEach((_, i) => frames.set(expected.subarray(i * outputs, i * outputs + f), i * f));
    advanceWindows(spec, windows, running.length, actions, frames);
  }
  return found;
}

/** @param elites per elite and output, errors (S) */
function summarise(k: number, elites: readonly Float64Array[][]): OpenLoopError {
  const outputs = elites[0]!.map((_, j) => elites.map((errors) => errors[j]!));
  const absolute = outputs.map((errors) => Float64Array.from(errors.flatMap((e) => Array.from(e, Math.abs))));
  return {
    k,
    starts: elites[0]![0]!.length,
    rmse: outputs.map(rmseOfMean),
    bandLow: absolute.map((errors) => percentile(errors, 5)),
    bandHigh: absolute.map((errors) => percentile(errors, 95)),
  };
}

/** @param errors per elite (S) */
function rmseOfMean(errors: readonly Float64Array[]): number {
  const starts = errors[0]!.length;
  let squares = 0;
  for (let i = 0; i < starts; i++)
    squares += (errors.reduce((sum, e) => sum + e[i]!, 0) / errors.length) ** 2;
  return Math.sqrt(squares / starts);
}
