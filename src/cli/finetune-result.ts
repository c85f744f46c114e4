import { DynabridgeError, mean } from '../core/index.js';
import type { FinetuneMetrics, SessionResult } from '../finetune/index.js';
import type { BridgeOutcome } from '../supervisor/index.js';
import { outcomeTable, type Bridge } from './bridge.js';
import { minutes, type FinetuneNews } from './finetune-news.js';
import type { Finetuning } from './open-finetuning.js';
import type { Output } from './output.js';

export interface Ended {
  /** how the user named the robot */
  readonly robotName: string;
  readonly finetuning: Finetuning;
  readonly bridge: Bridge;
  readonly outcome: BridgeOutcome;
  /** or why there is none */
  readonly result: SessionResult | Error;
  readonly news: FinetuneNews;
  readonly metrics: FinetuneMetrics;
  /** wall clock of this sitting [s] */
  readonly seconds: number;
  readonly blackBoxes: readonly string[];
  readonly wireFile: string | undefined;
}

/**
 * Writes down and prints what a fine-tuning came to.
 * @throws what ended it early, GOAL_NOT_REACHED where the policy is no better for it, and what the bridge has to say
 */
export async function conclude(ended: Ended, output: Output): Promise<void> {
  const { finetuning, bridge, outcome, result, news, metrics, seconds, blackBoxes, wireFile } = ended;
  const { run, job, task } = finetuning;
  const { end, faults, emergencyStop, summary } = outcome;
  bridge.record('bridge-ended', {
    ...summary,
    seconds: summary?.seconds ?? 0,
    ...{ end, faults, emergencyStop, blackBoxes },
  });
  const reached = result instanceof Error ? null : result;
  metrics.sitting(seconds);
  const totals = metrics.totals();
  const facts = {
    budget: job.budget,
    robotSeconds: news.robotSeconds,
    ...totals,
    goalReturn: task.goalReturn,
    ...reached,
    returnBefore: judged(reached?.before),
    returnAfter: judged(reached?.after),
  };
  if (reached !== null) metrics.result(facts);
  const { refreshReport } = await import('./run-report.js'); // the plotting library is slow to load and not needed to drive
  const report = await refreshReport(run).catch((error: unknown) => {
    output.line(`the report cannot be written: ${(error as Error).message}`);
    return null;
  });
  const robotTime = `${minutes(news.robotSeconds)} of ${minutes(job.budget)} of robot time`;
  output.result(
    {
      run: run.path,
      task: task.name,
      ...facts,
      finished: reached !== null,
      bridge: { ...summary, end, faults, emergencyStop },
      ...{ report, blackBoxes, recording: wireFile ?? null },
    },
    outcomeTable(outcome, robotTime, [
      ...(reached === null ? [] : resultRows(reached, totals, task.goalReturn)),
      ...blackBoxes.map((file): [string, string] => ['black box', file]),
      ...(wireFile === undefined ? [] : [['recording', wireFile] as [string, string]]),
      ['run', run.path],
      ...(report === null ? [] : [['report', report] as [string, string]]),
    ]),
  );
  const resume = `go on with: dynabridge finetune --robot ${ended.robotName} --resume ${run.path}`;
  if (reached === null || outcome.end !== 'clean') {
    output.line(resume);
    bridge.throwIfFailed(outcome);
  }
  if (result instanceof Error) throw result;
  if (result.divergence !== undefined)
    throw new DynabridgeError(
      'GOAL_NOT_REACHED',
      `learning diverged: ${result.divergence}; ${run.path} keeps the policy from before`,
    );
  const { returnBefore } = facts;
  if (result.kept === 'trained' && !(returnBefore !== null && returnBefore >= task.goalReturn))
    throw new DynabridgeError(
      'GOAL_NOT_REACHED',
      'the policy is not better for it; the one trained in simulation is kept',
    );
}

function resultRows(
  result: SessionResult,
  totals: ReturnType<FinetuneMetrics['totals']>,
  goalReturn: number,
): [string, string][] {
  const { before, after, episodes, steps, kept } = result;
  const returns = (values: readonly number[]): string =>
    values.length === 0 ? 'not judged' : `${mean(values).toFixed(1)} (${values.length} episodes)`;
  return [
    ['return as trained', returns(before)],
    ['return as refined', `${returns(after)}; goal ${goalReturn.toFixed(1)}`],
    ['kept', kept === 'refined' ? 'the refined policy' : 'the policy as it was trained'],
    ['real episodes', `${episodes}, ${steps} steps`],
    [
      'learning',
      `${totals.rounds} rounds in ${minutes(totals.learningSeconds)}; ${minutes(totals.seconds)} in all`,
    ],
  ];
}

/** Mean return; null where nothing was judged. */
function judged(returns: readonly number[] = []): number | null {
  return returns.length === 0 ? null : mean(returns);
}
