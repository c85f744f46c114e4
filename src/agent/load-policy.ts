import { badInput } from '../core/index.js';
import type { StoredCheckpoint } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import { withoutPrefix, type NamedTensors } from '../rl/named-tensors.js';
import {
  PlainPolicy,
  snapshotFromTensors,
  type PolicySnapshot,
  type PolicySnapshotMeta,
} from '../rl/policy-snapshot.js';
import type { Robot } from '../robot/index.js';

/**
 * The policy that a checkpoint holds. Loads no tensor library.
 * @throws BAD_INPUT where it holds none
 */
export function loadPolicy(checkpoint: StoredCheckpoint): PolicySnapshot {
  return snapshotOf(checkpoint, withoutPrefix('policy', checkpoint.tensors));
}

/**
 * The policy to explore with: a learner may keep the newest actor beside the averaged one that is evaluated.
 * @throws BAD_INPUT where the checkpoint holds neither
 */
export function loadExplorer(checkpoint: StoredCheckpoint): PolicySnapshot {
  const own = withoutPrefix('explorer', checkpoint.tensors);
  return Object.keys(own).length > 0 ? snapshotOf(checkpoint, own) : loadPolicy(checkpoint);
}

/** @throws BAD_INPUT where the policy cannot drive the robot, so that it is said before anything is started */
export function checkPolicy(checkpoint: StoredCheckpoint, robot: Robot): void {
  const snapshot = loadPolicy(checkpoint);
  const { fields } = snapshot.observation;
  const layout = layoutOf(robot);
  if (fields.join() !== layout.fields.join()) {
    throw badInput(
      `the policy in ${checkpoint.path} observes [${fields.join(', ')}], this robot has [${layout.fields.join(', ')}]`,
      { path: checkpoint.path },
    );
  }
  new PlainPolicy(snapshot); // refuses layers that do not fit together
}

/** Both policies of a checkpoint share their description. */
function snapshotOf({ parts, path }: StoredCheckpoint, tensors: NamedTensors): PolicySnapshot {
  const meta = parts['policy'] as PolicySnapshotMeta | undefined;
  if (meta === undefined) {
    throw badInput(`checkpoint ${path} holds no policy; use a run made by dynabridge train`, { path });
  }
  return snapshotFromTensors(tensors, meta);
}
