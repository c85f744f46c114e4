import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout, type RobotLayout, type Task } from '../../../src/env/index.js';
import {
  drawStarts,
  historyWindows,
  ModelBuffer,
  observationSpec,
  presetConfig,
  ReplayView,
  rollout,
  transitionBatch,
  WorldModel,
  type DynamicsModel,
  type RolloutParts,
  type TransitionBatch,
  type WorldConfig,
} from '../../../src/rl/index.js';
import { trackingTask } from './tracking-task.js';

const layout = robotLayout(['joint'], ['joint']);
const spec = observationSpec(layout, { history: 2, previousActions: 2 });

/** next = [q + 1, q, action], judged by the task; checks that it is asked with well-formed rows. */
const counting: DynamicsModel = {
  imagine(batch, windows, actions) {
    expect(actions.length).toBe(batch);
    expect(windows.frames.length).toBeGreaterThanOrEqual(batch * 6);
    const [frames, next] = [new Float32Array(batch * 3), new Float32Array(batch * 3)];
    for (let b = 0; b < batch; b++) {
      const q = windows.frames[b * 6]!;
      frames[b * 3] = q;
      next.set([q + 1, q, actions[b]!], b * 3);
    }
    const [rewards, terminated] = [new Float32Array(batch), new Uint8Array(batch)];
    trackingTask.reward(batch, layout, frames, actions, next, rewards);
    trackingTask.terminated(batch, layout, next, terminated);
    return { next, rewards, terminated };
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
  const buffer = new ModelBuffer(spec.size, 1);
  const actor = policy();
  const parts: RolloutParts = { model, policy: actor, observation: spec };
  const report = rollout(parts, starts(positions), positions.length, length, new Rng(1), buffer);
  return { buffer, report, asked: actor.asked };
}

describe('rollout', () => {
  it('feeds predicted frames and taken actions back as history, with the task’s rewards', () => {
    const { buffer, report } = run([0], 2);
    expect(report).toEqual({ transitions: 2, terminated: 0, uncertain: 0, notFinite: 0 });
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
    expect(report).toEqual({ transitions: 3 + 2 + 1, terminated: 2, uncertain: 0, notFinite: 0 });
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
      imagine(...asked) {
        const step = counting.imagine(...asked);
        step.next[1] = NaN;
        return step;
      },
    };
    const { buffer, report } = run([0, 1], 1, broken);
    expect(report).toEqual({ transitions: 1, terminated: 0, uncertain: 0, notFinite: 1 });
    expect(contents(buffer).observations[0]).toBe(1);
  });
});

describe('drawStarts', () => {
  it('takes the asked share of them from where episodes began', () => {
    const replay = new ReplayView(layout, spec, trackingTask);
    for (const first of [10, 20]) {
      const frames = new Float32Array(layout.size * 101).fill(1);
      frames[0] = first;
      replay.addEpisode({ frames, actions: new Float32Array(100), terminated: false });
    }
    expect(replay.episodeStarts()).toEqual([0, 101]);
    const firsts = (share: number) => {
      const { frames } = drawStarts(replay, 200, share, new Rng(1));
      return Array.from({ length: 200 }, (_, i) => frames[i * (frames.length / 200)]!);
    };
    const begun = firsts(0.75).slice(0, 150);
    expect(begun.every((x) => x === 10 || x === 20)).toBe(true);
    expect(new Set(begun).size).toBe(2);
    expect(
      firsts(0.75)
        .slice(150)
        .filter((x) => x === 1).length,
    ).toBeGreaterThan(40);
    expect(firsts(0).filter((x) => x !== 1).length).toBeLessThan(20);
  });
});

