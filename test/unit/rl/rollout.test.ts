import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import {
  DEFAULT_ENSEMBLE,
  drawStarts,
  FrameModel,
  historyWindows,
  ModelBuffer,
  observationSpec,
  ReplayView,
  rollout,
  transitionBatch,
  wrapAngle,
  type DynamicsModel,
  type RolloutParts,
  type TransitionBatch,
} from '../../../src/rl/index.js';
import { trackingTask } from './tracking-task.js';

const layout = robotLayout(['joint'], ['joint']);
const spec = observationSpec(layout, { history: 2, previousActions: 2 });

/** next = [q + 1, q, action]; checks that it is asked with well-formed rows. */
const counting: DynamicsModel = {
  sampleNext(batch, windows, actions, _rng, next) {
    expect(actions.length).toBe(batch);
    expect(next.length).toBe(batch * 3);
    expect(windows.frames.length).toBeGreaterThanOrEqual(batch * 6);
    for (let b = 0; b < batch; b++) {
      const q = windows.frames[b * 6]!;
      next.set([q + 1, q, actions[b]!], b * 3);
    }
  },
};

/** action = q / 8, and remembers how many rows it was asked for */
function policy() {
  const asked: number[] = [];
  return {
    asked,
    act(batch: number, observations: Float32Array, noise: Float32Array | null, out: Float32Array) {
      expect(noise?.length).toBe(batch);
      asked.push(batch);
      for (let b = 0; b < batch; b++) out[b] = observations[b * spec.size]! / 8;
    },
  };
}

function starts(positions: number[]) {
  const windows = historyWindows(spec, positions.length);
  positions.forEach((q, i) => {
    windows.frames.set([q, 0, 0, q - 1, 0, 0], i * 6);
    windows.actions.set([0.5, 0.25], i * 2);
  });
  return windows;
}

function contents(buffer: ModelBuffer): TransitionBatch {
  const batch = transitionBatch(500, spec.size, 1);
  buffer.fill(batch, 0, 500, new Rng(1));
  return batch;
}

function run(positions: number[], length: number, model = counting) {
  const buffer = new ModelBuffer(100, spec.size, 1);
  const actor = policy();
  const parts: RolloutParts = { model, policy: actor, task: trackingTask, layout, observation: spec };
  const report = rollout(parts, starts(positions), positions.length, length, new Rng(1), buffer);
  return { buffer, report, asked: actor.asked };
}

describe('rollout', () => {
  it('feeds predicted frames and taken actions back as history, with the task’s rewards', () => {
    const { buffer, report } = run([0], 2);
    expect(report).toEqual({ transitions: 2, terminated: 0, notFinite: 0 });
    const batch = contents(buffer);
    const seen = new Map<number, number[]>();
    for (let i = 0; i < batch.count; i++) {
      const observation = Array.from(batch.observations.subarray(i * 8, i * 8 + 8));
      const next = Array.from(batch.nextObservations.subarray(i * 8, i * 8 + 8));
      seen.set(observation[0]!, [...observation, ...next, batch.rewards[i]!]);
    }
    const first = [0, 0, 0, -1, 0, 0, 0.5, 0.25];
    const second = [1, 0, 0, 0, 0, 0, 0, 0.5];
    const third = [2, 1, 0.125, 1, 0, 0, 0.125, 0];
    expect(seen.get(0)).toEqual([...first, ...second, 1]);
    expect(seen.get(1)).toEqual([...second, ...third, 2 + 1.25 + 100]);
  });

  it('ends branches that terminate, keeps their last step, and goes on with the others', () => {
    const { buffer, report, asked } = run([4.5, 0, 3.5], 3); // the task ends above 5
    expect(asked).toEqual([3, 2, 1]);
    expect(report).toEqual({ transitions: 3 + 2 + 1, terminated: 2, notFinite: 0 });
    const batch = contents(buffer);
    const ended = new Set<number>();
    for (let i = 0; i < batch.count; i++) {
      const q = batch.nextObservations[i * 8]!;
      expect(batch.terminated[i]).toBe(q > 5 ? 1 : 0);
      if (batch.terminated[i] === 1) ended.add(q);
      // histories still belong to their own branch after the others have gone
      expect(batch.observations[i * 8 + 3]).toBe(batch.observations[i * 8]! - 1);
    }
    expect(ended).toEqual(new Set([5.5]));
  });

  it('drops branches whose prediction is not finite', () => {
    const broken: DynamicsModel = {
      sampleNext(batch, windows, actions, rng, next) {
        counting.sampleNext(batch, windows, actions, rng, next);
        next[1] = NaN;
      },
    };
    const { buffer, report } = run([0, 1], 1, broken);
    expect(report).toEqual({ transitions: 1, terminated: 0, notFinite: 1 });
    expect(contents(buffer).observations[0]).toBe(1);
  });
});

