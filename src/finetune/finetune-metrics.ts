import type { RunDirectory } from '../data/index.js';
import type { JudgedEpisode, LearnedRound } from '../learner/index.js';
import type { Phase } from './course.js';

/** What a fine-tuning writes to metrics.jsonl; src/report/metrics.ts reads it. Steps are real policy steps there. */
export class FinetuneMetrics {
  private readonly known: Set<unknown>;
  private step = 0;
  private seconds = 0;

  constructor(private readonly run: RunDirectory) {
    this.known = new Set(run.metrics.read().rows.map((row) => row['id']));
  }

  /** Also of an earlier sitting, which may have been killed before it was written down. */
  episode(episode: JudgedEpisode, phase: Phase | null): void {
    this.step += episode.steps;
    this.seconds += episode.seconds;
    if (this.known.has(episode.id)) return;
    this.known.add(episode.id);
    const { steps: length, ...facts } = episode;
    const at = { step: this.step, robotSeconds: this.seconds };
    this.run.metrics.append({ kind: 'episode', ...facts, length, phase, ...at });
  }

  learned({ version, seconds, divergence, model }: LearnedRound): void {
    if (model !== undefined) this.run.metrics.append({ kind: 'model', step: version, ...model });
    const diverged = divergence === undefined ? {} : { divergence };
    this.run.metrics.append({ kind: 'round', step: version, seconds, ...diverged });
  }

  /** The end of a sitting, whatever ended it. @param seconds wall clock since its beginning */
  sitting(seconds: number): void {
    this.run.metrics.append({ kind: 'sitting', seconds });
  }

  /** Rounds of learning, and time, over all sittings that came to an end [s]. */
  totals(): { readonly rounds: number; readonly learningSeconds: number; readonly seconds: number } {
    const { rows } = this.run.metrics.read();
    const seconds = (kind: string): number[] =>
      rows.flatMap((row) => (row['kind'] === kind ? [row['seconds'] as number] : []));
    const rounds = seconds('round');
    return { rounds: rounds.length, learningSeconds: sum(rounds), seconds: sum(seconds('sitting')) };
  }

  result(summary: object): void {
    this.run.metrics.append({ kind: 'finetuned', ...summary });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
