import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import {
  historyWindows,
  observationSpec,
  ReplayView,
  transitionBatch,
  type RecordedEpisode,
} from '../../../src/rl/index.js';
import { trackingTask } from './tracking-task.js';

const layout = robotLayout(['joint'], ['joint']);

/**
 * Frames [1000 episode + t, t, episode] and actions 1000 episode + t + 0.5, so that every value tells where it is from.
 * float32 holds them exactly.
 */
function taggedEpisode(episode: number, steps: number, terminated = false): RecordedEpisode {
  const frames = new Float32Array((steps + 1) * 3);
  for (let t = 0; t <= steps; t++) frames.set([1000 * episode + t, t, episode], t * 3);
  const actions = Float32Array.from({ length: steps }, (_, t) => 1000 * episode + t + 0.5);
  return { frames, actions, terminated };
}

function expectOneEpisode(replay: ReplayView, row: number): void {
  const { history, previousActions } = replay.spec;
  const { frame, action, next } = replay.step(row);
  const [tag, t, episode] = frame as unknown as [number, number, number];
  expect(tag).toBe(1000 * episode + t);
  expect(action[0]).toBe(tag + 0.5);
  expect(Array.from(next)).toEqual([tag + 1, t + 1, episode]);
  const windows = historyWindows(replay.spec, 1);
  replay.readWindow(row, windows, 0);
  for (let h = 0; h < history; h++) {
    const at = Math.max(0, t - h);
    expect(Array.from(windows.frames.subarray(h * 3, h * 3 + 3))).toEqual([1000 * episode + at, at, episode]);
  }
  for (let p = 0; p < previousActions; p++) {
    expect(windows.actions[p]).toBe(t - p > 0 ? 1000 * episode + t - p - 0.5 : 0);
  }
}

