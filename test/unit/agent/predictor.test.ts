import { describe, expect, it } from 'vitest';
import { predictedBounds, type PredictedBounds } from '../../../src/agent/predicted-bounds.js';
import { Predictor } from '../../../src/agent/predictor.js';
import { robotLayout } from '../../../src/env/index.js';
import { modelSnapshotFromTensors, PlainModel } from '../../../src/rl/model-snapshot.js';
import type { NamedTensors } from '../../../src/rl/named-tensors.js';
import { observationSpec } from '../../../src/rl/observation.js';
import { PlainPolicy, PolicyCarry } from '../../../src/rl/policy-snapshot.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';

// One joint: frames are [position, velocity, command].
const observation = observationSpec(robotLayout(['slide'], ['slide']));
const BOUNDS: PredictedBounds[] = [{ joint: 0, low: -1, high: 1, maxSpeed: 2 }];
const D = 3;
const full = (n: number, value: number) => ({ shape: [n], data: new Float32Array(n).fill(value) });

interface Members {
  /** added to the position by each member, on top of 0.1 action: members that are told apart by their index */
  readonly offsets: readonly number[];
  /** added to the velocity by all */
  readonly acceleration?: number;
  readonly limit?: number;
}

/** A linear model without hidden layers, whose predictions are known: position += 0.1 action + offset. */
function model({ offsets, acceleration = 0, limit = 1e6 }: Members): PlainModel {
  const members = offsets.map((offset, e): NamedTensors => {
    const kernel = new Float32Array(4 * 2 * D);
    kernel[3 * 2 * D] = 0.1; // action -> mean of the position
    const bias = Float32Array.of(offset, acceleration, 0, 0, 0, 0);
    return {
      [`member${e}/head/kernel`]: { shape: [4, 2 * D], data: kernel },
      [`member${e}/head/bias`]: { shape: [2 * D], data: bias },
    };
  });
  const tensors: NamedTensors = Object.assign(
    {
      elites: { shape: [offsets.length], data: Float32Array.from(offsets.keys()) },
      'inputs/mean': full(4, 0),
      'inputs/std': full(4, 1),
      'targets/mean': full(D, 0),
      'targets/std': full(D, 1),
      maxLogVariance: full(D, 0.5),
      minLogVariance: full(D, -10),
      varianceScale: full(D, 1),
      disagreementLimit: full(1, limit),
    },
    ...members,
  ) as NamedTensors;
  const target = 'delta' as const;
  const meta = {
    observation,
    domainInput: false,
    hiddenWidths: [],
    outputs: D,
    elites: offsets.length,
    probabilistic: true,
    target,
  };
  return new PlainModel(modelSnapshotFromTensors(tensors, meta));
}

/** tanh(gain * position + bias) */
function policy(gain: number, bias: number): PlainPolicy {
  const layer = (kernel: Float32Array, b: number) => ({
    inputs: 3,
    outputs: 1,
    kernel,
    bias: Float32Array.of(b),
  });
  return new PlainPolicy({
    observation,
    normaliser: { mean: new Float32Array(3), std: new Float32Array(3).fill(1), clip: 10 },
    hidden: [],
    mean: layer(Float32Array.of(gain, 0, 0), bias),
    logStd: layer(new Float32Array(3), 0),
  });
}

function carry(position: number, velocity = 0, action = 1): PolicyCarry {
  const made = new PolicyCarry(observation);
  made.history.begin(Float32Array.of(position, velocity, 0));
  made.action[0] = action;
  return made;
}

const rightwards = policy(0, 20);
const predictor = (members: Members, horizon = 4, acting = rightwards, disagreement = true) =>
  new Predictor(model(members), acting, BOUNDS, horizon, disagreement);
const same = { offsets: [0, 0, 0] };

