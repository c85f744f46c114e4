import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cartpoleBalance, SimulatedVectorEnv } from '../../../sim/index.js';
import { EpisodeRecorder } from '../../../src/training/episode-recorder.js';
import { sessionOf } from '../../../src/training/policy-contract.js';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng, systemClock } from '../../../src/core/index.js';
import { EpisodeWriter, readEpisodes, transitionsOf, type Episode } from '../../../src/data/index.js';
import {
  observationSpec,
  presetConfig,
  ReplayView,
  Trainer,
  transitionBatch,
  type EpisodeReport,
  type RecordedEpisode,
} from '../../../src/rl/index.js';
import { temporaryFolder } from '../data/sample-episodes.js';
import { cartpole, engine } from '../sim/robots.js';

const SEED = 4;
const EPISODES = 6;
const task = { ...cartpoleBalance, episodeSteps: 14 }; // short enough that not every random episode falls
const env = new SimulatedVectorEnv({ engine, robot: cartpole, task, count: 1, recordTicks: true });
const config = {
  ...presetConfig('mbpo', 'cpu', { task: task.name, delayed: true }),
  initialRandomSteps: 1e6,
};
const observation = observationSpec(env.layout, config);
const reports: EpisodeReport[] = [];
const stored: Episode[] = [];
let live: ReplayView;

/** Trains for some episodes of random actions with the real recorder, then reads them back from disk. */
beforeAll(async () => {
  await selectBackend('cpu');
  const session = sessionOf('sim', cartpole, task.name, 'ab'.repeat(32));
  const folder = temporaryFolder();
  const writer = EpisodeWriter.open(folder, { ...session, clock: systemClock });
  const recorder = new EpisodeRecorder(writer, SEED);
  const trainer = new Trainer({ env, observation, config, seed: SEED, clock: systemClock, recorder });
  while (reports.length < EPISODES) {
    reports.push(...(await trainer.step()).episodes);
  }
  live = trainer.learner.replay;
  trainer.dispose();
  writer.close();
  for await (const episode of readEpisodes(folder)) stored.push(episode);
});
afterAll(() => env.dispose());

/** An episode of the store as the replay takes it: the frame before every step and the last one after it. */
function recorded(episode: Episode): RecordedEpisode {
  const transitions = transitionsOf(episode);
  const frames = [...transitions.map(({ frame }) => frame), transitions.at(-1)!.next];
  return {
    frames: Float32Array.from(frames.flatMap((frame) => Array.from(frame))),
    actions: Float32Array.from(transitions.flatMap(({ action }) => Array.from(action))),
    terminated: transitions.at(-1)!.terminated,
  };
}

describe('EpisodeRecorder', () => {
  it('stores the episodes that the training reported, fallen and cut off', () => {
    expect(
      stored.map(({ footer }) => [footer.steps, footer.terminated, footer.truncated, footer.return]),
    ).toEqual(reports.map((report) => [report.length, report.terminated, !report.terminated, report.return]));
    expect(new Set(reports.map(({ terminated }) => terminated))).toEqual(new Set([true, false]));
  });

  it('stores every step and control tick, in order of time', () => {
    const { controlRateHz, policyRateHz } = cartpole.config;
    for (const { header, steps, ticks } of stored) {
      expect(header.seed).toBe(SEED);
      expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i));
      const decimation = controlRateHz / policyRateHz;
      expect(ticks.length).toBe(steps.length * decimation);
      expect(steps.map(({ timeNs }) => timeNs)).toEqual(steps.map((_, i) => ticks[i * decimation]!.timeNs));
      for (let i = 1; i < ticks.length; i++) expect(ticks[i]!.timeNs).toBeGreaterThan(ticks[i - 1]!.timeNs);
    }
    expect(stored.flatMap(({ steps }) => steps.map(({ policyVersion }) => policyVersion))).toEqual(
      Array.from({ length: live.steps }, (_, i) => i),
    );
  });

  it('lets a replay be rebuilt from the store that equals the live one bit for bit', () => {
    const rebuilt = new ReplayView(env.layout, observation, task);
    rebuilt.addEpisodes(stored.map(recorded));
    expect(rebuilt.steps).toBe(live.steps);
    expect(rebuilt.transitions()).toEqual(live.transitions());
    const fill = (replay: ReplayView) => {
      const batch = transitionBatch(256, observation.size, observation.actionSize);
      replay.fill(batch, 0, batch.count, new Rng(7));
      return batch;
    };
    const batch = fill(live);
    expect(fill(rebuilt)).toEqual(batch);
    expect(new Set(batch.rewards).size).toBeGreaterThan(50);
    expect(batch.terminated).toContain(1);
  });
});
