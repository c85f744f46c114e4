import { describe, expect, it } from 'vitest';
import { collectEpisodes } from '../../../../src/rl/diagnostics/index.js';
import type { CollectingPolicy } from '../../../../src/rl/diagnostics/collecting-policies.js';
import { observationSpec, ReplayView, type PolicySnapshot } from '../../../../src/rl/index.js';
import { PendulumEnv } from '../pendulum-env.js';

const env = new PendulumEnv();
const observation = observationSpec(env.layout);
const head = (bias: number) => ({
  inputs: observation.size,
  outputs: 1,
  kernel: new Float32Array(observation.size),
  bias: Float32Array.of(bias),
});
/** always 0.5 on average, and exploring widely */
const snapshot: PolicySnapshot = {
  observation,
  normaliser: {
    mean: new Float32Array(observation.size),
    std: new Float32Array(observation.size).fill(1),
    clip: Infinity,
  },
  hidden: [],
  mean: head(Math.atanh(0.5)),
  logStd: head(1),
};

function collect(policy: CollectingPolicy, seed = 1) {
  const replay = new ReplayView(env.layout, observation, env.task);
  const done: number[] = [];
  const onEpisode = (episode: number): void => void done.push(episode);
  collectEpisodes({ env, snapshot, policy, episodes: 4, seed, onEpisode }, replay);
  const actions = replay.episodes().map((rows) => Array.from(rows, (row) => replay.step(row).action[0]!));
  return { replay, done, actions };
}

/** share of the steps that took the policy's mean */
const meanShare = (actions: readonly number[]): number =>
  actions.filter((action) => Math.abs(action - 0.5) < 1e-6).length / actions.length;

describe('collectEpisodes', () => {
  it('records whole episodes, and says of each that it is done', () => {
    const { replay, done, actions } = collect('trained');
    expect(done).toEqual([1, 2, 3, 4]);
    expect(actions.map(({ length }) => length)).toEqual([200, 200, 200, 200]);
    const { frame, action, next, reward } = replay.step(replay.transitions()[0]!);
    const expected = new Float32Array(1);
    env.task.reward(1, env.layout, frame, action, next, expected);
    expect(reward).toBe(expected[0]);
  });

  it('explores in about half of the steps of the trained policy', () => {
    for (const episode of collect('trained').actions) {
      expect(meanShare(episode)).toBeGreaterThan(0.35);
      expect(meanShare(episode)).toBeLessThan(0.65);
    }
  });

  it('acts at random throughout, or in every second episode', () => {
    for (const episode of collect('random').actions) expect(meanShare(episode)).toBe(0);
    expect(collect('mix').actions.map((episode) => meanShare(episode) > 0)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('repeats itself with the same seed only', () => {
    const frames = ({ replay }: { replay: ReplayView }) => Array.from(replay.tensors()['frames']!.data);
    expect(frames(collect('mix'))).toEqual(frames(collect('mix')));
    expect(frames(collect('mix', 2))).not.toEqual(frames(collect('mix')));
  });
});
