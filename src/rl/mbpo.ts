/** Model-based policy optimisation (Janner et al. 2019, arXiv 1906.08253, algorithm 2) in one environment. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { badInput, Rng } from '../core/index.js';
import type { StepResult, VectorEnv } from '../env/index.js';
import type { FitReport } from './ensemble-fit.js';
import { evaluatePolicy, type PolicyEvaluation } from './evaluate-policy.js';
import type { MbpoConfig } from './mbpo-config.js';
import { MbpoLearner } from './mbpo-learner.js';
import type { ObservationSpec } from './observation.js';
import { PlainPolicy, RandomPolicy, type PolicyCarry, type PolicySnapshot } from './policy-snapshot.js';
import type { ReplayView } from './replay.js';
import type { SacReport } from './sac.js';

export interface EpisodeReport {
  /** from 0 */
  readonly episode: number;
  /** real steps so far */
  readonly step: number;
  /** undiscounted, under the exploring policy */
  readonly return: number;
  readonly length: number;
  readonly terminated: boolean;
  readonly random: boolean;
}

export interface StepReport {
  /** real steps so far, this one included */
  readonly step: number;
  readonly reward: number;
  readonly random: boolean;
  /** present where this step updated the policy */
  readonly sac?: SacReport;
  readonly model?: FitReport;
  readonly episode?: EpisodeReport;
}

export interface EvaluationReport extends PolicyEvaluation {
  readonly step: number;
  /** whether no earlier policy of this training did better */
  readonly best: boolean;
}

/** Is told of everything that happens to the robot, in order; arrays are overwritten by the next step. */
export interface StepRecorder {
  begin(frame: Float32Array): void;
  step(action: Float32Array, result: StepResult): void;
  end(report: EpisodeReport): void;
}

export interface MbpoTrainerOptions {
  /** one robot */
  readonly env: VectorEnv;
  readonly observation: ObservationSpec;
  readonly config: MbpoConfig;
  readonly seed: number;
  readonly recorder?: StepRecorder;
  readonly prior?: ReplayView;
  readonly freezeNormaliser?: boolean;
  /** start with the policy that `learner.load` brings, not with random steps */
  readonly warmStart?: boolean;
}

/** Gradient steps between two turns of the event loop, so that signals are seen within some 50 ms. */
const STEPS_PER_TURN = 4;

export class MbpoTrainer {
  readonly learner: MbpoLearner;
  /** real steps so far */
  stepCount = 0;
  episodeCount = 0;
  private readonly env: VectorEnv;
  private readonly rngs: { readonly env: Rng; readonly exploration: Rng };
  private readonly frame: Float32Array;
  private readonly action: Float32Array;
  private carry: PolicyCarry | undefined;
  private explorer: PlainPolicy;
  private episodeReturn = 0;
  private episodeLength = 0;
  private updatesDue = 0;
  private work = 0;

  constructor(readonly options: MbpoTrainerOptions) {
    const { env, observation, seed } = options;
    if (env.count !== 1) throw badInput(`training needs an environment of one robot, got ${env.count}`);
    this.env = env;
    this.learner = new MbpoLearner({ ...options, layout: env.layout, task: env.task });
    this.rngs = { env: new Rng(seed, 'environment'), exploration: new Rng(seed, 'exploration') };
    this.frame = new Float32Array(observation.frameSize);
    this.action = new Float32Array(observation.actionSize);
    this.explorer = new PlainPolicy(this.learner.snapshot(), this.rngs.exploration);
  }

  /** One real step, with the learning that is due before and after it. */
  async step(): Promise<StepReport> {
    const { config } = this.options;
    const random = this.stepCount < config.initialRandomSteps && this.options.warmStart !== true;
    const learning = this.stepCount >= config.initialRandomSteps;
    const since = this.stepCount - config.initialRandomSteps;
    const model = learning && since % config.modelEvery === 0 ? await this.fitModel() : undefined;
    if (learning && since % config.rolloutEvery === 0) this.learner.imagine(this.stepCount);

    if (this.carry === undefined) this.beginEpisode();
    const reward = this.act(random);
    this.stepCount++;
    this.episodeReturn += reward.value;
    this.episodeLength++;
    const sac = learning ? await this.updatePolicy() : undefined;
    const episode = reward.over ? this.endEpisode(reward.terminated, random) : undefined;
    return {
      step: this.stepCount,
      reward: reward.value,
      random,
      ...(sac && { sac }),
      ...(model && { model }),
      ...(episode && { episode }),
    };
  }

  dispose(): void {
    this.learner.dispose();
  }

  private beginEpisode(): void {
    this.env.reset(0, this.rngs.env);
    this.frame.set(this.env.frames);
    this.learner.replay.begin(this.frame);
    this.options.recorder?.begin(this.frame);
    this.carry = this.explorer.begin();
    this.episodeReturn = 0;
    this.episodeLength = 0;
  }

  private act(random: boolean): { value: number; over: boolean; terminated: boolean } {
    const carry = this.carry!;
    this.explorer.step(carry, this.frame);
    if (random) {
      for (let i = 0; i < this.action.length; i++) this.action[i] = this.rngs.exploration.uniform(-1, 1);
      carry.override(this.action);
    } else {
      this.action.set(carry.action);
    }
    const result = this.env.step(this.action);
    this.frame.set(result.frames);
    const terminated = result.terminated[0] === 1;
    const truncated = result.truncated[0] === 1;
    this.learner.replay.append(this.action, this.frame, result.rewards[0]!, terminated, truncated);
    this.options.recorder?.step(this.action, result);
    return { value: result.rewards[0]!, over: terminated || truncated, terminated };
  }

