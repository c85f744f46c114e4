import { badInput } from '../core/index.js';
import type { StoredCheckpoint } from '../data/index.js';
import { layoutOf } from '../env/index.js';
import {
  modelSnapshotFromTensors,
  type ModelSnapshot,
  type ModelSnapshotMeta,
} from '../rl/model-snapshot.js';
import { withoutPrefix } from '../rl/named-tensors.js';
import type { Robot } from '../robot/index.js';

/** Whether a policy is predicted while it drives, or why not, for people. */
export type PredictionChoice =
  { readonly enabled: true; readonly horizon: number } | { readonly enabled: false; readonly why: string };

/** @throws BAD_INPUT where a world model is there but cannot be used, so that it is said before anything is started */
export function choosePrediction(checkpoint: StoredCheckpoint, robot: Robot): PredictionChoice {
  const { enabled, horizon } = robot.config.prediction;
  if (!enabled) return { enabled, why: 'robot.yaml says prediction: {enabled: false}' };
  if (loadModel(checkpoint, robot) === null) {
    return { enabled: false, why: 'the run has no world model to predict with' };
  }
  return { enabled, horizon };
}

/**
 * The world model of a checkpoint, null where it describes none (SAC alone, or written before there were predictions). Loads no tensor
 * library.
 * @throws BAD_INPUT where it is of another robot, damaged, or has never been fitted
 */
export function loadModel({ parts, tensors, path }: StoredCheckpoint, robot: Robot): ModelSnapshot | null {
  const meta = parts['model'] as ModelSnapshotMeta | undefined;
  if (meta === undefined) return null;
  const { fields } = meta.observation;
  const layout = layoutOf(robot);
  if (fields.join() !== layout.fields.join()) {
    throw badInput(
      `the world model in ${path} predicts [${fields.join(', ')}], this robot has [${layout.fields.join(', ')}]`,
      { path },
    );
  }
  return modelSnapshotFromTensors(withoutPrefix('training/learner/model', tensors), meta);
}
