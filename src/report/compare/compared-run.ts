import * as v from 'valibot';

import { badInput } from '../../core/index.js';
import type { RunDirectory } from '../../data/index.js';
import { readMetrics, type Metrics } from '../metrics.js';
import type { TimeShare } from '../report-data.js';
import { timeShares } from '../time-parts.js';

/** What a comparison needs of a run. */
export interface ComparedRun {
  readonly path: string;
  readonly name: string;
  readonly created: string;
  readonly robot: string;
  readonly task: string;
  readonly algo: Algorithm;
  /** empty when config.yaml has none */
  readonly preset: string;
  readonly seed: number;
  /** at least one, in ascending steps */
  readonly evaluations: readonly EvaluationPoint[];
  readonly goalReturn?: number;
  readonly returnRandom?: number;
  /** of the policy that was kept: the best evaluation's, evaluated once more */
  readonly returnAfter?: number;
  readonly time?: readonly TimeShare[];
}

export interface EvaluationPoint {
  /** environment frames */
  readonly step: number;
  /** wall clock since training began [s] */
  readonly seconds?: number;
  readonly meanReturn: number;
}

export type Algorithm = v.InferOutput<typeof algorithm>;

const algorithm = v.picklist(['mbpo', 'sac']);
const configSchema = v.looseObject({
  algo: v.optional(algorithm, 'mbpo'),
  preset: v.optional(v.string(), ''),
});

/** @throws DynabridgeError BAD_INPUT when the run has no evaluation, or when config.yaml or metrics.jsonl are wrong */
export function readComparedRun(run: RunDirectory): ComparedRun {
  if (run.info.kind === 'finetune') {
    throw badInput(
      `run ${run.path} is a fine-tuning, which holds what it began with; report on it alone, or compare trainings`,
      { path: run.path },
    );
  }
  const metrics = readMetrics(run);
  if (metrics.evaluation.length === 0) {
    throw badInput(
      `run ${run.path} has no evaluation in metrics.jsonl, so there is nothing to compare; ` +
        'leave it out, or train for more steps than --evaluate-every',
      { path: run.path },
    );
  }
  const { algo, preset } = readConfig(run);
  const { robot, task, seed, created } = run.info;
  const time = metrics.time.at(-1);
  return {
    ...{ path: run.path, name: run.name, created, robot, task, algo, preset, seed },
    evaluations: evaluationPoints(metrics),
    ...optional('goalReturn', metrics.result.at(-1)?.goalReturn),
    ...optional('returnRandom', metrics.baseline.at(-1)?.returnRandom),
    ...optional('returnAfter', metrics.result.at(-1)?.returnAfter),
    ...optional('time', time && timeShares(time)),
  };
}

function readConfig(run: RunDirectory): v.InferOutput<typeof configSchema> {
  const config = v.safeParse(configSchema, run.readConfig());
  if (config.success) return config.output;
  const field = v.getDotPath(config.issues[0]) ?? 'content';
  throw badInput(
    `${run.path}/config.yaml: ${field}: ${config.issues[0].message}; restore it or leave this run out`,
    { path: run.path, field },
  );
}

/** Of two evaluations of one step, as after a resumption, the later one counts. */
function evaluationPoints({ evaluation }: Metrics): EvaluationPoint[] {
  const byStep = new Map(
    evaluation.map(({ step, seconds, meanReturn }) => [
      step,
      { step, meanReturn, ...optional('seconds', seconds) },
    ]),
  );
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [_ in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [_ in Key]?: Value });
}
