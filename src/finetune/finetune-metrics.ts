import type { RunDirectory } from '../data/index.js';
import type { JudgedEpisode, LearnedRound } from '../learner/index.js';
import type { Phase } from './course.js';

/** What a fine-tuning writes to metrics.jsonl; src/report/metrics.ts reads it. Steps are real policy steps there. */
export class FinetuneMetrics {
  /** what each episode that is written down was driven for, by id */
  private readonly phases: Map<unknown, Phase | null>;
  private step = 0;
  private seconds = 0;

  /** @param units of the numbers of a frame */
  constructor(
    private readonly run: RunDirectory,
    private readonly units: readonly string[],
  ) {
    const { rows } = run.metrics.read();
    this.phases = new Map(rows.map(({ id, phase }) => [id, phase as Phase | null]));
  }

  /** What an episode of an earlier sitting was driven for; null: it judges nothing, or the sitting ended in the middle of it. */
  phaseOf(id: string): Phase | null {
    return this.phases.get(id) ?? null;
  }

  /** Also of an earlier sitting, which may have been killed before it was written down. */
  episode(episode: JudgedEpisode, phase: Phase | null): void {
    this.step += episode.steps;
    this.seconds += episode.seconds;
    if (this.phases.has(episode.id)) return;
    this.phases.set(episode.id, phase);
    const { steps: length, ...facts } = episode;
    const at = { step: this.step, robotSeconds: this.seconds };
    this.run.metrics.append({ kind: 'episode', ...facts, length, phase, ...at });
  }

  learned({ version, seconds, divergence, model }: LearnedRound): void {
    if (model !== undefined) {
      const outputs = model.outputs.map((name, i) =>
        this.units[i] === undefined ? name : `${name} [${this.units[i]}]`,
      );
      this.run.metrics.append({ kind: 'model', step: version, ...model, outputs });
    }
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
