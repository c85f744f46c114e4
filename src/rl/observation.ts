/**
 * From raw frames to what policy and model see.
 * B batch, H history (frames, newest first), P previous actions (newest first), F frame size 2n + m, n measured, m commanded,
 * S observation size. An observation is [encode(frame t), encode(frame t-1), ..., action t-1, action t-2, ...] where
 * encode(frame) = [position of each joint (linear: q; sincos: sin q, cos q) | velocities (n) | executed commands (m)].
 */
import { badInput } from '../core/index.js';
import type { FrameLayout } from '../env/index.js';
import type { RobotModel } from '../robot/model.js';

export type JointEncoding = 'linear' | 'sincos';

export interface ObservationSpec {
  /** measured joints (n), in frame order */
  readonly measured: readonly string[];
  /** commanded joints (m), in frame order */
  readonly commanded: readonly string[];
  /** per measured joint */
  readonly encoding: readonly JointEncoding[];
  /** frames in an observation, H >= 1 */
  readonly history: number;
  /** earlier actions in an observation, P >= 0 */
  readonly previousActions: number;
  /** 2n + m */
  readonly frameSize: number;
  /** size of one encoded frame */
  readonly encodedFrameSize: number;
  /** m */
  readonly actionSize: number;
  /** H * encodedFrameSize + P * m */
  readonly size: number;
}

export interface ObservationOptions {
  /** joints that turn without end; they are encoded as sine and cosine */
  readonly continuous?: readonly string[];
  /** H; default 1, which suffices without delay (commands with latency need latency / period + 1) */
  readonly history?: number;
  /** P; default 0; delay breaks the Markov property without them (Katsikopoulos and Engelbrecht 2003) */
  readonly previousActions?: number;
}

export function observationSpec(layout: FrameLayout, options: ObservationOptions = {}): ObservationSpec {
  const { continuous = [], history = 1, previousActions = 0 } = options;
  if (!Number.isInteger(history) || history < 1)
    throw badInput(`history is ${history}, expected an integer >= 1`);
  if (!Number.isInteger(previousActions) || previousActions < 0) {
    throw badInput(`previousActions is ${previousActions}, expected an integer >= 0`);
  }
  for (const joint of continuous) {
    if (!layout.measured.includes(joint))
      throw badInput(`continuous joint '${joint}' is not measured`, { joint });
  }
  const encoding = layout.measured.map((joint) => (continuous.includes(joint) ? 'sincos' : 'linear'));
  const encodedFrameSize = layout.size + continuous.length;
  return {
    measured: layout.measured,
    commanded: layout.commanded,
    encoding,
    history,
    previousActions,
    frameSize: layout.size,
    encodedFrameSize,
    actionSize: layout.commanded.length,
    size: history * encodedFrameSize + previousActions * layout.commanded.length,
  };
}

/** The spec for a robot: its URDF `continuous` joints are encoded as sine and cosine. */
export function observationSpecFor(
  model: RobotModel,
  layout: FrameLayout,
  options: Omit<ObservationOptions, 'continuous'> = {},
): ObservationSpec {
  const continuous = layout.measured.filter(
    (name) => model.joints.find((joint) => joint.name === name)?.type === 'continuous',
  );
  return observationSpec(layout, { ...options, continuous });
}

/**
 * Encodes B observations.
 * @param frames (B x H x F) raw frames, newest first
 * @param actions (B x P x m) previous actions in [-1, 1], newest first
 * @param out (B x S), written
 */
export function encodeObservations(
  spec: ObservationSpec,
  batch: number,
  frames: Float32Array,
  actions: Float32Array,
  out: Float32Array,
): void {
  const { encoding, history, frameSize } = spec;
  const joints = encoding.length;
  const previous = spec.previousActions * spec.actionSize;
  let to = 0;
  let frame = 0;
  let action = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < history; h++, frame += frameSize) {
      for (let j = 0; j < joints; j++) {
        const q = frames[frame + j]!;
        if (encoding[j] === 'sincos') {
          out[to++] = Math.sin(q);
          out[to++] = Math.cos(q);
        } else {
          out[to++] = q;
        }
      }
      for (let j = joints; j < frameSize; j++) out[to++] = frames[frame + j]!;
    }
    for (let j = 0; j < previous; j++) out[to++] = actions[action++]!;
  }
}

/** The last frames and actions of one running robot: push at every policy step, encode without allocation. */
export class ObservationHistory {
  /** (H x F) newest first */
  readonly frames: Float32Array;
  /** (P x m) newest first */
  readonly actions: Float32Array;

  constructor(readonly spec: ObservationSpec) {
    this.frames = new Float32Array(spec.history * spec.frameSize);
    this.actions = new Float32Array(spec.previousActions * spec.actionSize);
  }

  /** Starts an episode: the first frame stands for those before it, and earlier actions are zero. */
  begin(frame: Float32Array): void {
    for (let h = 0; h < this.spec.history; h++) this.frames.set(frame, h * this.spec.frameSize);
    this.actions.fill(0);
  }

  /** @param action the action (m) that led to `frame` (F) */
  push(action: Float32Array, frame: Float32Array): void {
    shiftIn(this.frames, frame);
    shiftIn(this.actions, action);
  }

  /** @param out (S) */
  encode(out: Float32Array): void {
    encodeObservations(this.spec, 1, this.frames, this.actions, out);
  }
}

/** Moves everything in `window` one item back and puts `newest` in front; a window of no items stays as it is. */
function shiftIn(window: Float32Array, newest: Float32Array): void {
  if (window.length === 0) return;
  window.copyWithin(newest.length, 0, window.length - newest.length);
  window.set(newest);
}
