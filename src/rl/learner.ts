/** What learns, without an environment: it serves the training loop, and a robot between two episodes. */
import { badInput, Rng, type RngState } from '../core/index.js';
import type { FrameLayout, Task } from '../env/index.js';
import type { FitReport } from './ensemble-fit.js';
import { parseLearnerConfig, rolloutLengthAt, type LearnerConfig } from './learner-config.js';
import { ModelBuffer } from './model-buffer.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { encodeObservations, type ObservationSpec } from './observation.js';
import type { PolicySnapshot } from './policy-snapshot.js';
import { historyWindows, ReplayView } from './replay.js';
import { drawStarts, rollout, type RolloutReport } from './rollout.js';
import { Sac, type SacNoise, type SacReport } from './sac.js';
import { transitionBatch, type TransitionBatch } from './transition-batch.js';
import { WorldModel } from './world-model.js';

export interface LearnerOptions {
  readonly layout: FrameLayout;
  readonly task: Task;
  readonly observation: ObservationSpec;
  readonly config: LearnerConfig;
  readonly seed: number;
  /** steps of a simulation, which the world model learns from besides; needs its domainInput */
  readonly simulated?: ReplayView;
}

/** Simulated steps of one fit: enough that what they say is not forgotten, few enough that the robot's are not drowned. */
const MOST_SIMULATED = 2000;
const STREAMS = ['fit', 'rollout', 'replay', 'noise'] as const;

export class Learner {
  readonly sac: Sac;
  /** absent where SAC learns alone */
  readonly world: WorldModel | undefined;
  readonly replay: ReplayView;
  private readonly buffer: ModelBuffer;
  private readonly batch: TransitionBatch;
  private readonly noise: SacNoise;
  private rngs: Record<(typeof STREAMS)[number], Rng>;

  constructor(readonly options: LearnerOptions) {
    const { layout, task, observation, config, seed } = options;
    parseLearnerConfig(config, 'learner configuration');
    this.sac = new Sac(observation, config.sac, new Rng(seed, 'policy-init'));
    this.world =
      config.world && new WorldModel(layout, task, observation, config.world, new Rng(seed, 'model-init'));
    this.replay = new ReplayView(layout, observation, task);
    this.buffer = new ModelBuffer(observation.size, observation.actionSize);
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

  /** Fits the policy's normaliser to all recorded steps. Who refines a policy that must not change at once does not. */
  fitNormaliser(): void {
    const { observation: spec } = this.options;
    const rows = this.replay.transitions();
    const count = rows.length;
    const windows = historyWindows(spec, count);
    rows.forEach((row, i) => this.replay.readWindow(row, windows, i));
    const observations = new Float32Array(count * spec.size);
    encodeObservations(spec, count, windows.frames, windows.actions, observations);
    this.sac.normaliser.fit(count, observations);
  }

  /** Fits the world model to all recorded steps, and to some of the simulated ones; undefined where there is none. */
  async fitWorld(pause?: () => Promise<void>): Promise<FitReport | undefined> {
    const { fit } = this.rngs;
    const { simulated: replay } = this.options;
    const simulated = replay && { replay, rows: drawRows(replay, MOST_SIMULATED, fit) };
    return this.world?.fitTo(this.world.dataset(this.replay, simulated), fit, pause);
  }

  /** One round of rollouts at a real step, which sets their length; undefined where there is no world model. */
  imagine(step: number): RolloutReport | undefined {
    const { world, replay, sac } = this;
    if (world === undefined) return undefined;
    const { rollout: config } = world.config;
    const { branches, startShare, retainedRounds } = config;
    const length = rolloutLengthAt(config, step);
    this.buffer.startRound(retainedRounds);
    const rng = this.rngs.rollout;
    const starts = drawStarts(replay, branches, startShare, rng);
    const cut = world.cut(replay, rng);
    const parts = { model: world, policy: sac, observation: this.options.observation, cut };
    return rollout(parts, starts, branches, length, rng, this.buffer);
  }

  /** One policy update on a batch of recorded and imagined steps. */
  updatePolicy(): SacReport {
    const { batchSize, world } = this.options.config;
    const { replay, noise } = this.rngs;
    const share = world === undefined || this.buffer.size === 0 ? 1 : world.realRatio;
    const recorded = Math.round(batchSize * share);
    this.replay.fill(this.batch, 0, recorded, replay);
    this.buffer.fill(this.batch, recorded, batchSize - recorded, replay);
    noise.fillNormal(this.noise.next);
    noise.fillNormal(this.noise.current);
    return this.sac.update(this.batch, this.noise);
  }

  /** the policy to be judged and to be used */
  policy(): PolicySnapshot {
    return this.sac.snapshot('average');
  }

  /** the policy to learn more with */
  explorer(): PolicySnapshot {
    return this.sac.snapshot('newest');
  }

  /** Policy and model. Replay and imagined steps are not here: see {@link memory}. */
  tensors(): NamedTensors {
    return {
      ...withPrefix('sac', this.sac.tensors()),
      ...(this.world && withPrefix('model', this.world.tensors())),
    };
  }

  /** Steps that were imagined before are forgotten: they are another model's. */
  load(tensors: NamedTensors): void {
    this.buffer.clear();
    this.sac.load(withoutPrefix('sac', tensors));
    this.world?.load(withoutPrefix('model', tensors));
  }

  /** Recorded and imagined steps, for going on exactly. */
  memory(): NamedTensors {
    return {
      ...withPrefix('replay', this.replay.tensors()),
      ...withPrefix('imagined', this.buffer.tensors()),
    };
  }

  loadMemory(tensors: NamedTensors): void {
    this.replay.load(withoutPrefix('replay', tensors));
    this.buffer.load(withoutPrefix('imagined', tensors));
  }

  randomStates(): Record<string, RngState> {
    return Object.fromEntries(STREAMS.map((name) => [name, this.rngs[name].state]));
  }

  loadRandomStates(states: Readonly<Record<string, RngState>>): void {
    for (const name of STREAMS) {
      const state = states[name];
      if (state === undefined)
        throw badInput(`the random state of '${name}' is missing; nothing could be gone on with exactly`);
      this.rngs[name] = Rng.fromState(state);
    }
  }

  dispose(): void {
    this.sac.dispose();
    this.world?.dispose();
  }
}

/** Up to `most` usable rows, at random. */
function drawRows(replay: ReplayView, most: number, rng: Rng): Float64Array {
  const rows = replay.transitions();
  if (rows.length <= most) return rows;
  const order = rng.shuffle(Int32Array.from({ length: rows.length }, (_, i) => i));
  return Float64Array.from(order.subarray(0, most), (i) => rows[i]!);
}
