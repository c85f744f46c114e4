/** What MBPO learns with, without an environment: it serves the training loop, and a robot between two episodes. */
import { Rng, type RngState } from '../core/index.js';
import type { FrameLayout, Task } from '../env/index.js';
import type { FitReport } from './ensemble-fit.js';
import { FrameModel } from './frame-model.js';
import { checkMbpoConfig, rolloutLengthAt, type MbpoConfig } from './mbpo-config.js';
import { ModelBuffer } from './model-buffer.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import type { ObservationSpec } from './observation.js';
import type { PolicySnapshot } from './policy-snapshot.js';
import { ReplayView } from './replay.js';
import { drawStarts, rollout, type RolloutReport } from './rollout.js';
import { Sac, type SacNoise, type SacReport } from './sac.js';
import { transitionBatch, type TransitionBatch } from './transition-batch.js';

export interface MbpoLearnerOptions {
  readonly layout: FrameLayout;
  readonly task: Task;
  readonly observation: ObservationSpec;
  readonly config: MbpoConfig;
  readonly seed: number;
  /** recorded steps to learn from besides `replay`, such as the simulation's when refining on a robot */
  readonly prior?: ReplayView;
  /** keep the policy's observation normaliser as loaded; true when refining a policy that must not change at once */
  readonly freezeNormaliser?: boolean;
}

const STREAMS = ['fit', 'rollout', 'replay', 'noise'] as const;

export class MbpoLearner {
  readonly sac: Sac;
  readonly model: FrameModel;
  readonly replay: ReplayView;
  private readonly buffer: ModelBuffer;
  private readonly batch: TransitionBatch;
  private readonly noise: SacNoise;
  private rngs: Record<(typeof STREAMS)[number], Rng>;

  constructor(readonly options: MbpoLearnerOptions) {
    const { layout, task, observation, config, seed } = options;
    checkMbpoConfig(config);
    this.sac = new Sac(observation, config.sac, new Rng(seed, 'policy-init'));
    this.model = new FrameModel(observation, config.model, new Rng(seed, 'model-init'));
    this.replay = new ReplayView(layout, observation, task);
    this.buffer = new ModelBuffer(config.rolloutBranches, observation.size, observation.actionSize);
    this.batch = transitionBatch(config.batchSize, observation.size, observation.actionSize);
    const count = config.batchSize * observation.actionSize;
    this.noise = { next: new Float32Array(count), current: new Float32Array(count) };
    this.rngs = {
      fit: new Rng(seed, 'fit'),
      rollout: new Rng(seed, 'rollout'),
      replay: new Rng(seed, 'replay'),
      noise: new Rng(seed, 'noise'),
    };
  }

  /** Imagined transitions at hand. */
  get imagined(): number {
    return this.buffer.size;
  }

  /** the replays that hold steps, its own first */
  private get replays(): ReplayView[] {
    const { prior } = this.options;
    return [this.replay, ...(prior ? [prior] : [])].filter((replay) => replay.steps > 0);
  }

  /** Fits the world model, and the policy's normaliser unless frozen, to all recorded steps. */
  async fitModel(pause?: () => Promise<void>): Promise<FitReport> {
    const data = this.model.dataset(this.replays);
    const { size, actionSize } = this.options.observation;
    if (this.options.freezeNormaliser !== true) {
      const observations = new Float32Array(data.count * size);
      for (let i = 0; i < data.count; i++) {
        const from = i * (size + actionSize);
        observations.set(data.inputs.subarray(from, from + size), i * size);
      }
      this.sac.normaliser.fit(data.count, observations);
    }
    return this.model.fitTo(data, this.rngs.fit, pause);
  }

  /** One round of rollouts at a real step; the step sets their length. */
  imagine(step: number): RolloutReport {
    const { config, task, layout, observation } = this.options;
    const { rolloutBranches, retainedRounds } = config;
    const length = rolloutLengthAt(config, step);
    this.buffer.resize(rolloutBranches * length * retainedRounds);
    const rng = this.rngs.rollout;
    const { replays } = this;
    const starts = drawStarts(replays, this.shares(replays, rolloutBranches), rng);
    const parts = { model: this.model, policy: this.sac, task, layout, observation };
    return rollout(parts, starts, rolloutBranches, length, rng, this.buffer);
  }

  /** Policy updates on batches of recorded and imagined steps; the report is of the last. */
  updatePolicy(): SacReport {
    const { batchSize, realRatio, priorRatio } = this.options.config;
    const { replay, noise } = this.rngs;
    const { replays } = this;
    const recorded = this.buffer.size === 0 ? batchSize : Math.round(batchSize * (realRatio + priorRatio));
    let start = 0;
    this.shares(replays, recorded).forEach((count, i) => {
      replays[i]!.fill(this.batch, start, count, replay);
      start += count;
    });
    this.buffer.fill(this.batch, recorded, batchSize - recorded, replay);
    noise.fillNormal(this.noise.next);
    noise.fillNormal(this.noise.current);
    return this.sac.update(this.batch, this.noise);
  }

  snapshot(): PolicySnapshot {
    return this.sac.snapshot();
  }

  /** Policy and model. Replay and imagined steps are not here: they are recomputed from the recorded episodes. */
  tensors(): NamedTensors {
    return { ...withPrefix('sac', this.sac.tensors()), ...withPrefix('model', this.model.tensors()) };
  }

  load(tensors: NamedTensors): void {
    this.sac.load(withoutPrefix('sac', tensors));
    this.model.load(withoutPrefix('model', tensors));
  }

  randomStates(): Record<string, RngState> {
    return Object.fromEntries(STREAMS.map((name) => [name, this.rngs[name].state]));
  }

  loadRandomStates(states: Readonly<Record<string, RngState>>): void {
    for (const name of STREAMS) {
      const state = states[name];
      if (state !== undefined) this.rngs[name] = Rng.fromState(state);
    }
  }

  dispose(): void {
    this.sac.dispose();
    this.model.dispose();
  }

  /** `count` divided between the replays as realRatio to priorRatio. */
  private shares(replays: readonly ReplayView[], count: number): number[] {
    if (replays.length < 2) return [count];
    const { realRatio, priorRatio } = this.options.config;
    const total = realRatio + priorRatio;
    const fromPrior = total === 0 ? 0 : Math.round((count * priorRatio) / total);
    return [count - fromPrior, fromPrior];
  }
}
