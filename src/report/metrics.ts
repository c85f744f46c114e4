import * as v from 'valibot';

import { badInput } from '../core/index.js';
import type { RunDirectory } from '../data/index.js';

/** A number as metrics.jsonl holds it: NaN and infinities were written as null. */
const number = v.union([
  v.number(),
  v.pipe(
    v.null(),
    v.transform(() => NaN),
  ),
]);
const count = v.pipe(v.number(), v.minValue(0));
const numbers = v.array(number);

const evaluation = v.looseObject({
  /** environment frames */
  step: count,
  /** wall clock since training began [s] */
  seconds: v.optional(count),
  meanReturn: number,
  returns: numbers,
});
const baseline = v.looseObject({ returnRandom: number, returnBefore: number });
const result = v.looseObject({
  goalReturn: number,
  returnRandom: v.optional(number),
  returnBefore: v.optional(number),
  returnAfter: number,
  realSteps: count,
  seconds: count,
});
const episode = v.looseObject({
  step: count,
  return: number,
  /** of a fine-tuning: robot time so far [s], and what the episode was driven for; null: somebody intervened */
  robotSeconds: v.optional(count),
  phase: v.optional(v.nullable(v.picklist(['before', 'learn', 'after']))),
});
/** what a fine-tuning came to; returns are null where they were not judged */
const finetuned = v.looseObject({
  returnBefore: v.nullable(number),
  returnAfter: v.nullable(number),
  goalReturn: number,
  kept: v.picklist(['refined', 'trained']),
  budget: count,
  robotSeconds: count,
  steps: count,
  rounds: count,
  learningSeconds: count,
  /** wall clock over all sittings [s] */
  seconds: count,
});
/** one-step errors on held-out transitions, one number per output; outputs as 'name [unit]' */
const model = v.pipe(
  v.looseObject({ step: count, outputs: v.array(v.string()), holdoutRmse: numbers, holdoutNll: numbers }),
  v.check(
    ({ outputs, holdoutRmse, holdoutNll }) => sameLength(outputs, holdoutRmse, holdoutNll),
    'outputs, holdoutRmse and holdoutNll differ in length',
  ),
);
/** where the time went since training began, cumulative [s] */
const time = v.looseObject({
  step: count,
  environment: count,
  model: count,
  rollouts: count,
  policy: count,
  evaluation: count,
});
const diagnostics = v.pipe(
  v.looseObject({
    step: count,
    outputs: v.array(v.string()),
    rmse: numbers,
    nll: numbers,
    /** error of k steps on the model's own predictions; the band is the ensemble's 5 and 95 % quantile of that error */
    openLoop: v.array(
      v.looseObject({
        k: v.pipe(v.number(), v.integer(), v.minValue(1)),
        rmse: numbers,
        bandLow: numbers,
        bandHigh: numbers,
      }),
    ),
    calibration: v.looseObject({
      /** levels of quantiles, in (0, 1) */
      levels: numbers,
      /** share of the held-out truth below them, mean over outputs */
      observed: numbers,
      /** share within the central intervals of 50, 90 and 95 %, per output */
      coverage: v.looseObject({ p50: numbers, p90: numbers, p95: numbers }),
      /** expected calibration error, per output */
      ece: numbers,
    }),
    auroc: number,
  }),
  v.check(({ outputs, rmse, nll, openLoop, calibration: { coverage, ece } }) => {
    const perOutput = [rmse, nll, coverage.p50, coverage.p90, coverage.p95, ece];
    const bands = openLoop.flatMap((row) => [row.rmse, row.bandLow, row.bandHigh]);
    return sameLength(outputs, ...perOutput, ...bands);
  }, 'a list per output does not have the length of outputs'),
  v.check(
    ({ calibration: { levels, observed } }) => sameLength(levels, observed),
    'levels and observed differ in length',
  ),
);

const SCHEMAS = { evaluation, baseline, result, episode, finetuned, model, time, diagnostics };

type Row<Kind extends keyof typeof SCHEMAS> = v.InferOutput<(typeof SCHEMAS)[Kind]>;
export type TimeRow = Row<'time'>;
export type EpisodeRow = Row<'episode'>;
export type DiagnosticsRow = Row<'diagnostics'>;

/** What metrics.jsonl and diagnostics.jsonl hold, by kind of row and in the order of writing. A kind that was not written is an empty list. */
export type Metrics = { readonly [Kind in keyof typeof SCHEMAS]: readonly Row<Kind>[] };

function sameLength(...lists: readonly (readonly unknown[])[]): boolean {
  return lists.every((list) => list.length === lists[0]!.length);
}

/**
 * The metrics of a run. Kinds of rows that are not known here are passed over, as are torn lines.
 * @throws DynabridgeError BAD_INPUT when a row lacks a field or holds a wrong one, saying which
 */
export function readMetrics({ metrics, diagnostics }: RunDirectory): Metrics {
  const contents = new Map([metrics, diagnostics].map((file) => [file, file.read().rows]));
  const ofKind = <Kind extends keyof typeof SCHEMAS>(kind: Kind, file = metrics): Row<Kind>[] =>
    contents
      .get(file)!
      .filter((row) => row['kind'] === kind)
      .map((row, index) => {
        const parsed = v.safeParse(SCHEMAS[kind], row);
        if (parsed.success) return parsed.output;
        const issue = parsed.issues[0];
        const field = v.getDotPath(issue) ?? 'row';
        throw badInput(
          `${file.path}: ${kind} row ${index + 1}: ${field}: ${issue.message}; ` +
            'it was written by another version, or changed: leave this run out, or train again',
          { path: file.path, kind, row: index + 1, field },
        );
      });
  return {
    evaluation: ofKind('evaluation'),
    baseline: ofKind('baseline'),
    result: ofKind('result'),
    episode: ofKind('episode'),
    finetuned: ofKind('finetuned'),
    model: ofKind('model'),
    time: ofKind('time'),
    diagnostics: ofKind('diagnostics', diagnostics),
  };
}

/** A predicted quantity; the unit is empty when it has none. */
export interface Quantity {
  readonly name: string;
  readonly unit: string;
}

/** e.g. 'elbow position [rad]' -> {name: 'elbow position', unit: 'rad'} */
export function quantityOf(output: string): Quantity {
  const match = /^(.*\S) \[([^\]]*)\]$/.exec(output);
  return match === null ? { name: output, unit: '' } : { name: match[1]!, unit: match[2]! };
}
