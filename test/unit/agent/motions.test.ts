import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScratchBridge } from '../../../bench/scratch-bridge.js';
import type { Motion } from '../../../src/agent/motion.js';
import { Motions } from '../../../src/agent/motions.js';
import type { PolicyDeployment } from '../../../src/io/ipc/index.js';
import { withPrefix, type NamedTensors } from '../../../src/rl/named-tensors.js';
import type { ObservationSpec } from '../../../src/rl/observation.js';
import { snapshotToTensors } from '../../../src/rl/policy-snapshot.js';
import { loadPolicy } from '../../../src/agent/index.js';

let scratch: ScratchBridge;
const upright = new Float32Array(5);
const fallen = Float32Array.of(0, 0.6, 0, 0, 0);
const order: PolicyDeployment = { motion: 'policy', version: 10, sampling: false, seed: 0, steps: 3 };

beforeAll(() => {
  scratch = new ScratchBridge(100);
  const { run } = scratch;
  const first = run.loadCheckpoint();
  const { parts } = first;
  const biased = (bias: number) => {
    const snapshot = loadPolicy(first);
    const mean = { ...snapshot.mean, bias: Float32Array.of(bias) };
    // tanh(-10): the narrowest spread there is
    const logStd = { ...snapshot.logStd, bias: Float32Array.of(-10) };
    return snapshotToTensors({ ...snapshot, mean, logStd }).tensors;
  };
  run.saveCheckpoint({ step: 10, parts, tensors: withPrefix('policy', biased(0.5)) });
  const both = { ...withPrefix('policy', biased(0.5)), ...withPrefix('explorer', biased(-0.5)) };
  run.saveCheckpoint({ step: 20, parts, tensors: both });
});
afterAll(() => scratch.dispose());

const motions = (task: string | null = 'balance', predicted = false) =>
  new Motions(scratch.robot, scratch.run, predicted, task ?? undefined);
const act = (motion: Motion, frame = upright): number =>
  motion.policy.step(motion.policy.begin(), frame).action[0]!;
const ending = (motion: Motion, frame: Float32Array, steps: number) =>
  motion.ending!(motion.policy.begin(), frame, steps);

/** A world model that expects nothing to change, as a learner stores it. */
function stillWorld(observation: ObservationSpec) {
  const inputs = observation.size + observation.actionSize;
  const outputs = observation.frameSize;
  const filled = (n: number, value: number) => ({ shape: [n], data: new Float32Array(n).fill(value) });
  const kernel = { shape: [inputs, 2 * outputs], data: new Float32Array(inputs * 2 * outputs) };
  const tensors: NamedTensors = {
    elites: filled(1, 0),
    'inputs/mean': filled(inputs, 0),
    'inputs/std': filled(inputs, 1),
    'targets/mean': filled(outputs, 0),
    'targets/std': filled(outputs, 1),
    maxLogVariance: filled(outputs, 0.5),
    minLogVariance: filled(outputs, -10),
    varianceScale: filled(outputs, 1),
    disagreementLimit: filled(1, 1),
    'member0/head/kernel': kernel,
    'member0/head/bias': filled(2 * outputs, 0),
  };
  const meta = { observation, hiddenWidths: [], outputs, elites: 1, probabilistic: true, target: 'delta' };
  return { tensors: withPrefix('training/learner/model', tensors), meta };
}