describe('ReplayView', () => {
  it('gives the steps of each episode in order, also of environments that are stepped together', () => {
    const replay = new ReplayView(layout, observationSpec(layout), trackingTask);
    const frame = (episode: number, t: number) => Float32Array.of(1000 * episode + t, t, episode);
    const step = (stream: number, episode: number, t: number, over = false) =>
      replay.append(Float32Array.of(0.5), frame(episode, t + 1), 0, false, over, stream);
    for (const stream of [0, 1]) replay.begin(frame(stream, 0), stream);
    step(0, 0, 0);
    step(1, 1, 0);
    step(0, 0, 1, true);
    replay.begin(frame(2, 0), 0);
    step(0, 2, 0);
    step(1, 1, 1);
    const tags = replay.episodes().map((rows) => Array.from(rows, (row) => replay.step(row).frame[0]));
    expect(tags).toEqual([[0, 1], [1000, 1001], [2000]]);
  });

  it('never joins frames or actions of two episodes, also when the oldest are overwritten', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 20, max: 60 }),
        (lengths, history, previousActions, capacity) => {
          const spec = observationSpec(layout, { history, previousActions });
          const replay = new ReplayView(layout, spec, trackingTask, capacity);
          lengths.forEach((steps, episode) => replay.addEpisode(taggedEpisode(episode, steps)));
          const rows = replay.transitions();
          const total = lengths.reduce((sum, n) => sum + n, 0);
          expect(replay.steps).toBe(total);
          if (total + lengths.length <= capacity) expect(rows.length).toBe(total);
          else expect(rows.length).toBeLessThanOrEqual(capacity);
          expect(rows.length).toBeGreaterThan(0);
          for (const row of rows) expectOneEpisode(replay, row);
        },
      ),
    );
  });

  it('keeps interleaved streams apart', () => {
    const spec = observationSpec(layout, { history: 3, previousActions: 2 });
    const replay = new ReplayView(layout, spec, trackingTask);
    const episodes = [taggedEpisode(0, 6), taggedEpisode(1, 6)];
    const frame = (e: number, t: number) => episodes[e]!.frames.subarray(t * 3, t * 3 + 3);
    for (const e of [0, 1]) replay.begin(frame(e, 0), e);
    for (let t = 0; t < 6; t++) {
      for (const e of [0, 1]) {
        replay.append(episodes[e]!.actions.subarray(t, t + 1), frame(e, t + 1), 0, false, t === 5, e);
      }
    }
    expect(replay.transitions().length).toBe(12);
    for (const row of replay.transitions()) expectOneEpisode(replay, row);
  });

  it('marks termination but not truncation, so that targets bootstrap where an episode was cut', () => {
    const replay = new ReplayView(layout, observationSpec(layout), trackingTask);
    replay.addEpisode(taggedEpisode(0, 2, true));
    replay.addEpisode(taggedEpisode(1, 2, false));
    replay.begin(Float32Array.of(0, 0, 0));
    replay.append(Float32Array.of(0), Float32Array.of(1, 0, 0), 0, false, true);
    const ended = Array.from(replay.transitions(), (row) => replay.step(row).terminated);
    expect(ended).toEqual([false, true, false, false, false]);
  });

  it('samples what it holds, with the reward of the task and the observation after the step', () => {
    const spec = observationSpec(layout, { history: 2, previousActions: 1 });
    const replay = new ReplayView(layout, spec, trackingTask);
    for (const episode of [0, 1, 2]) replay.addEpisode(taggedEpisode(episode, 5, true));
    const batch = transitionBatch(40, spec.size, 1);
    replay.fill(batch, 10, 30, new Rng(1));
    expect(Math.max(...batch.observations.subarray(0, 10 * spec.size))).toBe(0);
    const seen = new Set<number>();
    for (let i = 10; i < 40; i++) {
      const observation = Array.from(batch.observations.subarray(i * spec.size, (i + 1) * spec.size));
      const next = Array.from(batch.nextObservations.subarray(i * spec.size, (i + 1) * spec.size));
      const [tag, t] = [observation[0]!, observation[1]!];
      seen.add(tag);
      expect(batch.rewards[i]).toBe(Math.fround(next[0]! + 10 * batch.actions[i]! + 100 * tag));
      expect(next.slice(3, 6)).toEqual(observation.slice(0, 3));
      expect(next[6]).toBe(batch.actions[i]);
      expect(batch.terminated[i]).toBe(t === 4 ? 1 : 0);
    }
    expect(seen.size).toBeGreaterThan(8);
  });

  it('gives its contents away and takes them back, also where rows were overwritten and episodes are running', () => {
    const spec = observationSpec(layout, { history: 2, previousActions: 1 });
    const replays = [0, 1].map(() => new ReplayView(layout, spec, trackingTask, 20));
    const [original, copy] = replays as [ReplayView, ReplayView];
    const frame = (e: number, t: number) => Float32Array.of(1000 * e + t, t, e);
    const go = (replay: ReplayView, from: number, to: number): void => {
      for (let t = from; t < to; t++) {
        for (const e of [0, 1])
          replay.append(Float32Array.of(1000 * e + t + 0.5), frame(e, t + 1), t, false, false, e);
      }
    };
    for (const e of [0, 1]) original.begin(frame(e, 0), e);
    go(original, 0, 15); // 32 rows, 20 kept
    copy.load(structuredClone(original.tensors()));
    for (const replay of replays) go(replay, 15, 18);
    expect(copy.transitions()).toEqual(original.transitions());
    expect(copy.steps).toBe(original.steps);
    for (const row of copy.transitions()) expectOneEpisode(copy, row);
    const drawn = replays.map((replay) => {
      const batch = transitionBatch(40, spec.size, 1);
      replay.fill(batch, 0, 40, new Rng(5));
      return batch;
    });
    expect(drawn[1]).toEqual(drawn[0]);
  });

  it('holds the same after being rebuilt from the recorded episodes', () => {
    const spec = observationSpec(layout);
    const [live, rebuilt] = [1, 2].map(() => new ReplayView(layout, spec, trackingTask));
    const episode = taggedEpisode(3, 4);
    live!.begin(episode.frames.subarray(0, 3));
    const rewards = new Float32Array(4);
    trackingTask.reward(4, layout, episode.frames, episode.actions, episode.frames.subarray(3), rewards);
    for (let t = 0; t < 4; t++) {
      live!.append(
        episode.actions.subarray(t, t + 1),
        episode.frames.subarray(t * 3 + 3, t * 3 + 6),
        rewards[t]!,
        false,
        t === 3,
      );
    }
    rebuilt!.addEpisodes([episode]);
    const batches = [live!, rebuilt!].map((replay) => {
      const batch = transitionBatch(16, spec.size, 1);
      replay.fill(batch, 0, 16, new Rng(5));
      return batch;
    });
    expect(batches[0]).toEqual(batches[1]);
  });

  it('refuses an action without an episode, and an episode with missing frames', () => {
    const replay = new ReplayView(layout, observationSpec(layout), trackingTask);
    expect(() => replay.append(Float32Array.of(0), new Float32Array(3), 0, false, false)).toThrow('begin()');
    const episode = taggedEpisode(0, 3);
    expect(() => replay.addEpisode({ ...episode, frames: episode.frames.subarray(3) })).toThrow(
      '3 frames for 3 steps',
    );
    expect(() => replay.draw(new Rng(1))).toThrow('no usable step');
  });
});
