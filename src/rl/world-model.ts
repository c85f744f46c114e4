/**
 * World model on raw frames: observation history and action in, distribution of what comes next out.
 * B batch, N rows, F frame size, A actions, S observation size, D outputs. The network takes [observation (S) | action (A) | domain,
 * where there are two] and predicts [frame (F) | reward, where it is learned]; the frame as its change or itself (`target`); changes of
 * angles are wrapped to [-pi, pi).
 */
import { wrapAngle, type Rng } from '../core/index.js';
import type { FrameLayout, Task } from '../env/index.js';
import { Ensemble, type ModelDataset } from './ensemble.js';
import { fitEnsemble, type FitReport } from './ensemble-fit.js';
import type { WorldConfig } from './learner-config.js';
import type { MemberPredictions } from './member-predictions.js';
import { ROBOT, SIMULATION, modelInputSize, type Domain } from './domain.js';
import type { ModelSnapshotMeta } from './model-snapshot.js';
import { withPrefix, withoutPrefix, type NamedTensors } from './named-tensors.js';
import { encodeObservations, observationSpec, type ObservationSpec } from './observation.js';
import { historyWindows, type HistoryWindows, type ReplayView } from './replay.js';
import { fusedGaussian, rolloutCut, type RolloutCut } from './rollout-cut.js';
import { TerminationModel } from './termination-model.js';

/** One imagined step of B branches. */
export interface ImaginedStep {
  /** (B x F) */
  readonly next: Float32Array;
  /** (B) */
  readonly rewards: Float32Array;
  /** (B) 1 where the task ends */
  readonly terminated: Uint8Array;
}

/** How the steps of a round are judged: see {@link RolloutCut}. */
export interface Certainty {
  readonly draw: RolloutCut['draw'];
  judge(predictions: MemberPredictions): void;
}

export interface DynamicsModel {
  /**
   * @param windows histories of B states
   * @param actions (B x A)
   * @param certainty is shown the members' predictions; without it each row costs one network, not all
   */
  imagine(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    rng: Rng,
    certainty?: Certainty,
  ): ImaginedStep;
}

/** Some recorded steps: rows of a replay. */
export interface RecordedRows {
  readonly replay: ReplayView;
  readonly rows: Float64Array;
}

/** What a fit is made from. */
export interface WorldData extends ModelDataset {
  /** (N x size of an encoded frame) frames that steps led to */
  readonly nextFrames: Float32Array;
  /** (N) 1 where the task ended there */
  readonly ended: Uint8Array;
}

/** Steps that Infoprop's limits are taken from. */
const JUDGED_STEPS = 2000;
/** gradient steps of the termination classifier in one fit */
const TERMINATION_STEPS = 200;

export class WorldModel implements DynamicsModel {
  readonly ensemble: Ensemble;
  /** the network predicts rewards too */
  readonly learnsReward: boolean;
  /** a frame alone, as the termination classifier sees it */
  private readonly frameSpec: ObservationSpec;
  private readonly termination: TerminationModel | undefined;

  constructor(
    readonly layout: FrameLayout,
    readonly task: Task,
    readonly observation: ObservationSpec,
    readonly config: WorldConfig,
    rng: Rng,
  ) {
    const { model, reward, termination } = config;
    this.learnsReward = reward === 'learned' || task.reward === undefined;
    const outputs = observation.frameSize + (this.learnsReward ? 1 : 0);
    this.ensemble = new Ensemble(modelInputSize(observation, config.domainInput), outputs, model, rng);
    this.frameSpec = observationSpec(layout);
    if (termination === 'learned')
      this.termination = new TerminationModel(this.frameSpec.size, model.hidden, rng);
  }

  /** a name for each output (D) */
  get outputs(): string[] {
    return [...this.layout.fields, ...(this.learnsReward ? ['reward'] : [])];
  }

  /** What is needed beside {@link tensors} to predict without a tensor library. */
  get snapshotMeta(): ModelSnapshotMeta {
    const { model, target, domainInput } = this.config;
    return {
      observation: this.observation,
      domainInput,
      hiddenWidths: model.hidden,
      outputs: this.ensemble.outputSize,
      elites: model.elites,
      probabilistic: model.probabilistic,
      target,
    };
  }

