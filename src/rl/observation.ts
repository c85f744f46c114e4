/**
 * From raw frames to what policy and model see.
 * B batch, H history (frames, newest first), P previous actions (newest first), F frame size, A action size, S observation size.
 * An observation is [encode(frame t), encode(frame t-1), ..., action t-1, action t-2, ...] where encode(frame) holds each field in
 * order: x where it is linear; sin x, cos x where it is an angle.
 */
import { badInput } from '../core/index.js';
import type { FrameLayout } from '../env/index.js';

export type FieldEncoding = 'linear' | 'sincos';

export interface ObservationSpec {
  /** FrameLayout.fields (F) */
  readonly fields: readonly string[];
  /** of each field */
  readonly encoding: readonly FieldEncoding[];
  /** frames in an observation, H >= 1 */
  readonly history: number;
  /** earlier actions in an observation, P >= 0 */
  readonly previousActions: number;
  /** F */
  readonly frameSize: number;
  /** size of one encoded frame */
  readonly encodedFrameSize: number;
  /** A */
  readonly actionSize: number;
  /** H * encodedFrameSize + P * A */
  readonly size: number;
}

export interface ObservationOptions {
  /** H; default 1, which suffices without delay (commands with latency need latency / period + 1) */
  readonly history?: number;
  /** P; default 0; delay breaks the Markov property without them (Katsikopoulos and Engelbrecht 2003) */
  readonly previousActions?: number;
}

export function observationSpec(layout: FrameLayout, options: ObservationOptions = {}): ObservationSpec {
  const { history = 1, previousActions = 0 } = options;
  if (!Number.isInteger(history) || history < 1)
    throw badInput(`history is ${history}, expected an integer >= 1`);
  if (!Number.isInteger(previousActions) || previousActions < 0) {
    throw badInput(`previousActions is ${previousActions}, expected an integer >= 0`);
  }
  const { fields, angles, actions } = layout;
  for (const field of angles) {
    if (!fields.includes(field)) throw badInput(`angle '${field}' is not a field of the frame`, { field });
  }
  const encodedFrameSize = fields.length + angles.length;
  return {
    fields,
    encoding: fields.map((field) => (angles.includes(field) ? 'sincos' : 'linear')),
    history,
    previousActions,
    frameSize: fields.length,
    encodedFrameSize,
    actionSize: actions.length,
    size: history * encodedFrameSize + previousActions * actions.length,
  };
}

/**
 * Encodes B observations.
 * @param frames (B x H x F) raw frames, newest first
 * @param actions (B x P x A) previous actions in [-1, 1], newest first
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
  const previous = spec.previousActions * spec.actionSize;
  let to = 0;
  let frame = 0;
  let action = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < history; h++, frame += frameSize) {
      for (let j = 0; j < frameSize; j++) {
        const x = frames[frame + j]!;
        if (encoding[j] === 'sincos') {
          out[to++] = Math.sin(x);
          out[to++] = Math.cos(x);
        } else {
          out[to++] = x;
        }
      }
    }
    for (let j = 0; j < previous; j++) out[to++] = actions[action++]!;
  }
}

/** The last frames and actions of one running robot: push at every policy step, encode without allocation. */
export class ObservationHistory {
  /** (H x F) newest first */
  readonly frames: Float32Array;
  /** (P x A) newest first */
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

  /** @param action the action (A) that led to `frame` (F) */
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
