import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/agent/load-model.js';
import { loadExplorer, loadPolicy } from '../../../src/agent/load-policy.js';
import type { Checkpoint, RunDirectory, StoredCheckpoint } from '../../../src/data/index.js';
import {
  firstCheckpoint,
  learnerTensors,
  refinedCheckpoint,
  refinedState,
  simulatedSteps,
  trainedPolicy,
  type RefinedParts,
} from '../../../src/learner/refined-checkpoint.js';
import { withDomainInput, withPrefix, withoutPrefix, type PolicySnapshot } from '../../../src/rl/index.js';
import type { ModelSnapshotMeta } from '../../../src/rl/model-snapshot.js';
import { removeScratchRuns, scratchRun } from './scratch-run.js';
import { pendulum, trainTiny } from './tiny-training.js';

let trained: RunDirectory;
let training: StoredCheckpoint;

beforeAll(async () => {
  trained = await trainTiny('mbpo');
  training = trained.loadCheckpoint();
});
afterAll(() => {
  rmSync(path.dirname(trained.path), { recursive: true });
  removeScratchRuns();
});

/** As it is read back from the disk. */
function stored(checkpoint: Checkpoint): StoredCheckpoint {
  const run = scratchRun({ robot: 'pendulum', task: 'swing-up', config: {} });
  run.saveCheckpoint(checkpoint);
  return run.loadCheckpoint();
}

/** Another policy, of the same description. */
function changed(policy: PolicySnapshot, by: number): PolicySnapshot {
  const { mean } = policy;
  return { ...policy, mean: { ...mean, bias: mean.bias.map((x) => x + by) } };
}

/** What a round of learning keeps. */
function round(before: StoredCheckpoint, step: number): RefinedParts {
  const model = before.parts['model'] as unknown as ModelSnapshotMeta;
  const learner = learnerTensors(before);
  const wider = model.domainInput
    ? learner
    : { ...learner, ...withPrefix('model', withDomainInput(withoutPrefix('model', learner))) };
  return {
    step,
    policy: changed(loadPolicy(training), step),
    explorer: changed(loadPolicy(training), step + 0.5),
    trained: trainedPolicy(before),
    learner: wider,
    simulated: simulatedSteps(before),
    model: { ...model, domainInput: true },
    episodes: ['real-0001/1', `real-0001/${step}`],
  };
}

describe('firstCheckpoint', () => {
  it('drives with the policy as it was trained, and has learned from nothing', () => {
    const first = stored(firstCheckpoint(training));
    expect(first.step).toBe(0);
    expect(loadPolicy(first)).toEqual(loadPolicy(training));
    expect(loadExplorer(first)).toEqual(loadPolicy(training));
    expect(trainedPolicy(first)).toEqual(loadPolicy(training));
    expect(loadModel(first, pendulum)).toEqual(loadModel(training, pendulum));
    expect(refinedState(first)).toEqual({ episodes: [] });
  });

  it('takes networks and simulated steps of the training, not its imagined ones nor its place in it', () => {
    const first = stored(firstCheckpoint(training));
    expect(learnerTensors(first)).toEqual(withoutPrefix('training/learner', training.tensors));
    expect(simulatedSteps(first)).toEqual(withoutPrefix('training/replay', training.tensors));
    expect(simulatedSteps(first)['rewards']!.shape[0]).toBeGreaterThanOrEqual(80);
    expect(Object.keys(first.tensors).some((name) => name.startsWith('training/imagined'))).toBe(false);
    expect(Object.keys(first.parts).sort()).toEqual(['model', 'policy', 'refined']);
  });

  it('describes no world model where the training had none', () => {
    const { model: _, ...parts } = training.parts;
    const first = stored(firstCheckpoint({ ...training, parts }));
    expect(loadModel(first, pendulum)).toBeNull();
  });
});

describe('refinedCheckpoint', () => {
  it('holds all that it was made of, read back by the agent and by the learner', () => {
    const parts = round(stored(firstCheckpoint(training)), 120);
    const checkpoint = stored(refinedCheckpoint(parts));
    expect(checkpoint.step).toBe(120);
    expect(loadPolicy(checkpoint)).toEqual(parts.policy);
    expect(loadExplorer(checkpoint)).toEqual(parts.explorer);
    expect(learnerTensors(checkpoint)).toEqual(parts.learner);
    expect(simulatedSteps(checkpoint)).toEqual(parts.simulated);
    expect(refinedState(checkpoint)).toEqual({ episodes: parts.episodes });
    const model = loadModel(checkpoint, pendulum)!;
    expect(model.meta.domainInput).toBe(true);
    expect(model.inputs.size).toBe(model.meta.observation.size + model.meta.observation.actionSize + 1);
  });

  it('knows the policy as it was trained after any number of rounds', () => {
    let checkpoint = stored(firstCheckpoint(training));
    for (const step of [50, 100, 150]) checkpoint = stored(refinedCheckpoint(round(checkpoint, step)));
    expect(trainedPolicy(checkpoint)).toEqual(loadPolicy(training));
    expect(loadPolicy(checkpoint)).not.toEqual(loadPolicy(training));
  });

  it('can be gone on with in another fine-tuning: its policy is what was trained there', () => {
    const refined = stored(refinedCheckpoint(round(stored(firstCheckpoint(training)), 50)));
    const next = stored(firstCheckpoint(refined));
    expect(next.step).toBe(0);
    expect(trainedPolicy(next)).toEqual(loadPolicy(refined));
    expect(loadExplorer(next)).toEqual(loadPolicy(refined));
    expect(learnerTensors(next)).toEqual(learnerTensors(refined));
    expect(loadModel(next, pendulum)).toEqual(loadModel(refined, pendulum));
    expect(refinedState(next)).toEqual({ episodes: [] });
  });
});
