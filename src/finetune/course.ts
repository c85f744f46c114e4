/** What a fine-tuning does next, and how much of its robot time is left. Pure. */
import { badInput } from '../core/index.js';

/** Why an episode is driven: to judge the policy as trained, to learn, or to judge what came of it. */
export type Phase = 'before' | 'learn' | 'after';

export interface CourseOptions {
  /** time under the agent's control [s] */
  readonly budget: number;
  /** episodes of each of the phases before and after */
  readonly evaluationEpisodes: number;
  /** most steps of an episode */
  readonly episodeSteps: number;
  readonly policyRateHz: number;
}

/** The next episode: `steps` at most. */
export interface NextEpisode {
  readonly phase: Phase;
  readonly steps: number;
}

/** An episode to learn from is not begun with less than this part of a whole one left: it would be all beginning. */
const LEAST_PART = 0.1;

/** Budget, phases and what was spent. The evaluation at the end is kept free of the budget from the beginning. */
export class Course {
  /** under the agent's control [s] */
  seconds = 0;
  private readonly done: Record<Phase, number> = { before: 0, learn: 0, after: 0 };
  private learning = true;

  /** @throws BAD_INPUT for a budget that leaves nothing to learn from */
  constructor(private readonly options: CourseOptions) {
    const { budget, evaluationEpisodes: count } = options;
    const least = (2 * count + 1) * this.episodeSeconds;
    if (budget < least) {
      throw badInput(
        `--budget ${budget} s is too short: ${count} episodes before and ${count} after, and one to learn from, of ` +
          `${this.episodeSeconds} s each, need ${least} s; give more, or fewer --evaluation-episodes`,
        { budget, least },
      );
    }
  }

  /**
   * Goes on after the episodes of earlier sittings.
   * @throws BAD_INPUT where they have left nothing of the budget
   */
  goOn(earlier: readonly { readonly phase: Phase | null; readonly seconds: number }[]): void {
    for (const { phase, seconds } of earlier) this.spend(phase, seconds);
    if (this.next() !== null) return;
    const { budget } = this.options;
    throw badInput(
      `all ${budget} s of robot time are spent (${this.seconds.toFixed(1)} s); go on with a larger --budget`,
      { budget, seconds: this.seconds },
    );
  }

  /** null: the budget is spent, or all that was planned is done */
  next(): NextEpisode | null {
    const { evaluationEpisodes: count, budget, policyRateHz } = this.options;
    const { before, learn, after } = this.done;
    if (this.learning && after === 0) {
      const phase = before < count && learn === 0 ? 'before' : 'learn';
      const episode = this.episode(phase, budget - this.reserve);
      if (episode !== null) return episode;
    }
    // An episode ends a little after its last step. What judges the end must not be shorter for that than what judged the beginning.
    return after < count ? this.episode('after', budget + count / policyRateHz) : null;
  }

  /** An episode was driven. @param phase null: it counts for none, as somebody intervened */
  spend(phase: Phase | null, seconds: number): void {
    if (phase !== null) this.done[phase]++;
    this.seconds += seconds;
  }

  /** No more is to be learned: only the evaluation at the end is left. */
  endLearning(): void {
    this.learning = false;
  }

  private get episodeSeconds(): number {
    return this.options.episodeSteps / this.options.policyRateHz;
  }

  /** for the evaluation at the end [s] */
  private get reserve(): number {
    return this.options.evaluationEpisodes * this.episodeSeconds;
  }

  private episode(phase: Phase, until: number): NextEpisode | null {
    const { episodeSteps, policyRateHz } = this.options;
    const steps = Math.min(episodeSteps, Math.floor((until - this.seconds) * policyRateHz + 1e-6));
    return steps < Math.max(1, LEAST_PART * episodeSteps) ? null : { phase, steps };
  }
}
