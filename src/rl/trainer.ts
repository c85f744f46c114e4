/**
 * The training loop: SAC (Haarnoja et al. 2018), and with a world model MBPO (Janner et al. 2019, arXiv 1906.08253, algorithm 2).
 * E environments stepped together, F frame size, A actions.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { badInput, Rng, type Clock, type RngState } from '../core/index.js';
import type { StepResult, VectorEnv } from '../env/index.js';
import { DivergenceDetector, fitDivergence } from './divergence.js';
import type { FitReport } from './ensemble-fit.js';
import { Learner } from './learner.js';
import type { LearnerConfig } from './learner-config.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import type { ObservationSpec } from './observation.js';
import { PlainPolicy, type PolicyCarry } from './policy-snapshot.js';
import type { RolloutReport } from './rollout.js';
import type { SacReport } from './sac.js';
import { TimeSplit } from './time-split.js';

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
  /** real steps so far, these included: one for each environment */
  readonly step: number;
  readonly random: boolean;
  /** present where this step updated the policy */
  readonly sac?: SacReport;
  readonly model?: FitReport;
  readonly rollout?: RolloutReport;
  /** what has gone wrong beyond recovery; nothing should be learned or kept after it */
  readonly divergence?: string;
  /** that ended with this step */
  readonly episodes: readonly EpisodeReport[];
}

/** Is told of everything that happens to the one robot, in order; arrays are overwritten by the next step. */
export interface StepRecorder {
  begin(frame: Float32Array): void;
  step(action: Float32Array, result: StepResult): void;
  end(report: EpisodeReport): void;
}

export interface TrainerOptions {
  /** one robot, or many simulated ones */
  readonly env: VectorEnv;
  readonly observation: ObservationSpec;
  readonly config: LearnerConfig;
  readonly seed: number;
  /** for the time split only */
  readonly clock: Clock;
  /** needs an environment of one robot */
  readonly recorder?: StepRecorder;
  /** start with the policy that `learner.load` brings, not with random steps */
  readonly warmStart?: boolean;
}

/** Gradient steps between two turns of the event loop, so that signals are seen within some 50 ms. */
const STEPS_PER_TURN = 4;

interface RunningEpisode {
  carry: PolicyCarry;
  return: number;
  length: number;
}

/** What a trainer goes on from: see {@link Trainer.state}. */
export interface TrainerState {
  readonly tensors: NamedTensors;
  /** plain JSON */
  readonly parts: {
    readonly stepCount: number;
    readonly episodeCount: number;
    readonly updatesDue: number;
    readonly detector: readonly [number, number];
    readonly random: Readonly<Record<string, RngState>>;
    /** of each environment, its running episode */
    readonly episodes: readonly (SavedEpisode | null)[];
  };
}

interface SavedEpisode {
  readonly return: number;
  readonly length: number;
  /** VectorEnv.getState, base64 */
  readonly environment: string;
}

export class Trainer {
  readonly learner: Learner;
  readonly time: TimeSplit;
  /** real steps so far */
  stepCount = 0;
  episodeCount = 0;
  private readonly env: VectorEnv;
  private rngs: { readonly env: Rng; readonly exploration: Rng };
  /** (E x A) */
  private readonly actions: Float32Array;
  private readonly episodes: (RunningEpisode | undefined)[];
  private explorer: PlainPolicy;
  private updatesDue = 0;
  private readonly detector: DivergenceDetector;
  private work = 0;

  constructor(readonly options: TrainerOptions) {
    const { env, observation, seed, recorder } = options;
    if (recorder !== undefined && env.count !== 1)
      throw badInput(`a recorder needs an environment of one robot, got ${env.count}`);
    this.env = env;
    this.time = new TimeSplit(options.clock);
    this.learner = new Learner({ ...options, layout: env.layout, task: env.task });
    this.rngs = { env: new Rng(seed, 'environment'), exploration: new Rng(seed, 'exploration') };
    this.detector = new DivergenceDetector(observation.actionSize, options.config.sac.gamma);
    this.actions = new Float32Array(env.count * observation.actionSize);
    this.episodes = new Array<RunningEpisode | undefined>(env.count).fill(undefined);
    this.explorer = this.newExplorer();
  }

  /** One step of every environment, with the learning that is due before and after it. */
  async step(): Promise<StepReport> {
    const { config, warmStart } = this.options;
    const learning = this.stepCount >= config.initialRandomSteps;
    const random = !learning && warmStart !== true;
    const model = learning && this.isDue(config.fitEvery) ? await this.fit() : undefined;
    const rollout = learning && this.isDue(config.world?.rollout.every) ? this.imagine() : undefined;
    const episodes = this.time.measure('environment', () => this.act(random));
    const sac = learning ? await this.updatePolicy() : undefined;
    const divergence = (model && fitDivergence(model)) ?? (sac && this.detector.check(sac));
    return {
      step: this.stepCount,
      random,
      episodes,
      ...(sac && { sac }),
      ...(divergence !== undefined && { divergence }),
      ...(model && { model }),
      ...(rollout && { rollout }),
    };
  }

