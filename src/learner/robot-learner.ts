import { selectBackend } from '../compute/index.js';
import { elapsedMs, type Clock } from '../core/index.js';
import type { Checkpoint, RunDirectory } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { ReplayView, observationSpec, type PolicySnapshot } from '../rl/index.js';
import type { ModelSnapshotMeta } from '../rl/model-snapshot.js';
import type { Robot } from '../robot/index.js';
import { findTask } from '../../sim/tasks/index.js';
import { finetuneJobOf } from './finetune-job.js';
import type { JudgedEpisode, LearnedRound } from './learner-messages.js';
import { readRealEpisodes } from './real-episodes.js';
import {
  learnerTensors,
  refinedCheckpoint,
  refinedState,
  simulatedSteps,
  trainedPolicy,
} from './refined-checkpoint.js';
import { Refiner, type Refinement } from './refiner.js';
import { withRobotModel } from './robot-model.js';

export interface LearnerListener {
  /** one line for people */
  line(text: string): void;
  progress(done: number, total: number): void;
}

/** checkpoints kept; the second newest is there in case the newest gets damaged */
const KEPT = 2;
/** simulated steps kept, the newest; a fit draws from them */
const SIMULATED_KEPT = 20_000;

/** Learns from the episodes of one run directory, in which it keeps what it learned. Nothing else tells it anything of the robot. */
export class RobotLearner {
  /** real steps that the newest policy has learned from */
  version: number;
  /** ids of the episodes that they are from */
  private learned: readonly string[];
  /** ids of all episodes that were read */
  private readonly known = new Set<string>();
  private readonly warnings = new Set<string>();
  private readonly trained: PolicySnapshot;

  private constructor(
    private readonly run: RunDirectory,
    private readonly refiner: Refiner,
    checkpoint: Checkpoint,
    private readonly listener: LearnerListener,
    private readonly clock: Clock,
    readonly backend: string,
  ) {
    this.version = checkpoint.step;
    this.learned = refinedState(checkpoint).episodes;
    this.trained = trainedPolicy(checkpoint);
  }

  /**
   * @returns it, and the episodes of earlier sittings
   * @throws BAD_INPUT where the run is not that of a fine-tuning, or is damaged
   */
  static async open(
    run: RunDirectory,
    robot: Robot,
    listener: LearnerListener,
    clock: Clock,
  ): Promise<{ readonly learner: RobotLearner; readonly episodes: readonly JudgedEpisode[] }> {
    const job = finetuneJobOf(run.readConfig(), run.path);
    const layout = layoutOf(robot);
    const task = findTask(robot.model, job.task);
    const checkpoint = run.loadCheckpoint();
    const backend = await selectBackend(job.backend, {
      threads: job.threads ?? undefined,
      robotAttached: true,
    });
    const observation = observationSpec(layout, job.learner);
    const simulated = new ReplayView(layout, observation, task, SIMULATED_KEPT);
    simulated.load(simulatedSteps(checkpoint));
    const options = { layout, task, observation, config: job.learner, seed: job.seed, simulated };
    const model = checkpoint.parts['model'] as ModelSnapshotMeta | undefined;
    if (model === undefined)
      listener.line(
        'the policy was trained without a world model: fitting one to the steps of its simulation',
      );
    const refiner = new Refiner(options, await withRobotModel(learnerTensors(checkpoint), model, options));
    const learner = new RobotLearner(run, refiner, checkpoint, listener, clock, backend.explanation);
    const learned = await learner.take((id) => learner.learned.includes(id));
    refiner.skip();
    return { learner, episodes: [...learned, ...(await learner.read())] };
  }

  /** The episodes that were recorded since it last looked. */
  read(): Promise<JudgedEpisode[]> {
    return this.take(() => true);
  }

  /** Learns from all steps that are new, and keeps what was learned. */
  async learn(): Promise<LearnedRound> {
    const { refiner, listener, clock } = this;
    const { newSteps } = refiner;
    const startNs = clock.nowNs();
    const result = await refiner.learn((done, total) => listener.progress(done, total));
    const seconds = elapsedMs(startNs, clock.nowNs()) / 1e3;
    if ('divergence' in result) return { version: this.version, seconds, divergence: result.divergence };
    this.version += newSteps;
    this.learned = [...this.known];
    this.save(refiner.policy());
    return { version: this.version, seconds, model: this.describe(result) };
  }

  /** Makes the policy as it was trained the one that drives from now on. */
  revert(): void {
    this.save(this.trained);
  }

  dispose(): void {
    this.refiner.dispose();
  }

  private async take(wanted: (id: string) => boolean): Promise<JudgedEpisode[]> {
    const judged: JudgedEpisode[] = [];
    for (const episode of await readRealEpisodes(this.run, (text) => this.warn(text))) {
      const { id, parts, ...facts } = episode;
      if (this.known.has(id) || !wanted(id)) continue;
      this.known.add(id);
      const before = this.refiner.steps;
      const sum = this.refiner.add(parts);
      judged.push({ id, ...facts, steps: this.refiner.steps - before, return: sum });
    }
    return judged;
  }

  /** All files are read each time; what is wrong with one is told once. */
  private warn(text: string): void {
    if (this.warnings.has(text)) return;
    this.warnings.add(text);
    this.listener.line(text);
  }

  private describe({ model }: Refinement): NonNullable<LearnedRound['model']> {
    const { rows, gradientSteps, evaluation } = model;
    return {
      outputs: this.refiner.outputs,
      rows,
      gradientSteps,
      holdoutRmse: Array.from(evaluation.rmse),
      holdoutNll: Array.from(evaluation.nll),
    };
  }

  private save(policy: PolicySnapshot): void {
    const { refiner, trained } = this;
    this.run.saveCheckpoint(
      refinedCheckpoint({
        step: this.version,
        policy,
        explorer: refiner.explorer(),
        trained,
        learner: refiner.tensors(),
        simulated: refiner.simulatedTensors(),
        model: refiner.modelMeta,
        episodes: this.learned,
      }),
      KEPT,
    );
  }
}
