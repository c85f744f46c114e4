/**
 * World model on raw frames: observation history and action in, distribution of the next frame out.
 * B batch, F frame size, n measured joints, A actions, S observation size. The network predicts the change of the frame
 * [dq | dv | dc]; dq of continuous joints is wrapped to [-pi, pi). Rewards and terminations come from the task, not from here.
 */
import type { Rng } from '../core/index.js';
import { Ensemble, type ModelDataset } from './ensemble.js';
import type { EnsembleConfig } from './ensemble-config.js';
import { fitEnsemble, type FitReport } from './ensemble-fit.js';
import type { NamedTensors } from './named-tensors.js';
import { encodeObservations, type ObservationSpec } from './observation.js';
import { historyWindows, type HistoryWindows, type ReplayView } from './replay.js';

/** Predicts the next frame, with one randomly chosen member per row. */
export interface DynamicsModel {
  /**
   * @param windows histories of B states
   * @param actions (B x A)
   * @param next (B x F) a sample of the next frame, written
   */
  sampleNext(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    rng: Rng,
    next: Float32Array,
  ): void;
}

/** The same angle in [-pi, pi). */
export function wrapAngle(angle: number): number {
  return angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI));
}

export class FrameModel implements DynamicsModel {
  readonly ensemble: Ensemble;

  constructor(
    readonly observation: ObservationSpec,
    config: EnsembleConfig,
    rng: Rng,
  ) {
    this.ensemble = new Ensemble(
      observation.size + observation.actionSize,
      observation.frameSize,
      config,
      rng,
    );
  }

  /** Rows for the ensemble from all usable steps of the replays. */
  dataset(replays: readonly ReplayView[]): ModelDataset {
    const { observation: spec } = this;
    const { frameSize: f, size: s, actionSize: a } = spec;
    const steps = replays.map((replay) => ({ replay, rows: replay.transitions() }));
    const count = steps.reduce((sum, { rows }) => sum + rows.length, 0);
    const windows = historyWindows(spec, count);
    const actions = new Float32Array(count * a);
    const targets = new Float32Array(count * f);
    let i = 0;
    for (const { replay, rows } of steps) {
      for (const row of rows) {
        const { frame, action, next } = replay.step(row);
        replay.readWindow(row, windows, i);
        actions.set(action, i * a);
        for (let d = 0; d < f; d++) {
          const change = next[d]! - frame[d]!;
          targets[i * f + d] = spec.encoding[d] === 'sincos' ? wrapAngle(change) : change;
        }
        i++;
      }
    }
    const inputs = new Float32Array(count * (s + a));
    this.encodeInputs(count, windows, actions, inputs);
    return { count, inputs, targets };
  }

  /** @param data of {@link dataset} */
  fitTo(data: ModelDataset, rng: Rng, pause?: () => Promise<void>): Promise<FitReport> {
    return fitEnsemble(this.ensemble, data, rng, pause);
  }

  sampleNext(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    rng: Rng,
    next: Float32Array,
  ): void {
    const { frameSize: f, history, size, actionSize } = this.observation;
    const inputs = new Float32Array(batch * (size + actionSize));
    this.encodeInputs(batch, windows, actions, inputs);
    this.ensemble.sample(batch, inputs, rng, next);
    for (let b = 0; b < batch; b++) {
      for (let d = 0; d < f; d++) next[b * f + d] = next[b * f + d]! + windows.frames[b * history * f + d]!;
    }
  }

  tensors(): NamedTensors {
    return this.ensemble.tensors();
  }

  load(tensors: NamedTensors): void {
    this.ensemble.load(tensors);
  }

  dispose(): void {
    this.ensemble.dispose();
  }

  /** Rows [observation | action]. */
  private encodeInputs(
    batch: number,
    windows: HistoryWindows,
    actions: Float32Array,
    out: Float32Array,
  ): void {
    const { size: s, actionSize: a } = this.observation;
    const observations = new Float32Array(batch * s);
    encodeObservations(this.observation, batch, windows.frames, windows.actions, observations);
    for (let b = 0; b < batch; b++) {
      out.set(observations.subarray(b * s, (b + 1) * s), b * (s + a));
      for (let j = 0; j < a; j++) out[b * (s + a) + s + j] = actions[b * a + j]!;
    }
  }
}