  private endEpisode(terminated: boolean, random: boolean): EpisodeReport {
    const report = {
      episode: this.episodeCount++,
      step: this.stepCount,
      return: this.episodeReturn,
      length: this.episodeLength,
      terminated,
      random,
    };
    this.options.recorder?.end(report);
    this.carry = undefined;
    return report;
  }

  private async fitModel(): Promise<FitReport> {
    const report = await this.learner.fitModel(() => this.pause());
    this.explorer = new PlainPolicy(this.learner.snapshot(), this.rngs.exploration);
    return report;
  }

  private async updatePolicy(): Promise<SacReport | undefined> {
    this.updatesDue += this.options.config.updatesPerStep;
    let report: SacReport | undefined;
    for (; this.updatesDue >= 1; this.updatesDue--) {
      report = this.learner.updatePolicy();
      await this.pause();
    }
    if (report !== undefined) this.explorer = new PlainPolicy(this.learner.snapshot(), this.rngs.exploration);
    return report;
  }

  private async pause(): Promise<void> {
    if (++this.work % STEPS_PER_TURN === 0) await nextTurn();
  }
}

export interface MbpoTrainingOptions extends MbpoTrainerOptions {
  /** real steps in all */
  readonly steps: number;
  /** real steps between two evaluations, which wait for the end of the episode; default 1000. One more follows the last step. */
  readonly evaluateEvery?: number;
  /** default 5 */
  readonly evaluationEpisodes?: number;
  /** default: `env` itself */
  readonly evaluationEnv?: VectorEnv;
  /** end as soon as an evaluation reaches the task's goalReturn; default false */
  readonly stopAtGoal?: boolean;
  /** asked before every step, as for Ctrl+C; what was learned is kept */
  readonly shouldStop?: () => boolean;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpisode?: (report: EpisodeReport) => void;
  readonly onModel?: (report: FitReport, step: number) => void;
  readonly onEvaluation?: (report: EvaluationReport, snapshot: PolicySnapshot) => void;
}

export interface MbpoTrainingResult {
  readonly steps: number;
  readonly episodes: number;
  readonly ended: 'steps' | 'goal' | 'stopped';
  /** of the policy with the best evaluation; the newest one where nothing was learned and so none was evaluated */
  readonly policy: PolicySnapshot;
  readonly bestEvaluation?: EvaluationReport;
  /** for checkpoints and for going on; dispose of it when done */
  readonly trainer: MbpoTrainer;
}

/** Trains to the end, the goal, or until told to stop; goes on with `trainer` where one is given. */
export async function trainMbpo(
  options: MbpoTrainingOptions,
  trainer = new MbpoTrainer(options),
): Promise<MbpoTrainingResult> {
  const { steps, evaluateEvery = 1000, evaluationEpisodes = 5, env, evaluationEnv = env } = options;
  const learningFrom = Math.max(options.config.initialRandomSteps, trainer.stepCount);
  let best: { readonly report: EvaluationReport; readonly policy: PolicySnapshot } | undefined;
  let lastEvaluation = 0;
  let ended: MbpoTrainingResult['ended'] = 'steps';

  /** @returns whether the goal ends the training */
  const evaluate = (): boolean => {
    const policy = trainer.learner.snapshot();
    // The same starts at every evaluation, so that differences are the policy's; not those of the evaluation that is reported
    // in the end, for which the best of many would then be too good.
    const starts = new Rng(options.seed, 'selection');
    const evaluation = evaluatePolicy(evaluationEnv, new PlainPolicy(policy), evaluationEpisodes, starts);
    const isBest = best === undefined || evaluation.meanReturn >= best.report.meanReturn;
    const report = { ...evaluation, step: trainer.stepCount, best: isBest };
    if (isBest) best = { report, policy };
    lastEvaluation = trainer.stepCount;
    options.onEvaluation?.(report, policy);
    return options.stopAtGoal === true && report.meanReturn >= env.task.goalReturn;
  };

  let nextEvaluation = Math.max(evaluateEvery, options.config.initialRandomSteps + 1);
  while (trainer.stepCount < steps) {
    if (options.shouldStop?.() === true) {
      ended = 'stopped';
      break;
    }
    const report = await trainer.step();
    if (report.model !== undefined) options.onModel?.(report.model, report.step);
    options.onStep?.(report);
    if (report.episode === undefined) continue;
    options.onEpisode?.(report.episode);
    if (report.step < nextEvaluation && report.step < steps) continue;
    nextEvaluation = report.step + evaluateEvery;
    if (evaluate()) {
      ended = 'goal';
      break;
    }
  }
  if (trainer.stepCount > Math.max(lastEvaluation, learningFrom)) {
    // within an episode, which goes on where it was
    const running = evaluationEnv === env ? env.getState(0) : undefined;
    if (evaluate() && ended === 'steps') ended = 'goal';
    if (running !== undefined) env.setState(0, running);
  }
  return {
    steps: trainer.stepCount,
    episodes: trainer.episodeCount,
    ended,
    trainer,
    policy: best?.policy ?? trainer.learner.snapshot(),
    ...(best && { bestEvaluation: best.report }),
  };
}

/** Mean return of uniformly random actions: what a policy must beat. */
export function randomPolicyReturn(env: VectorEnv, episodes: number, seed: number): PolicyEvaluation {
  const policy = new RandomPolicy(env.layout.actions.length, new Rng(seed, 'random-policy'));
  return evaluatePolicy(env, policy, episodes, new Rng(seed, 'evaluation'));
}
