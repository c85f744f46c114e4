import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FrameLayout, Task } from '../env/index.js';
import { DivergenceDetector, fitDivergence } from '../rl/divergence.js';
import type { ModelSnapshotMeta } from '../rl/model-snapshot.js';
import {
  Learner,
  type FitReport,
  type LearnerConfig,
  type NamedTensors,
  type ObservationSpec,
  type PolicySnapshot,
  type RecordedEpisode,
  type ReplayView,
  type RolloutReport,
  type SacReport,
} from '../rl/index.js';

export interface RefinerOptions {
  readonly layout: FrameLayout;
  readonly task: Task;
  readonly observation: ObservationSpec;
  /** see refined-config.ts */
  readonly config: LearnerConfig;
  readonly seed: number;
  /** steps of the simulation that the policy was trained in */
  readonly simulated: ReplayView;
}

/** What one round of learning did. */
export interface Refinement {
  readonly model: FitReport;
  /** the last of the round */
  readonly rollout: RolloutReport;
  readonly sac: SacReport;
  readonly updates: number;
}

/** Gradient steps between two turns of the event loop, so that orders are seen within some 50 ms. */
const STEPS_PER_TURN = 4;

/** Learns on from a training in simulation, on what a real robot did: the model first, then the policy on steps imagined with it. */
export class Refiner {
  private readonly learner: Learner;
  private readonly detector: DivergenceDetector;
  /** recorded steps that were learned from */
  private learned = 0;
  private work = 0;
  /** networks and optimisers after the newest round that went well */
  private good: NamedTensors;

  /** @param tensors of a {@link Learner} of this configuration */
  constructor(
    private readonly options: RefinerOptions,
    tensors: NamedTensors,
  ) {
    const { observation, config } = options;
    this.learner = new Learner(options);
    this.detector = new DivergenceDetector(observation.actionSize, config.sac.gamma);
    this.learner.load(tensors);
    this.good = tensors;
  }

  /** Real steps at hand. */
  get steps(): number {
    return this.learner.replay.steps;
  }

  /** Real steps that nothing was learned from yet. */
  get newSteps(): number {
    return this.steps - this.learned;
  }

  /** Takes the steps of a real episode, without learning yet. @returns the rewards that the task gives for them, added up */
  add(parts: readonly RecordedEpisode[]): number {
    const { task, layout, observation } = this.options;
    let sum = 0;
    for (const part of parts) {
      const steps = part.actions.length / observation.actionSize;
      const rewards = new Float32Array(steps);
      task.reward!(steps, layout, part.frames, part.actions, part.frames.subarray(layout.size), rewards);
      for (const reward of rewards) {
        this.detector.reward(reward);
        sum += reward;
      }
      this.learner.replay.addEpisode({ ...part, rewards });
    }
    return sum;
  }

  /** What is at hand was learned from in an earlier sitting. */
  skip(): void {
    this.learned = this.steps;
  }

  /**
   * Fits the world model to all real steps, then updates the policy, so many times for each new step.
   * @param progress is told of policy updates
   * @returns what went wrong where losses or values explode: everything is then as it was before
   */
  async learn(progress: (done: number, total: number) => void): Promise<Refinement | { divergence: string }> {
    const { updatesPerStep, world } = this.options.config;
    const updatesPerRollout = Math.max(1, Math.round(world!.rollout.every * updatesPerStep));
    const total = Math.ceil(this.newSteps * updatesPerStep);
    const bounds = this.detector.state;
    const model = (await this.learner.fitWorld(() => this.pause()))!;
    const broken = fitDivergence(model);
    if (broken !== undefined) return this.restore(broken, bounds);
    let rollout: RolloutReport | undefined;
    let sac: SacReport | undefined;
    for (let done = 0; done < total; done++) {
      if (done % updatesPerRollout === 0) rollout = this.learner.imagine(this.steps)!;
      sac = this.learner.updatePolicy();
      const divergence = this.detector.check(sac);
      if (divergence !== undefined) return this.restore(divergence, bounds);
      progress(done + 1, total);
      await this.pause();
    }
    this.learned = this.steps;
    this.good = this.learner.tensors();
    return { model, rollout: rollout!, sac: sac!, updates: total };
  }

  /** the policy to be judged and to be used */
  policy(): PolicySnapshot {
    return this.learner.policy();
  }

  /** the policy to learn more with */
  explorer(): PolicySnapshot {
    return this.learner.explorer();
  }

  /** Networks and optimisers, to go on with. */
  tensors(): NamedTensors {
    return this.good;
  }

  simulatedTensors(): NamedTensors {
    return this.options.simulated.tensors();
  }

  get modelMeta(): ModelSnapshotMeta {
    return this.learner.world!.snapshotMeta;
  }

  /** a name for each output of the model */
  get outputs(): readonly string[] {
    return this.learner.world!.outputs;
  }

  dispose(): void {
    this.learner.dispose();
  }

  private restore(divergence: string, bounds: DivergenceDetector['state']): { divergence: string } {
    this.learner.load(this.good);
    this.detector.restore(bounds);
    return { divergence };
  }

  private async pause(): Promise<void> {
    if (++this.work % STEPS_PER_TURN === 0) await nextTurn();
  }
}