describe('WorldModel', () => {
  beforeAll(async () => {
    await selectBackend('wasm');
  });
  const turningLayout = robotLayout(['joint'], ['joint'], ['joint']);
  const turning = observationSpec(turningLayout);
  const { world } = presetConfig('mbpo', 'cpu', { task: 'tracking', delayed: false });
  const config: WorldConfig = {
    ...world!,
    model: { ...world!.model, members: 2, elites: 2, hidden: [4], weightDecay: [0, 0] },
  };
  const live: WorldModel[] = [];
  afterEach(() => live.splice(0).forEach((model) => model.dispose()));
  function make(changes: Partial<WorldConfig> = {}, task: Task<RobotLayout> = trackingTask): WorldModel {
    const model = new WorldModel(turningLayout, task, turning, { ...config, ...changes }, new Rng(1));
    live.push(model);
    return model;
  }
  function recorded(): ReplayView {
    const replay = new ReplayView(turningLayout, turning, trackingTask);
    const frames = Float32Array.of(3, 1, 0.5, /* wrapped by the encoder */ -3, 2, 0.25);
    const [actions, rewards] = [Float32Array.of(0.75), Float32Array.of(7)];
    replay.addEpisode({ frames, actions, rewards, terminated: true });
    return replay;
  }

  it('makes rows [observation | action] -> change of the frame, with wrapped changes of continuous joints', () => {
    const { count, inputs, targets, ended, nextFrames } = make().dataset(recorded());
    expect(count).toBe(1);
    const expected = [Math.sin(3), Math.cos(3), 1, 0.5, 0.75].map(Math.fround);
    expect(Array.from(inputs)).toEqual(expected);
    expect(targets[0]).toBeCloseTo(2 * Math.PI - 6, 5);
    expect(Array.from(targets.subarray(1))).toEqual([1, -0.25]);
    expect(Array.from(ended)).toEqual([1]);
    expect(Array.from(nextFrames)).toEqual([Math.sin(-3), Math.cos(-3), 2, 0.25].map(Math.fround));
  });

  it('makes targets of the next frame itself where told to, but of the change of angles, and of the reward', () => {
    const { targets } = make({ target: 'next', reward: 'learned' }).dataset(recorded());
    expect(targets[0]).toBeCloseTo(2 * Math.PI - 6, 5);
    expect(Array.from(targets.subarray(1))).toEqual([2, 0.25, 7]);
  });

  it('learns the reward of a task that cannot tell it, and only then has an output for it', () => {
    const { reward: _, ...silent } = trackingTask;
    expect(make().outputs).toEqual(['joint position', 'joint velocity', 'joint command']);
    expect(make({}, silent).outputs[3]).toBe('reward');
  });

  it.each<[WorldConfig['target'], number[], number]>([
    ['delta', [11, 22, 33, 45, 56, 67], 11 + 10 * 0.5 + 1000],
    ['next', [11, 2, 3, 45, 6, 7], 11 + 10 * 0.5 + 1000],
  ])('adds what is predicted of a %s to the newest frame', (target, expected, reward) => {
    const model = make({ target, termination: 'task' });
    model.ensemble.sample = (_count, inputs, _rng, out) => {
      expect(inputs.length).toBe(2 * (turning.size + 1));
      out.set([1, 2, 3, 5, 6, 7]);
    };
    const windows = { frames: Float32Array.of(10, 20, 30, 40, 50, 60), actions: new Float32Array(0) };
    const step = model.imagine(2, windows, Float32Array.of(0.5, 0), new Rng(1));
    expect(Array.from(step.next)).toEqual(expected);
    expect(step.rewards[0]).toBe(reward);
    expect(Array.from(step.terminated)).toEqual([1, 1]); // the task ends above 5
  });

  it('takes rewards from the network where they are learned', () => {
    const model = make({ reward: 'learned' });
    model.ensemble.sample = (_count, _inputs, _rng, out) => out.set([1, 2, 3, -9]);
    const windows = { frames: Float32Array.of(10, 20, 30), actions: new Float32Array(0) };
    const step = model.imagine(1, windows, Float32Array.of(0.5), new Rng(1));
    expect(Array.from(step.rewards)).toEqual([-9]);
  });

  it('draws from one member of each row, or from all fused, when it is asked how certain it is', () => {
    const model = make();
    const mean = Float32Array.of(1, 1, 1, 3, 3, 3);
    const variance = new Float32Array(6).fill(1e-12);
    model.ensemble.predictElites = () => ({ members: 2, count: 1, mean, variance });
    const windows = { frames: new Float32Array(3), actions: new Float32Array(0) };
    const rng = new Rng(4);
    const drawn = (draw: 'member' | 'fused') => {
      let shown = 0;
      const certainty = { draw, judge: () => void shown++ };
      const [first] = model.imagine(1, windows, Float32Array.of(0), rng, certainty).next;
      expect(shown).toBe(1);
      return Math.round(first!);
    };
    expect(new Set(Array.from({ length: 30 }, () => drawn('member')))).toEqual(new Set([1, 3]));
    expect(new Set(Array.from({ length: 30 }, () => drawn('fused')))).toEqual(new Set([2]));
  });
});