  /**
   * Rows for a fit from all usable steps of a replay.
   * @param simulated steps of the other domain to be learned from as well; they are not held out
   */
  dataset(replay: ReplayView, simulated?: RecordedRows): WorldData {
    const { observation: spec, ensemble } = this;
    const { frameSize: f, actionSize: a } = spec;
    const d = ensemble.outputSize;
    const own = { replay, rows: replay.transitions() };
    const count = own.rows.length + (simulated?.rows.length ?? 0);
    const inputs = new Float32Array(count * ensemble.inputSize);
    const targets = new Float32Array(count * d);
    const frames = new Float32Array(count * f);
    const ended = new Uint8Array(count);
    let start = 0;
    const add = (steps: RecordedRows, domain: Domain): void => {
      const { length } = steps.rows;
      const windows = historyWindows(spec, length);
      const actions = new Float32Array(length * a);
      steps.rows.forEach((row, i) => {
        const { frame, action, next, reward, terminated } = steps.replay.step(row);
        steps.replay.readWindow(row, windows, i);
        actions.set(action, i * a);
        frames.set(next, (start + i) * f);
        ended[start + i] = terminated ? 1 : 0;
        this.writeTarget(frame, next, reward, targets.subarray((start + i) * d, (start + i + 1) * d));
      });
      const from = start * ensemble.inputSize;
      this.encodeInputs(length, windows, actions, inputs.subarray(from), domain);
      start += length;
    };
    add(own, ROBOT);
    if (simulated !== undefined) add(simulated, SIMULATION);
    const nextFrames = this.encodeFrames(count, frames);
    return { count, inputs, targets, nextFrames, ended, holdable: own.rows.length };
  }

  /** @param data of {@link dataset} */
  async fitTo(data: WorldData, rng: Rng, pause?: () => Promise<void>): Promise<FitReport> {
    const report = await fitEnsemble(this.ensemble, data, rng, pause);
    this.termination?.fit(data.nextFrames, data.ended, TERMINATION_STEPS, rng);
    return report;
  }

  /** How to end uncertain branches of one round of rollouts; undefined where the configuration asks for none. */
  cut(replay: ReplayView, rng: Rng): RolloutCut | undefined {
    const { cut } = this.config.rollout;
    if (cut.kind === 'none') return undefined;
    return rolloutCut(cut, () => {
      const { observation: spec } = this;
      const windows = historyWindows(spec, JUDGED_STEPS);
      const actions = new Float32Array(JUDGED_STEPS * spec.actionSize);
      for (let i = 0; i < JUDGED_STEPS; i++) {
        const row = replay.draw(rng);
        replay.readWindow(row, windows, i);
        actions.set(replay.step(row).action, i * spec.actionSize);
      }
      return this.predictElites(JUDGED_STEPS, windows, actions);
    });
  }

  /** Gaussians of all elites, of the outputs in units of their standard deviation. */
  predictElites(batch: number, windows: HistoryWindows, actions: Float32Array): MemberPredictions {
    return this.ensemble.predictElites(batch, this.inputs(batch, windows, actions));
  }

