import { describe, expect, it } from 'vitest';
import { wrapAngle, percentile, Rng } from '../../../../src/core/index.js';
import type { FrameLayout } from '../../../../src/env/index.js';
import { openLoopErrors, type OpenLoopModel } from '../../../../src/rl/diagnostics/index.js';
import { observationSpec, ReplayView } from '../../../../src/rl/index.js';
import { trackingTask } from '../tracking-task.js';

const layout: FrameLayout = { fields: ['place', 'angle'], angles: ['angle'], actions: ['u'], size: 2 };
const spec = observationSpec(layout, { history: 2, previousActions: 1 });

/** place' = place + u, angle' = angle + 1, kept in [-pi, pi) as an encoder might; reward 7 */
function record(lengths: readonly number[]): ReplayView {
  const replay = new ReplayView(layout, spec, trackingTask);
  const rng = new Rng(1, 'record');
  for (const steps of lengths) {
    const frames = [[rng.uniform(-9, 9), rng.uniform(-3, 3)]];
    const actions = Float32Array.from({ length: steps }, () => rng.uniform(-1, 1));
    for (const u of actions) {
      const [place, angle] = frames.at(-1) as [number, number];
      frames.push([place + u, wrapAngle(angle + 1)]);
    }
    replay.addEpisode({
      frames: Float32Array.from(frames.flat()),
      actions,
      rewards: new Float32Array(steps).fill(7),
      terminated: false,
    });
  }
  return replay;
}

/** Knows the rule, but member e is off by `offsets[e]` in each step and by 100 offsets[e] in the reward. */
function knowing(elites: readonly number[], offsets: readonly number[]): OpenLoopModel {
  return {
    observation: spec,
    ensemble: { elites: Int32Array.from(elites) },
    expect(member, batch, windows, actions) {
      const offset = offsets[member]!;
      const expected = new Float32Array(batch * 3);
      for (let b = 0; b < batch; b++) {
        const [place, angle] = [windows.frames[b * 4]!, windows.frames[b * 4 + 1]!];
        expected.set([place + actions[b]! + offset, angle + 1 + 0.1 * offset, 7 + 100 * offset], b * 3);
      }
      return expected;
    },
  };
}

const LENGTHS = [30, 3, 21, 1];

describe('openLoopErrors', () => {
  it('adds up the errors of each elite, on recorded actions, and judges angles by the shorter way', () => {
    const model = knowing([0, 2, 3], [0.5, 99, -0.125, 0.25]);
    const found = openLoopErrors(model, record(LENGTHS), [1, 5, 20], new Rng(1));
    const mean = (0.5 - 0.125 + 0.25) / 3;
    expect(found.map(({ k }) => k)).toEqual([1, 5, 20]);
    for (const { k, starts, rmse, bandLow, bandHigh } of found) {
      expect(rmse[0]).toBeCloseTo(k * mean, 3);
      expect(rmse[1]).toBeCloseTo(k * 0.1 * mean, 3);
      expect(rmse[2]).toBeCloseTo(100 * mean, 3);
      const absolute = [0.5, 0.125, 0.25].flatMap((offset) => new Array<number>(starts).fill(k * offset));
      expect(bandLow[0]).toBeCloseTo(percentile(absolute, 5), 3);
      expect(bandHigh[0]).toBeCloseTo(percentile(absolute, 95), 3);
    }
  });

  it('never goes beyond the end of an episode', () => {
    const found = openLoopErrors(knowing([0], [0]), record(LENGTHS), [1, 5, 20], new Rng(1));
    const expected = [1, 5, 20].map((k) => LENGTHS.reduce((sum, n) => sum + Math.max(0, n - k + 1), 0));
    expect(found.map(({ starts }) => starts)).toEqual(expected);
    for (const { rmse } of found) for (const error of rmse) expect(error).toBeLessThan(1e-4);
  });

  it('leaves out depths that no episode reaches', () => {
    const found = openLoopErrors(knowing([0], [1]), record([5, 4]), [1, 5, 20], new Rng(1));
    expect(found.map(({ k, starts }) => [k, starts])).toEqual([
      [1, 9],
      [5, 1],
    ]);
  });

  it('draws 1000 starts where there are more', () => {
    const [one] = openLoopErrors(knowing([0], [1]), record([900, 900]), [1], new Rng(1));
    expect(one!.starts).toBe(1000);
  });

  it('does not hide that a prediction ran away', () => {
    const [one] = openLoopErrors(knowing([0], [NaN]), record([5]), [1], new Rng(1));
    expect([one!.rmse[0], one!.bandHigh[0]]).toEqual([NaN, NaN]);
  });
});