describe('what an agent drives with', () => {
  it('is the newest policy at first, which others end where there is no task', () => {
    const first = motions(null).first();
    expect(first.version).toBe(20);
    expect(first.predictor).toBeNull();
    expect('ending' in first).toBe(false);
  });

  it("ends after the task's own steps at first", () => {
    const first = motions().first();
    expect(ending(first, upright, 249)).toBeNull();
    expect(ending(first, upright, 250)).toMatchObject({ cause: 'steps' });
  });

  it('is the policy of the checkpoint that was deployed', () => {
    const motion = motions().of({ ...order, version: 10 });
    expect(motion.version).toBe(10);
    expect(act(motion)).toBeCloseTo(Math.tanh(0.5), 6);
  });

  it('ends by the task, or by the steps that were asked for, the task coming first', () => {
    const motion = motions().of({ ...order, steps: 3 });
    expect(ending(motion, upright, 2)).toBeNull();
    expect(ending(motion, upright, 3)).toEqual({ cause: 'steps', why: '3 steps' });
    const fell = { cause: 'task', why: "the task ended: a terminal state of 'balance'" };
    expect(ending(motion, fallen, 0)).toEqual(fell);
    expect(ending(motion, fallen, 3)).toEqual(fell);
  });

  it('draws its actions where that was asked for, by the seed', () => {
    const drawn = (seed: number) => act(motions().of({ ...order, sampling: true, seed }));
    expect(drawn(1)).toBe(drawn(1));
    expect(drawn(1)).not.toBe(drawn(2));
    expect(drawn(1)).not.toBe(act(motions().of(order)));
    expect(drawn(1)).toBeCloseTo(Math.tanh(0.5), 1); // there is no explorer: of the policy
  });

  it('draws them of the explorer where the checkpoint holds one, and takes the mean of the policy', () => {
    const newest = { ...order, version: 20 };
    expect(act(motions().of({ ...newest, sampling: true }))).toBeCloseTo(Math.tanh(-0.5), 1);
    expect(act(motions().of(newest))).toBeCloseTo(Math.tanh(0.5), 6);
  });

  it('is a motion to the start where that was asked for', () => {
    const motion = motions().of({ motion: 'start', pose: [0.3], steps: 9 });
    expect(motion.version).toBe(0);
    expect(act(motion)).toBeGreaterThan(0);
    expect(ending(motion, upright, 9)).toMatchObject({ cause: 'steps' });
  });

  it.each([
    ['a checkpoint that is not there', { ...order, version: 11 }, /no checkpoint of step 11/],
    ['no steps', { ...order, steps: 0 }, /an episode of 0 steps was asked for, at least 1 is wanted/],
    ['part of a step', { ...order, steps: 2.5 }, /an episode of 2.5 steps/],
    ['a pose of another robot', { motion: 'start' as const, pose: [0, 0], steps: 9 }, /expected 1 finite/],
  ])('is never %s', (_what, wrong, message) => {
    expect(() => motions().of(wrong)).toThrow(message);
  });

  it('is nothing that is deployed where there is no task', () => {
    expect(() => motions(null).of(order)).toThrow(/started without a task/);
  });

  it('is no policy without a world model where evidence is expected', () => {
    expect(() => motions('balance', true).of(order)).toThrow(/has no world model/);
  });

  it('is predicted by the world model of its checkpoint, which takes nothing from what is drawn', () => {
    const { run } = scratch;
    const { parts, tensors } = run.loadCheckpoint(20);
    const world = stillWorld(loadPolicy(run.loadCheckpoint(20)).observation);
    const model = structuredClone(world.meta) as never;
    run.saveCheckpoint({ step: 25, parts: { ...parts, model }, tensors: { ...tensors, ...world.tensors } });
    const actions = (judged: boolean): number[] => {
      const deployed = { ...order, version: 25, sampling: true };
      const { policy, predictor } = motions('balance', true).of(deployed);
      const carry = policy.begin();
      return [1, 2, 3].map(() => {
        const { action } = policy.step(carry, upright);
        if (judged) expect(predictor!.judge(carry)).toMatchObject({ authority: 1, reason: 'clean' });
        return action[0]!;
      });
    };
    expect(actions(true)).toEqual(actions(false));
  });

  it('is nothing of a damaged checkpoint', () => {
    const { run } = scratch;
    const { parts, tensors } = run.loadCheckpoint(10);
    writeFileSync(join(run.saveCheckpoint({ step: 30, parts, tensors }), 'tensors.safetensors'), 'rubbish');
    expect(() => motions().of({ ...order, version: 30 })).toThrow(/it was changed/);
  });

  it('needs a task of the robot', () => {
    expect(() => motions('reach')).toThrow(/has no task 'reach'/);
  });
});