describe('drawStarts', () => {
  it('takes the asked number of states from each replay', () => {
    const replays = [0, 1].map((source) => {
      const replay = new ReplayView(layout, spec, trackingTask);
      replay.addEpisode({
        frames: new Float32Array(12).fill(source + 1),
        actions: new Float32Array(3),
        terminated: false,
      });
      return replay;
    });
    const { frames } = drawStarts(replays, [3, 2], new Rng(1));
    expect([0, 1, 2, 3, 4].map((i) => frames[i * 6])).toEqual([1, 1, 1, 2, 2]);
  });
});

describe('wrapAngle', () => {
  it.each([
    [0, 0],
    [3, 3],
    [Math.PI, -Math.PI],
    [-Math.PI, -Math.PI],
    [6, 6 - 2 * Math.PI],
    [-7, -7 + 2 * Math.PI],
  ])('takes %f to %f', (angle, expected) => {
    expect(wrapAngle(angle)).toBeCloseTo(expected, 12);
  });
});

describe('FrameModel', () => {
  beforeAll(async () => {
    await selectBackend('wasm');
  });
  const turning = observationSpec(robotLayout(['joint'], ['joint'], ['joint']));
  const config = { ...DEFAULT_ENSEMBLE, members: 2, elites: 2, hidden: [4], weightDecay: [0, 0] };

  it('makes rows [observation | action] -> change of the frame, with wrapped changes of continuous joints', () => {
    const replay = new ReplayView(layout, turning, trackingTask);
    const frames = Float32Array.of(3, 1, 0.5, /* wrapped by the encoder */ -3, 2, 0.25);
    replay.addEpisode({ frames, actions: Float32Array.of(0.75), terminated: false });
    const model = new FrameModel(turning, config, new Rng(1));
    const { count, inputs, targets } = model.dataset([replay]);
    model.dispose();
    expect(count).toBe(1);
    const expected = [Math.sin(3), Math.cos(3), 1, 0.5, 0.75].map(Math.fround);
    expect(Array.from(inputs)).toEqual(expected);
    expect(targets[0]).toBeCloseTo(2 * Math.PI - 6, 5);
    expect(Array.from(targets.subarray(1))).toEqual([1, -0.25]);
  });

  it('adds the predicted change to the newest frame', () => {
    const model = new FrameModel(turning, config, new Rng(1));
    model.ensemble.sample = (_count, inputs, _rng, out) => {
      expect(inputs.length).toBe(2 * (turning.size + 1));
      out.set([1, 2, 3, 4, 5, 6]);
    };
    const windows = { frames: Float32Array.of(10, 20, 30, 40, 50, 60), actions: new Float32Array(0) };
    const next = new Float32Array(6);
    model.sampleNext(2, windows, Float32Array.of(0, 0), new Rng(1), next);
    model.dispose();
    expect(Array.from(next)).toEqual([11, 22, 33, 44, 55, 66]);
  });
});
