import { Rng } from '../core/index.js';
import type { VectorEnv } from '../env/index.js';
import type { FitReport } from './ensemble-fit.js';
import { evaluatePolicy, type PolicyEvaluation } from './evaluate-policy.js';
import { PlainPolicy, RandomPolicy, type PolicySnapshot } from './policy-snapshot.js';
import { Trainer, type EpisodeReport, type StepReport, type TrainerOptions } from './trainer.js';

export interface EvaluationReport extends PolicyEvaluation {
  /** real steps before it */
  readonly step: number;
  /** whether no earlier policy of this training did better */
  readonly best: boolean;
}

/** What a training knows besides its trainer's state; give it back to go on. */
export interface TrainingProgress {
  /** real steps before the newest evaluation; 0 before the first */
  readonly lastEvaluation: number;
  /** whether that one reached stopAtReturn */
  readonly reached: boolean;
  /** whether the one before it did too: the training has ended there */
  readonly confirmed: boolean;
  readonly best?: { readonly report: EvaluationReport; readonly policy: PolicySnapshot };
}

export interface TrainingOptions extends TrainerOptions {
  /** real steps in all */
  readonly steps: number;
  /** real steps between two evaluations, at their multiples; default 1000. One more follows the last step, unless stopped. */
  readonly evaluateEvery?: number;
  /** default 5 */
  readonly evaluationEpisodes?: number;
  /** default: `env` itself, and evaluations then wait for the end of an episode */
  readonly evaluationEnv?: VectorEnv;
  /** draw other starts for each evaluation, so that no threshold is passed by the luck of one draw; default false */
  readonly freshStarts?: boolean;
  /** end as soon as two evaluations in a row reach this return, since one may by the luck of its starts; default: never */
  readonly stopAtReturn?: number | undefined;
  /** asked before every step, as for Ctrl+C; what was learned is kept */
  readonly shouldStop?: () => boolean;
  /** default: that of a training that has just begun */
  readonly progress?: TrainingProgress | undefined;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpisode?: (report: EpisodeReport) => void;
  readonly onModel?: (report: FitReport, step: number) => void;
  /** the trainer is between two steps: the time to keep its state */
  readonly onEvaluation?: (report: EvaluationReport, progress: TrainingProgress) => void;
}

export interface TrainingResult {
  readonly steps: number;
  readonly episodes: number;
  /** diverged: see {@link StepReport.divergence}; the trainer's state is then worth nothing, the policy is the best from before */
  readonly ended: 'steps' | 'goal' | 'stopped' | 'diverged';
  readonly divergence?: string;
  /** of the policy with the best evaluation; the newest one where nothing was learned and so none was evaluated */
  readonly policy: PolicySnapshot;
  readonly bestEvaluation?: EvaluationReport;
  /** to go on with */
  readonly progress: TrainingProgress;
  /** for checkpoints and for going on; dispose of it when done */
  readonly trainer: Trainer;
}

const NOT_EVALUATED: TrainingProgress = { lastEvaluation: 0, reached: false, confirmed: false };

/** Trains to the end, the goal, or until told to stop; goes on with `trainer` where one is given. */
export async function train(
  options: TrainingOptions,
  trainer = new Trainer(options),
): Promise<TrainingResult> {
  const learningFrom = Math.max(options.config.initialRandomSteps, trainer.stepCount);
  const evaluations = new Evaluations(options, trainer);
  const end = await learn(options, trainer, evaluations);
  // not where it was stopped: it may be gone on with, and an evaluation out of turn would change how that ends
  if (
    end.ended === 'steps' &&
    trainer.stepCount > Math.max(evaluations.progress.lastEvaluation, learningFrom)
  ) {
    if (evaluations.evaluate()) end.ended = 'goal';
  }
  const { progress } = evaluations;
  return {
    ...end,
    steps: trainer.stepCount,
    episodes: trainer.episodeCount,
    trainer,
    progress,
    policy: progress.best?.policy ?? trainer.learner.policy(),
    ...(progress.best && { bestEvaluation: progress.best.report }),
  };
}

/** Steps, and evaluations when they are due. */
async function learn(
  options: TrainingOptions,
  trainer: Trainer,
  evaluations: Evaluations,
): Promise<{ ended: TrainingResult['ended']; divergence?: string }> {
  if (evaluations.progress.confirmed) return { ended: 'goal' };
  while (trainer.stepCount < options.steps) {
    if (options.shouldStop?.() === true) return { ended: 'stopped' };
    const report = await trainer.step();
    const { divergence } = report;
    if (report.model !== undefined) options.onModel?.(report.model, report.step);
    options.onStep?.(report);
    for (const episode of report.episodes) options.onEpisode?.(episode);
    if (divergence !== undefined) return { ended: 'diverged', divergence };
    if (evaluations.isDue(report) && evaluations.evaluate()) return { ended: 'goal' };
  }
  return { ended: 'steps' };
}

class Evaluations {
  progress: TrainingProgress;

  constructor(
    private readonly options: TrainingOptions,
    private readonly trainer: Trainer,
  ) {
    this.progress = options.progress ?? NOT_EVALUATED;
  }

  /** Whether a step was the first of another period; where episodes are evaluated in their own environment, the end of one too. */
  isDue({ step, episodes }: StepReport): boolean {
    const { evaluateEvery = 1000, env, evaluationEnv = env, config } = this.options;
    if (evaluationEnv === env && episodes.length === 0) return false;
    const since = Math.max(this.progress.lastEvaluation, config.initialRandomSteps); // nothing is learned before
    return step > since && Math.floor(step / evaluateEvery) !== Math.floor(since / evaluateEvery);
  }

  /** @returns whether the goal ends the training */
  evaluate(): boolean {
    const { options, trainer, progress } = this;
    const { best } = progress;
    const policy = trainer.learner.policy();
    const evaluation = trainer.time.measure('evaluation', () => this.judge(policy));
    const isBest = best === undefined || evaluation.meanReturn >= best.report.meanReturn;
    const report = { ...evaluation, step: trainer.stepCount, best: isBest };
    const reached = options.stopAtReturn !== undefined && evaluation.meanReturn >= options.stopAtReturn;
    this.progress = {
      lastEvaluation: trainer.stepCount,
      reached,
      confirmed: reached && progress.reached,
      ...(isBest ? { best: { report, policy } } : best && { best }),
    };
    options.onEvaluation?.(report, this.progress);
    return this.progress.confirmed;
  }

  private judge(policy: PolicySnapshot): PolicyEvaluation {
    const { env, evaluationEnv = env, evaluationEpisodes = 5, freshStarts, seed } = this.options;
    // The same starts at every evaluation, so that differences are the policy's; not those of the evaluation that is reported
    // in the end, for which the best of many would then be too good.
    const stream = freshStarts === true ? `selection ${this.trainer.stepCount}` : 'selection';
    const running = evaluationEnv === env ? env.getState(0) : undefined; // an episode goes on where it was
    const starts = new Rng(seed, stream);
    const evaluation = evaluatePolicy(evaluationEnv, new PlainPolicy(policy), evaluationEpisodes, starts);
    if (running !== undefined) env.setState(0, running);
    return evaluation;
  }
}

/** Mean return of uniformly random actions: what a policy must beat. */
export function randomPolicyReturn(env: VectorEnv, episodes: number, seed: number): PolicyEvaluation {
  const policy = new RandomPolicy(env.layout.actions.length, new Rng(seed, 'random-policy'));
  return evaluatePolicy(env, policy, episodes, new Rng(seed, 'evaluation'));
}
