import type { EarlierEpisode, FinetuneMetrics, Phase, SessionListener } from '../finetune/index.js';
import type { JudgedEpisode, LearnedRound } from '../learner/index.js';
import type { Output, Progress } from './output.js';

const NAMES: Readonly<Record<Phase, string>> = {
  before: 'as trained',
  learn: 'exploring',
  after: 'as refined',
};

/** What people, and the record, are told while a policy is refined. */
export class FinetuneNews implements SessionListener {
  /** under the agent's control, over all sittings [s] */
  robotSeconds = 0;
  private episodes = 0;
  private progress: Progress | null = null;

  /** @param budget robot time [s] @param units of the numbers of a frame */
  constructor(
    private readonly output: Output,
    private readonly metrics: FinetuneMetrics,
    private readonly budget: number,
    private readonly units: readonly string[],
  ) {}

  line(text: string): void {
    this.output.line(text);
  }

  /** Of an earlier sitting: it is counted, not told. What it judged as refined is learned on from, and counts for that. */
  earlier(episode: JudgedEpisode): EarlierEpisode {
    const phase = this.metrics.phaseOf(episode.id);
    this.metrics.episode(episode, phase);
    this.robotSeconds += episode.seconds;
    this.episodes++;
    return { episode, phase: phase === 'after' ? 'learn' : phase };
  }

  begins(phase: Phase): void {
    this.line(`episode ${this.episodes + 1} begins, ${NAMES[phase]}`);
  }

  episode(episode: JudgedEpisode, phase: Phase | null): void {
    this.metrics.episode(episode, phase);
    this.robotSeconds += episode.seconds;
    const name = phase === null ? 'cut short' : NAMES[phase];
    const policy = episode.policyVersion === 0 ? '' : `, policy of ${episode.policyVersion} real steps`;
    const why = episode.terminated || phase === null ? `, ${episode.reason}` : '';
    this.line(
      `episode ${++this.episodes}, ${name}${policy}: return ${episode.return.toFixed(1)} in ${episode.steps} steps${why}; ` +
        `robot time ${minutes(this.robotSeconds)} of ${minutes(this.budget)}`,
    );
  }

  /** How far the round of learning is. */
  learning(done: number, total: number): void {
    this.progress ??= this.output.progress('learn', total, 'updates');
    this.progress.update(done);
    if (done === total) this.endProgress();
  }

  learned(round: LearnedRound): void {
    this.endProgress();
    this.metrics.learned(round);
    const { divergence, seconds, model, version } = round;
    if (divergence !== undefined)
      this.line(`learning diverged: ${divergence}; all is as it was before this round`);
    else this.line(`learned from ${version} real steps in ${seconds.toFixed(0)} s; ${this.errors(model)}`);
  }

  endProgress(): void {
    this.progress?.stop();
    this.progress = null;
  }

  /** e.g. "model error slider position 0.0011 m, pole_hinge position 0.0052 rad" */
  private errors(model: LearnedRound['model']): string {
    const values = (model?.holdoutRmse ?? []).map((rmse, i) =>
      `${model!.outputs[i]} ${rmse.toPrecision(2)} ${this.units[i] ?? ''}`.trimEnd(),
    );
    return `model error ${values.join(', ')}`;
  }
}

/** e.g. 75 s -> "1:15" */
export function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
