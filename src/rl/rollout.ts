/**
 * Short branched rollouts (MBPO, Janner et al. 2019, algorithm 2): from recorded states, under the current stochastic policy.
 * B branches, F frame size, H history, P previous actions, A actions, S observation size.
 */
import type { Rng } from '../core/index.js';
import type { ModelBuffer } from './model-buffer.js';
import { encodeObservations, type ObservationSpec } from './observation.js';
import { historyWindows, type HistoryWindows, type ReplayView } from './replay.js';
import type { RolloutCut } from './rollout-cut.js';
import { transitionBatch } from './transition-batch.js';
import type { DynamicsModel } from './world-model.js';

/** The policy as rollouts need it: many raw observations (B x S), standard normals (B x A), actions out (B x A). */
export interface BatchPolicy {
  act(batch: number, observations: Float32Array, noise: Float32Array | null, out: Float32Array): void;
}

export interface RolloutParts {
  readonly model: DynamicsModel;
  readonly policy: BatchPolicy;
  readonly observation: ObservationSpec;
  /** ends uncertain branches; default: none */
  readonly cut?: RolloutCut | undefined;
}

export interface RolloutReport {
  /** transitions added */
  readonly transitions: number;
  readonly terminated: number;
  /** branches that ended before the step they could not be sure of */
  readonly uncertain: number;
  /** branches dropped because the model predicted something that is not a finite number */
  readonly notFinite: number;
}

/** B histories ending in recorded states: a share of `startShare` in the first ones of episodes, the others in any, drawn uniformly. */
export function drawStarts(replay: ReplayView, count: number, startShare: number, rng: Rng): HistoryWindows {
  const windows = historyWindows(replay.spec, count);
  const first = startShare > 0 ? replay.episodeStarts() : [];
  const atStart = first.length > 0 ? Math.round(count * startShare) : 0;
  for (let i = 0; i < count; i++) {
    const row = i < atStart ? first[rng.integer(first.length)]! : replay.draw(rng);
    replay.readWindow(row, windows, i);
  }
  return windows;
}

/**
 * Adds up to `length` steps from each start to the buffer. A branch that terminates keeps its last step and ends.
 * @param starts histories of `branches` states; overwritten
 */
export function rollout(
  parts: RolloutParts,
  starts: HistoryWindows,
  branches: number,
  length: number,
  rng: Rng,
  buffer: ModelBuffer,
): RolloutReport {
  const { model, policy, cut, observation: spec } = parts;
  const { frameSize: f, actionSize: a, size: s } = spec;
  let alive = branches;
  const report = { transitions: 0, terminated: 0, uncertain: 0, notFinite: 0 };
  const windows = starts;
  const spent = new Float64Array(branches);
  for (let step = 0; step < length && alive > 0; step++) {
    const batch = transitionBatch(alive, s, a);
    encodeObservations(spec, alive, windows.frames, windows.actions, batch.observations);
    policy.act(alive, batch.observations, rng.fillNormal(new Float32Array(alive * a)), batch.actions);
    let certain: Uint8Array | undefined;
    const certainty = cut && {
      draw: cut.draw,
      judge: (predictions: Parameters<RolloutCut['judge']>[1]) => {
        certain = cut.judge(step, predictions, spent);
      },
    };
    const { next, rewards, terminated } = model.imagine(alive, windows, batch.actions, rng, certainty);
    batch.rewards.set(rewards);
    advanceWindows(spec, windows, alive, batch.actions, next);
    encodeObservations(spec, alive, windows.frames, windows.actions, batch.nextObservations);

    const kept = new Int32Array(alive);
    let keptCount = 0;
    let going = 0;
    for (let b = 0; b < alive; b++) {
      if (!isFiniteRow(next, b, f) || !Number.isFinite(rewards[b])) {
        report.notFinite++;
        continue;
      }
      if (certain?.[b] === 0) {
        report.uncertain++;
        continue;
      }
      batch.terminated[b] = terminated[b]!;
      kept[keptCount++] = b;
      if (terminated[b]) {
        report.terminated++;
        continue;
      }
      spent[going] = spent[b]!;
      moveWindow(spec, windows, b, going++);
    }
    buffer.append(batch, kept, keptCount);
    report.transitions += keptCount;
    alive = going;
  }
  return report;
}

function isFiniteRow(rows: Float32Array, index: number, width: number): boolean {
  for (let d = 0; d < width; d++) if (!Number.isFinite(rows[index * width + d])) return false;
  return true;
}

/** Shifts every history (B) by one: the predicted frame (B x F) and the action (B x A) become the newest. */
export function advanceWindows(
  spec: ObservationSpec,
  windows: HistoryWindows,
  batch: number,
  actions: Float32Array,
  next: Float32Array,
): void {
  const { frameSize: f, history, actionSize: a, previousActions } = spec;
  for (let b = 0; b < batch; b++) {
    const frame = b * history * f;
    windows.frames.copyWithin(frame + f, frame, frame + (history - 1) * f);
    windows.frames.set(next.subarray(b * f, (b + 1) * f), frame);
    if (previousActions === 0) continue;
    const action = b * previousActions * a;
    windows.actions.copyWithin(action + a, action, action + (previousActions - 1) * a);
    windows.actions.set(actions.subarray(b * a, (b + 1) * a), action);
  }
}

function moveWindow(spec: ObservationSpec, windows: HistoryWindows, from: number, to: number): void {
  if (from === to) return;
  const frames = spec.history * spec.frameSize;
  const actions = spec.previousActions * spec.actionSize;
  windows.frames.copyWithin(to * frames, from * frames, (from + 1) * frames);
  windows.actions.copyWithin(to * actions, from * actions, (from + 1) * actions);
}