  /**
   * What one member expects to come next, the mean of its prediction without noise: [frame | reward, where it is learned] (B x D),
   * in their units.
   * @param member index among all members, such as an elite
   */
  expect(member: number, batch: number, windows: HistoryWindows, actions: Float32Array): Float32Array {
    const { frameSize: f, history } = this.observation;
    const d = this.ensemble.outputSize;
    const mean = new Float32Array(batch * d);
    const variance = new Float32Array(batch * d);
    this.ensemble.predictMember(member, batch, this.inputs(batch, windows, actions), mean, variance);
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < f; j++) {
        if (this.predictsChange(j)) mean[b * d + j] = mean[b * d + j]! + windows.frames[b * history * f + j]!;
      }
    }
    return mean;
  }

  imagine(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    rng: Rng,
    certainty?: Certainty,
  ): ImaginedStep {
    const { frameSize: f, history } = this.observation;
    const d = this.ensemble.outputSize;
    const drawn = new Float32Array(batch * d);
    if (certainty === undefined) {
      this.ensemble.sample(batch, this.inputs(batch, windows, actions), rng, drawn);
    } else {
      const predictions = this.predictElites(batch, windows, actions);
      certainty.judge(predictions);
      this.drawFrom(predictions, certainty.draw, rng, drawn);
    }
    const frames = new Float32Array(batch * f);
    const next = new Float32Array(batch * f);
    for (let b = 0; b < batch; b++) {
      for (let j = 0; j < f; j++) {
        const frame = windows.frames[b * history * f + j]!;
        frames[b * f + j] = frame;
        next[b * f + j] = drawn[b * d + j]! + (this.predictsChange(j) ? frame : 0);
      }
    }
    const rewards = new Float32Array(batch);
    if (this.learnsReward) for (let b = 0; b < batch; b++) rewards[b] = drawn[b * d + f]!;
    else this.task.reward!(batch, this.layout, frames, actions, next, rewards);
    return { next, rewards, terminated: this.terminations(batch, next) };
  }

  tensors(): NamedTensors {
    return {
      ...this.ensemble.tensors(),
      ...(this.termination && withPrefix('termination', this.termination.tensors())),
    };
  }

  load(tensors: NamedTensors): void {
    this.ensemble.load(tensors);
    this.termination?.load(withoutPrefix('termination', tensors));
  }

  dispose(): void {
    this.ensemble.dispose();
    this.termination?.dispose();
  }

  /** Angles are always predicted by their change, which has no jump. */
  private predictsChange(field: number): boolean {
    return this.config.target === 'delta' || this.observation.encoding[field] === 'sincos';
  }

  private writeTarget(frame: Float32Array, next: Float32Array, reward: number, out: Float32Array): void {
    const { frameSize, encoding } = this.observation;
    for (let j = 0; j < frameSize; j++) {
      const change = next[j]! - frame[j]!;
      if (encoding[j] === 'sincos') out[j] = wrapAngle(change);
      else out[j] = this.predictsChange(j) ? change : next[j]!;
    }
    if (this.learnsReward) out[frameSize] = reward;
  }

  private drawFrom(
    predictions: MemberPredictions,
    from: RolloutCut['draw'],
    rng: Rng,
    out: Float32Array,
  ): void {
    const { members, count, mean, variance } = predictions;
    const d = this.ensemble.outputSize;
    for (let b = 0; b < count; b++) {
      const member = from === 'member' ? rng.integer(members) : 0;
      for (let j = 0; j < d; j++) {
        const i = (member * count + b) * d + j;
        const drawn =
          from === 'member' ? { mean: mean[i]!, variance: variance[i]! } : fusedGaussian(predictions, b, j);
        out[b * d + j] = this.ensemble.draw(j, drawn.mean, drawn.variance, rng);
      }
    }
  }

  private terminations(batch: number, next: Float32Array): Uint8Array {
    const out = new Uint8Array(batch);
    if (this.termination === undefined) this.task.terminated(batch, this.layout, next, out);
    else {
      const probabilities = this.termination.probabilities(batch, this.encodeFrames(batch, next));
      probabilities.forEach((probability, b) => (out[b] = probability > 0.5 ? 1 : 0));
    }
    return out;
  }

  private encodeFrames(count: number, frames: Float32Array): Float32Array {
    const out = new Float32Array(count * this.frameSpec.size);
    encodeObservations(this.frameSpec, count, frames, new Float32Array(0), out);
    return out;
  }

  private inputs(batch: number, windows: HistoryWindows, actions: Float32Array): Float32Array {
    const inputs = new Float32Array(batch * this.ensemble.inputSize);
    this.encodeInputs(batch, windows, actions, inputs, ROBOT);
    return inputs;
  }

  /** Rows [observation | action | domain, where there are two]. */
  private encodeInputs(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    out: Float32Array,
    domain: Domain,
  ): void {
    const { size: s, actionSize: a } = this.observation;
    const { inputSize: width } = this.ensemble;
    const observations = new Float32Array(batch * s);
    encodeObservations(this.observation, batch, windows.frames, windows.actions, observations);
    for (let b = 0; b < batch; b++) {
      out.set(observations.subarray(b * s, (b + 1) * s), b * width);
      for (let j = 0; j < a; j++) out[b * width + s + j] = actions[b * a + j]!;
      if (this.config.domainInput) out[b * width + s + a] = domain;
    }
  }
}
