import { badInput } from '../core/index.js';
import type { RunDirectory } from '../data/index.js';
import { withoutPrefix } from '../rl/named-tensors.js';
import { snapshotFromTensors, type PolicySnapshot, type PolicySnapshotMeta } from '../rl/policy-snapshot.js';

/**
 * The policy of a run's newest checkpoint. Loads no tensor library.
 * @throws BAD_INPUT when the run has no checkpoint, or its checkpoint holds no policy
 */
export function loadPolicy(run: RunDirectory): PolicySnapshot {
  const checkpoint = run.loadCheckpoint();
  const meta = checkpoint.parts['policy'] as PolicySnapshotMeta | undefined;
  if (meta === undefined) {
    throw badInput(`checkpoint ${checkpoint.path} holds no policy; use a run made by dynabridge train`, {
      path: checkpoint.path,
    });
  }
  return snapshotFromTensors(withoutPrefix('policy', checkpoint.tensors), meta);
}
