/**
 * Checkpoints of a fine-tuning. Like those of a training they hold what drives a robot under `policy`, and the world model under
 * `training/learner/model`; besides, the policy that explores under `explorer`. Their step is the number of real steps learned
 * from, which is the policy's version in the record; `trained` is the policy as it was before. Loads no tensor library.
 */
import type { Checkpoint, StoredCheckpoint } from '../data/index.js';
import { withPrefix, withoutPrefix, type NamedTensors } from '../rl/named-tensors.js';
import type { ModelSnapshotMeta } from '../rl/model-snapshot.js';
import {
  snapshotFromTensors,
  snapshotToTensors,
  type PolicySnapshot,
  type PolicySnapshotMeta,
} from '../rl/policy-snapshot.js';

const LEARNER = 'training/learner';
const SIMULATED = 'training/replay';
const POLICY = 'policy';
/** the policy as it was trained in simulation */
const TRAINED = 'trained';

/** What a policy that was refined knows besides its networks. */
export interface RefinedState {
  /** ids of the real episodes that were learned from */
  readonly episodes: readonly string[];
}

/** What of a training's checkpoint the first one of a fine-tuning takes. */
export function firstCheckpoint({ tensors, parts }: StoredCheckpoint): Checkpoint {
  const { policy, model } = parts;
  const kept = [POLICY, LEARNER, SIMULATED];
  const entries = Object.entries(tensors).filter(([name]) =>
    kept.some((part) => name.startsWith(`${part}/`)),
  );
  return {
    step: 0,
    tensors: { ...Object.fromEntries(entries), ...withPrefix(TRAINED, withoutPrefix(POLICY, tensors)) },
    parts: { policy: policy!, ...(model !== undefined && { model }), refined: { episodes: [] } },
  };
}

/** Of a {@link Learner} without its replay. */
export function learnerTensors({ tensors }: Checkpoint): NamedTensors {
  return withoutPrefix(LEARNER, tensors);
}

/** The steps of the training's simulation. */
export function simulatedSteps({ tensors }: Checkpoint): NamedTensors {
  return withoutPrefix(SIMULATED, tensors);
}

export interface RefinedParts {
  readonly step: number;
  /** what is to drive from now on */
  readonly policy: PolicySnapshot;
  readonly explorer: PolicySnapshot;
  readonly trained: PolicySnapshot;
  readonly learner: NamedTensors;
  readonly simulated: NamedTensors;
  readonly model: ModelSnapshotMeta;
  readonly episodes: readonly string[];
}

export function refinedCheckpoint(parts: RefinedParts): Checkpoint {
  const policy = snapshotToTensors(parts.policy);
  const refined: RefinedState = { episodes: parts.episodes };
  return {
    step: parts.step,
    tensors: {
      ...withPrefix(POLICY, policy.tensors),
      ...withPrefix('explorer', snapshotToTensors(parts.explorer).tensors),
      ...withPrefix(TRAINED, snapshotToTensors(parts.trained).tensors),
      ...withPrefix(LEARNER, parts.learner),
      ...withPrefix(SIMULATED, parts.simulated),
    },
    parts: structuredClone({ policy: policy.meta, model: parts.model, refined }) as never,
  };
}

/** The policy as it was trained in simulation. */
export function trainedPolicy({ tensors, parts }: Checkpoint): PolicySnapshot {
  return snapshotFromTensors(
    withoutPrefix(TRAINED, tensors),
    parts['policy'] as unknown as PolicySnapshotMeta,
  );
}

export function refinedState({ parts }: Checkpoint): RefinedState {
  return parts['refined'] as unknown as RefinedState;
}
