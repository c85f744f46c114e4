import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../../../src/compute/index.js';
import { Rng } from '../../../src/core/index.js';
import { robotLayout } from '../../../src/env/index.js';
import {
  historyWindows,
  observationSpec,
  presetConfig,
  ReplayView,
  withDomainInput,
  WorldModel,
} from '../../../src/rl/index.js';
import { trackingTask } from './tracking-task.js';

const layout = robotLayout(['slide'], ['slide']);
const observation = observationSpec(layout);
const preset = presetConfig('mbpo', 'cpu', { task: 'tracking', delayed: false }).world!;
const model = {
  ...preset.model,
  members: 2,
  elites: 2,
  hidden: [32, 32],
  weightDecay: [0, 0, 0],
  shrink: 1,
  batchSize: 64,
  maxGradientSteps: 400,
  patience: 1000,
};

/** What an action moves the slide by. */
const GAIN = { simulation: 1, robot: 0.7 };
/** of an action in [-1, 1] where one gain is taken for the other: 0.3 / sqrt(3) */
const RMSE_OF_MISTAKEN_GAIN = 0.173;

/** What both have in common, and what differs. */
const following = (position: number, action: number, gain: number): number =>
  position + 0.3 * Math.sin(3 * position) + gain * action;

/** Single steps from positions in a range, under actions in [-1, 1]. */
function steps(count: number, from: number, to: number, gain: number, seed: number): ReplayView {
  const replay = new ReplayView(layout, observation, trackingTask);
  const rng = new Rng(seed);
  for (let i = 0; i < count; i++) {
    const [position, action] = [rng.uniform(from, to), rng.uniform(-1, 1)];
    replay.begin(Float32Array.of(position, 0, 0));
    const next = Float32Array.of(following(position, action, gain), 0, 0);
    replay.append(Float32Array.of(action), next, 0, false, true);
  }
  return replay;
}

/** The simulation everywhere; the robot in one half. */
const simulated = steps(600, -1, 1, GAIN.simulation, 1);
const real = steps(150, -1, 0, GAIN.robot, 2);

/** A model of the simulation, fitted on to both. */
async function fitted(domainInput: boolean): Promise<WorldModel> {
  const make = (tells: boolean, learningRate: number) => {
    const config = { ...preset, domainInput: tells, model: { ...model, learningRate } };
    return new WorldModel(layout, trackingTask, observation, config, new Rng(4));
  };
  const before = make(false, 1e-2);
  await before.fitTo(before.dataset(simulated), new Rng(3));
  const world = make(domainInput, 3e-3);
  world.load(domainInput ? withDomainInput(before.tensors()) : before.tensors());
  before.dispose();
  await world.fitTo(world.dataset(real, { replay: simulated, rows: simulated.transitions() }), new Rng(3));
  return world;
}

/** Root mean squared error of where the elites expect the robot, from positions in a range. */
function robotError(world: WorldModel, from: number, to: number): number {
  const count = 200;
  const rng = new Rng(9);
  const windows = historyWindows(observation, count);
  const actions = new Float32Array(count).map(() => rng.uniform(-1, 1));
  for (let i = 0; i < count; i++) windows.frames[3 * i] = rng.uniform(from, to);
  let squares = 0;
  for (const member of world.ensemble.elites) {
    const expected = world.expect(member, count, windows, actions);
    actions.forEach((action, i) => {
      squares += (expected[3 * i]! - following(windows.frames[3 * i]!, action, GAIN.robot)) ** 2;
    });
  }
  return Math.sqrt(squares / (count * world.ensemble.elites.length));
}

describe('a world model that learns from a robot and from its simulation', () => {
  let told: WorldModel;
  let mixed: WorldModel;
  beforeAll(async () => {
    await selectBackend('wasm');
    told = await fitted(true);
    mixed = await fitted(false);
  });
  afterAll(() => [told, mixed].forEach((world) => world.dispose()));

  it('is right about the robot where it has seen it; without the domain as an input it is between the two', () => {
    expect(robotError(told, -1, 0)).toBeLessThan(0.02);
    expect(robotError(mixed, -1, 0)).toBeGreaterThan(0.08);
  });

  it('carries over how the robot differs to where only the simulation was seen', () => {
    const error = robotError(told, 0, 1);
    expect(error).toBeLessThan(0.4 * RMSE_OF_MISTAKEN_GAIN);
    expect(error).toBeLessThan(0.5 * robotError(mixed, 0, 1));
  });

  it('still knows the simulation', () => {
    const replay = steps(200, -1, 1, GAIN.simulation, 7);
    const none = new ReplayView(layout, observation, trackingTask);
    const { count, inputs, targets } = told.dataset(none, { replay, rows: replay.transitions() });
    expect(count).toBe(200);
    expect(told.ensemble.evaluate({ count, inputs, targets }).rmse[0]).toBeLessThan(0.02);
  });
});
