import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../../src/compute/index.js';
import { Rng } from '../../../../src/core/index.js';
import { diagnoseModel, disagreement, type ModelDiagnostics } from '../../../../src/rl/diagnostics/index.js';
import {
  historyWindows,
  observationSpec,
  presetConfig,
  ReplayView,
  WorldModel,
} from '../../../../src/rl/index.js';
import { PendulumEnv } from '../pendulum-env.js';

const env = new PendulumEnv();
const config = presetConfig('mbpo', 'cpu', { task: 'pendulum', delayed: false }).world!;
const spec = observationSpec(env.layout);

function randomEpisodes(count: number, seed: number, steps = Infinity): ReplayView {
  const replay = new ReplayView(env.layout, spec, env.task);
  const rng = new Rng(seed, 'random episodes');
  for (let episode = 0; episode < count; episode++) {
    env.reset(0, rng);
    replay.begin(env.frames);
    for (let t = 1, over = false; !over; t++) {
      const action = Float32Array.of(rng.uniform(-1, 1));
      const { frames, rewards, truncated } = env.step(action);
      over = truncated[0] === 1 || t >= steps;
      replay.append(action, frames, rewards[0]!, false, over);
    }
  }
  return replay;
}

let world: WorldModel;
let found: ModelDiagnostics;
const fresh = randomEpisodes(4, 2);
beforeAll(async () => {
  await selectBackend('auto', { threads: 1 });
  const model = {
    ...config.model,
    members: 3,
    elites: 2,
    hidden: [24],
    weightDecay: [0, 0],
    maxGradientSteps: 300,
  };
  world = new WorldModel(
    env.layout,
    env.task,
    spec,
    { ...config, model, reward: 'learned' },
    new Rng(1, 'world'),
  );
  await world.fitTo(world.dataset(randomEpisodes(5, 1)), new Rng(1, 'fit'));
  found = diagnoseModel(world, fresh, new Rng(1, 'diagnostics'));
});
afterAll(() => world.dispose());

describe('diagnoseModel', () => {
  it('has a value for each output, the learned reward among them', () => {
    const { rmse, changeStd, nll, calibration, recalibrated, openLoop } = found;
    const { p50, p90, p95 } = calibration.coverage;
    const lists = [
      rmse,
      changeStd,
      nll,
      p50,
      p90,
      p95,
      calibration.ece,
      recalibrated.ece,
      recalibrated.before,
    ];
    for (const { rmse: error, bandLow, bandHigh } of openLoop) lists.push(error, bandLow, bandHigh);
    for (const list of lists) {
      expect(list.length).toBe(4);
      for (const value of list) expect(Number.isFinite(value)).toBe(true);
    }
    expect([found.steps, found.episodes]).toEqual([800, 4]);
    expect(openLoop.map(({ k }) => k)).toEqual([1, 5, 20]);
    expect(calibration.observed.length).toBe(calibration.levels.length);
    expect(calibration.within.length).toBe(calibration.levels.length);
    const at = (level: number) => calibration.within[calibration.levels.indexOf(level)];
    expect(at(0.5)).toBeCloseTo(p50.reduce((sum, share) => sum + share, 0) / 4, 12);
    expect(at(0.9)).toBeCloseTo(p90.reduce((sum, share) => sum + share, 0) / 4, 12);
  });

  it('finds by one step of open loop what it finds by all steps at once', () => {
    expect(found.openLoop[0]!.starts).toBe(800);
    found.rmse.forEach((error, d) => expect(found.openLoop[0]!.rmse[d]! / error).toBeCloseTo(1, 2));
  });

  it('compares errors with what changes in a step', () => {
    const rates = Array.from(fresh.transitions(), (row) => {
      const { frame, next } = fresh.step(row);
      return next[1]! - frame[1]!;
    });
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    expect(found.changeStd[1]).toBeCloseTo(Math.sqrt(variance), 6);
    found.rmse.forEach((error, d) => expect(error / found.changeStd[d]!).toBeLessThan(0.5)); // it has learned
  });

  it('recalibrates towards what held-out steps show', () => {
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(sum(found.recalibrated.ece)).toBeLessThan(sum(found.recalibrated.before));
  });

  it('knows recorded steps from steps outside by disagreement, with a limit that 5 % of them exceed', () => {
    expect(found.auroc).toBeGreaterThan(0.8);
    const rows = fresh.transitions();
    const windows = historyWindows(spec, rows.length);
    rows.forEach((row, i) => fresh.readWindow(row, windows, i));
    const actions = Float32Array.from(rows, (row) => fresh.step(row).action[0]!);
    const scores = disagreement(world.predictElites(rows.length, windows, actions));
    const exceeding = scores.filter((score) => score > found.disagreementLimit * (1 + 1e-6)).length;
    expect(exceeding).toBeGreaterThan(0.045 * rows.length);
    expect(exceeding).toBeLessThanOrEqual(0.05 * rows.length);
  });

  it.each([
    ['one episode', () => randomEpisodes(1, 3), /200 steps in 1 episodes are too few.*at least 100 in 2/],
    ['few steps', () => randomEpisodes(3, 3, 20), /60 steps in 3 episodes are too few/],
  ])('refuses %s', (_what, replay, message) => {
    expect(() => diagnoseModel(world, replay(), new Rng(1))).toThrow(message);
  });
});

describe('WorldModel.expect', () => {
  it('is where the mean of one member leads, in raw units', () => {
    const windows = historyWindows(spec, 1);
    windows.frames.set([3, 0.5, 0]);
    const action = Float32Array.of(0.25);
    const { ensemble } = world;
    const { mean } = world.predictElites(1, windows, action);
    ensemble.elites.forEach((member, k) => {
      const expected = world.expect(member, 1, windows, action);
      expected.forEach((value, d) => {
        const { mean: shift, std } = ensemble.targetNormaliser;
        const output = mean[k * 4 + d]! * std[d]! + shift[d]!;
        expect(value).toBeCloseTo(output + (d < 3 ? windows.frames[d]! : 0), 4);
      });
    });
  });
});
