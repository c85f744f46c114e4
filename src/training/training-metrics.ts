import { join } from 'node:path';
import { writeFileAtomic, type RunDirectory } from '../data/index.js';
import {
  TIME_PARTS,
  type EpisodeReport,
  type EvaluationReport,
  type FitReport,
  type RolloutReport,
  type SacReport,
  type TimePart,
} from '../rl/index.js';

const CSV = 'learning.csv';

/** What a training writes to metrics.jsonl; src/report/metrics.ts reads it. Steps are environment frames there. */
export class TrainingMetrics {
  /** rows written so far */
  rows: number;

  constructor(
    private readonly run: RunDirectory,
    private readonly framesPerStep: number,
  ) {
    this.rows = run.metrics.read().rows.length;
  }

  /** @param random mean return of random actions @param before of the untrained policy */
  judged(random: number, before: number): void {
    this.append({ kind: 'baseline', returnRandom: random, returnBefore: before });
  }

  /** What {@link judged} was told, in this sitting or an earlier one. */
  baseline(): { returnRandom: number; returnBefore: number } {
    const row = this.run.metrics.read().rows.find(({ kind }) => kind === 'baseline');
    return {
      returnRandom: (row?.['returnRandom'] as number | null | undefined) ?? NaN,
      returnBefore: (row?.['returnBefore'] as number | null | undefined) ?? NaN,
    };
  }

  episode({ step, ...rest }: EpisodeReport): void {
    this.append({ kind: 'episode', step: this.frames(step), ...rest });
  }

  /** @param outputs a name with its unit for each output of the model */
  model(report: FitReport, step: number, outputs: readonly string[]): void {
    this.append({
      kind: 'model',
      step: this.frames(step),
      outputs,
      rows: report.rows,
      gradientSteps: report.gradientSteps,
      stopped: report.stopped,
      holdoutRmse: Array.from(report.evaluation.rmse),
      holdoutNll: Array.from(report.evaluation.nll),
    });
  }

  /** The losses, temperature and entropy of the step before an evaluation. */
  policy(step: number, report: SacReport): void {
    this.append({ kind: 'policy', step: this.frames(step), ...report });
  }

  rollout(step: number, report: RolloutReport): void {
    this.append({ kind: 'rollout', step: this.frames(step), ...report });
  }

  /** @param seconds wall clock of training */
  evaluation({ step, meanReturn, returns, best }: EvaluationReport, seconds: number): void {
    const row = { kind: 'evaluation', step: this.frames(step), seconds, meanReturn };
    this.append({ ...row, returns: Array.from(returns), best });
  }

  /** Where the time went up to the newest row of {@link time}; zeros before the first. */
  timeSpent(): Readonly<Record<TimePart, number>> {
    const row = this.run.metrics.read().rows.findLast(({ kind }) => kind === 'time');
    const seconds = TIME_PARTS.map((part) => [part, (row?.[part] as number | undefined) ?? 0]);
    return Object.fromEntries(seconds) as Record<TimePart, number>;
  }

  /** @param seconds cumulative, over all sittings */
  time(seconds: Readonly<Record<TimePart, number>>, step: number): void {
    this.append({ kind: 'time', step: this.frames(step), ...seconds });
  }

  result(summary: object): void {
    this.append({ kind: 'result', ...summary });
  }

  /** Drops the rows that were written after a checkpoint: what they tell of is going to happen again. */
  forgetAfter(rows: number): void {
    this.run.metrics.keepFirst(rows);
    this.rows = Math.min(this.rows, rows);
  }

  /** The learning curve as a table for spreadsheets. */
  writeCsv(): void {
    const lines = this.run.metrics
      .read()
      .rows.filter(({ kind }) => kind === 'evaluation')
      .map((row) => {
        const returns = row['returns'] as number[];
        const values = [
          row['step'],
          row['seconds'],
          row['meanReturn'],
          Math.min(...returns),
          Math.max(...returns),
        ];
        return values.join(',');
      });
    const header = 'step,seconds,mean_return,min_return,max_return';
    writeFileAtomic(join(this.run.path, CSV), [header, ...lines, ''].join('\n'));
  }

  private append(row: Readonly<Record<string, unknown>>): void {
    this.run.metrics.append(row);
    this.rows++;
  }

  private frames(step: number): number {
    return step * this.framesPerStep;
  }
}