  /**
   * Everything that decides what comes next, except the parts that never change: a trainer of the same options that is given it goes
   * on bit for bit, on the same machine and backend.
   */
  state(): TrainerState {
    const { env, learner, rngs } = this;
    const carries = this.episodes.map((episode, e) =>
      episode === undefined ? {} : withPrefix(`episode${e}`, episode.carry.tensors()),
    );
    return {
      tensors: Object.assign(
        {},
        withPrefix('learner', learner.tensors()),
        learner.memory(),
        ...carries,
      ) as NamedTensors,
      parts: {
        stepCount: this.stepCount,
        episodeCount: this.episodeCount,
        updatesDue: this.updatesDue,
        detector: this.detector.state,
        random: {
          ...learner.randomStates(),
          environment: rngs.env.state,
          exploration: rngs.exploration.state,
        },
        episodes: this.episodes.map((episode, e) =>
          episode === undefined
            ? null
            : {
                return: episode.return,
                length: episode.length,
                environment: Buffer.from(env.getState(e)).toString('base64'),
              },
        ),
      },
    };
  }

  /** Goes on from what {@link state} gave. */
  restore({ tensors, parts }: TrainerState): void {
    const { env, learner } = this;
    const { environment, exploration, ...streams } = parts.random;
    learner.load(withoutPrefix('learner', tensors));
    learner.loadMemory(tensors);
    learner.loadRandomStates(streams);
    this.rngs = { env: Rng.fromState(environment!), exploration: Rng.fromState(exploration!) };
    this.stepCount = parts.stepCount;
    this.episodeCount = parts.episodeCount;
    this.updatesDue = parts.updatesDue;
    this.detector.restore(parts.detector);
    this.explorer = this.newExplorer();
    parts.episodes.forEach((saved, e) => {
      this.episodes[e] = undefined;
      if (saved === null) return;
      const carry = this.explorer.begin();
      carry.load(withoutPrefix(`episode${e}`, tensors));
      env.setState(e, Buffer.from(saved.environment, 'base64'));
      this.episodes[e] = { carry, return: saved.return, length: saved.length };
    });
  }

  dispose(): void {
    this.learner.dispose();
  }

  /** Once in so many real steps since learning began, and at its beginning. */
  private isDue(every: number | undefined): boolean {
    return (
      every !== undefined &&
      (this.stepCount - this.options.config.initialRandomSteps) % every < this.env.count
    );
  }

  private act(random: boolean): EpisodeReport[] {
    const { env, actions, episodes, rngs } = this;
    const { frameSize: f, actionSize: a } = this.options.observation;
    for (let e = 0; e < env.count; e++) {
      const { carry } = (episodes[e] ??= this.beginEpisode(e));
      this.explorer.step(carry, env.frames.subarray(e * f, (e + 1) * f));
      const action = actions.subarray(e * a, (e + 1) * a);
      if (random) {
        for (let i = 0; i < a; i++) action[i] = rngs.exploration.uniform(-1, 1);
        carry.override(action);
      } else {
        action.set(carry.action);
      }
    }
    const result = env.step(actions);
    this.stepCount += env.count;
    this.options.recorder?.step(actions, result);
    const ended: EpisodeReport[] = [];
    for (let e = 0; e < env.count; e++) {
      const episode = episodes[e]!;
      const terminated = result.terminated[e] === 1;
      const truncated = result.truncated[e] === 1;
      this.learner.replay.append(
        actions.subarray(e * a, (e + 1) * a),
        result.frames.subarray(e * f, (e + 1) * f),
        result.rewards[e]!,
        terminated,
        truncated,
        e,
      );
      this.detector.reward(result.rewards[e]!);
      episode.return += result.rewards[e]!;
      episode.length++;
      if (terminated || truncated) ended.push(this.endEpisode(e, terminated, random));
    }
    return ended;
  }

  private beginEpisode(index: number): RunningEpisode {
    const { env, options } = this;
    const { frameSize: f } = options.observation;
    env.reset(index, this.rngs.env);
    const frame = env.frames.subarray(index * f, (index + 1) * f);
    this.learner.replay.begin(frame, index);
    options.recorder?.begin(frame);
    return { carry: this.explorer.begin(), return: 0, length: 0 };
  }

  private endEpisode(index: number, terminated: boolean, random: boolean): EpisodeReport {
    const { return: sum, length } = this.episodes[index]!;
    const report = {
      episode: this.episodeCount++,
      step: this.stepCount,
      return: sum,
      length,
      terminated,
      random,
    };
    this.options.recorder?.end(report);
    this.episodes[index] = undefined;
    return report;
  }

  private async fit(): Promise<FitReport | undefined> {
    const { learner, time } = this;
    time.measure('policy', () => learner.fitNormaliser());
    const report = await time.measureAsync('model', () => learner.fitWorld(() => this.pause()));
    this.explorer = this.newExplorer();
    return report;
  }

  private imagine(): RolloutReport | undefined {
    return this.time.measure('rollouts', () => this.learner.imagine(this.stepCount));
  }

  private async updatePolicy(): Promise<SacReport | undefined> {
    this.updatesDue += this.options.config.updatesPerStep * this.env.count;
    let report: SacReport | undefined;
    await this.time.measureAsync('policy', async () => {
      for (; this.updatesDue >= 1; this.updatesDue--) {
        report = this.learner.updatePolicy();
        await this.pause();
      }
    });
    if (report !== undefined) this.explorer = this.newExplorer();
    return report;
  }

  /** The exploring policy as it is learned by now. */
  private newExplorer(): PlainPolicy {
    return new PlainPolicy(this.learner.explorer(), this.rngs.exploration);
  }

  private async pause(): Promise<void> {
    if (++this.work % STEPS_PER_TURN === 0) await nextTurn();
  }
}