describe('Predictor', () => {
  it('leaves all authority where every member stays within bounds and they agree', () => {
    expect(predictor(same).judge(carry(0))).toEqual({
      authority: 1,
      reason: 'clean',
      member: -1,
      joint: -1,
      value: 0,
      limit: 0,
    });
  });

  it('names the member, joint and value that crosses, be it only one of them', () => {
    const found = predictor({ offsets: [0, 0.4, 0] }).judge(carry(0.5));
    expect(found).toMatchObject({ authority: 0.5, reason: 'position', member: 1, joint: 0, limit: 1 });
    expect(found.value).toBeCloseTo(1.5, 5); // on the second step: 0.5 + 2 (0.1 + 0.4)
  });

  it('sees a crossing on the last step of its horizon, and none beyond', () => {
    const start = carry(0.65); // after 4 steps of 0.1: 1.05
    expect(predictor(same, 4).judge(start).reason).toBe('position');
    expect(predictor(same, 3).judge(start).reason).toBe('clean');
  });

  it('lets the policy act in what is imagined: one that turns back in time crosses nothing', () => {
    const start = carry(0.85);
    const turning = policy(-20, 18); // rightwards below 0.9, leftwards above
    expect(predictor(same, 8, turning).judge(start).reason).toBe('clean');
    expect(predictor(same, 8).judge(start).reason).toBe('position');
  });

  it('outside a bound holds only motion further outward against the policy', () => {
    expect(predictor(same, 4, policy(0, -20)).judge(carry(1.5, 0, -1)).reason).toBe('clean');
    expect(predictor(same).judge(carry(1.5, 0, 1)).reason).toBe('position');
    expect(predictor(same, 4, policy(0, 20)).judge(carry(-1.5, 0, 1)).reason).toBe('clean');
    expect(predictor(same, 4, policy(0, -20)).judge(carry(-0.95, 0, -1))).toMatchObject({ limit: -1 });
  });

  it.each([
    [1.95, 0.01, 'clean'],
    [1.95, 0.02, 'velocity'],
    [-1.95, -0.02, 'velocity'],
    [-2.5, 0.02, 'clean'],
  ])(
    'holds a speed beyond its bound against the policy (%f m/s, %f a step)',
    (velocity, acceleration, reason) => {
      expect(predictor({ ...same, acceleration }).judge(carry(0, velocity, 0)).reason).toBe(reason);
    },
  );

  it('lowers authority where members disagree more than their limit, and tells by how much', () => {
    const apart = { offsets: [0, 0.05] };
    const { value } = predictor({ ...apart, limit: 0 }).judge(carry(0));
    expect(value).toBeGreaterThan(0);
    expect(predictor({ ...apart, limit: value * 1.01 }).judge(carry(0)).reason).toBe('clean');
    expect(predictor({ ...apart, limit: value * 0.99 }).judge(carry(0))).toMatchObject({
      authority: 0.5,
      reason: 'disagreement',
      member: -1,
    });
  });

  it('leaves authority to a policy whose model is still taught, however its members disagree', () => {
    const members = { offsets: [0, 0.01, 0], limit: 1e-9 };
    expect(predictor(members).judge(carry(0)).reason).toBe('disagreement');
    expect(predictor(members, 4, rightwards, false).judge(carry(0))).toMatchObject({
      authority: 1,
      reason: 'clean',
    });
  });

  it('holds while doubt persists, and gives authority back stepwise', () => {
    const one = predictor(same);
    const ahead = (position: number) => {
      const { authority, reason } = one.judge(carry(position));
      return [authority, reason];
    };
    expect([0.9, 0.9, 0.9, 0.9].map(ahead)).toEqual([
      [0.5, 'position'],
      [0.5, 'position'],
      [0, 'position'],
      [0, 'position'],
    ]);
    expect([0, 0, 0, 0, 0, 0].map(ahead)).toEqual([
      [0, 'recovering'],
      [0, 'recovering'],
      [0.5, 'recovering'],
      [0.5, 'recovering'],
      [0.5, 'recovering'],
      [1, 'clean'],
    ]);
  });

  it.each([
    ['a state', () => predictor(same).judge(carry(NaN))],
    ['an action', () => predictor(same).judge(carry(0, 0, NaN))],
    ['a member of the model', () => predictor({ offsets: [0, 0, Infinity] }).judge(carry(0))],
    ['a member, though another crosses', () => predictor({ offsets: [2, 0, NaN] }).judge(carry(0))],
  ])('leaves nothing at once where %s is not finite', (_what, judge) => {
    expect(judge()).toMatchObject({ authority: 0, reason: 'non-finite' });
  });

  it('does not change the history and the action that it looks ahead from', () => {
    const start = carry(0.3);
    predictor(same).judge(start);
    expect(start).toEqual(carry(0.3));
  });

  it('refuses a model that observes other values than the policy', () => {
    const other = observationSpec(robotLayout(['slide'], ['slide']), { history: 2 });
    const strange = {
      ...rightwards.snapshot,
      observation: other,
      normaliser: { mean: new Float32Array(6), std: new Float32Array(6), clip: 10 },
    };
    const wide = { inputs: 6, outputs: 1, kernel: new Float32Array(6), bias: new Float32Array(1) };
    const acting = new PlainPolicy({ ...strange, mean: wide, logStd: wide });
    expect(() => predictor(same, 4, acting)).toThrow(/takes 3 observed values.*policy 6/);
  });
});

describe('predictedBounds', () => {
  it('are the position limits of all measured joints, and 110 % of the speeds of those that we drive', () => {
    expect(predictedBounds(loadRobot(findRobot('cartpole')))).toEqual([
      { joint: 0, low: -1.2, high: 1.2, maxSpeed: 2.2 },
      { joint: 1, low: -Infinity, high: Infinity, maxSpeed: Infinity },
    ]);
  });
});
