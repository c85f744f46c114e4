import { Rng, badInput } from '../core/index.js';
import type { StoredCheckpoint } from '../data/index.js';
import { layoutOf, type RobotLayout, type RobotTask } from '../env/index.js';
import { PlainModel } from '../rl/model-snapshot.js';
import { PlainPolicy, type PolicyCarry } from '../rl/policy-snapshot.js';
import type { Robot } from '../robot/index.js';
import { loadModel } from './load-model.js';
import { checkPolicy, loadExplorer, loadPolicy } from './load-policy.js';
import type { EpisodeEnding, Motion } from './motion.js';
import { predictedBounds } from './predicted-bounds.js';
import { Predictor } from './predictor.js';

export interface PolicyMotionOptions {
  /** look ahead with the world model of the checkpoint */
  readonly predicted: boolean;
  /** of the actions that are drawn; absent: the mean is taken */
  readonly samplingSeed?: number | undefined;
  /** what judges the frames, and the policy steps after which the episode ends at the latest; absent: others end it */
  readonly episode?: { readonly task: RobotTask; readonly steps: number } | undefined;
}

/**
 * Driving with the policy of a checkpoint.
 * @throws BAD_INPUT where it cannot drive the robot, or has no world model that is asked for
 */
export function policyMotion(
  checkpoint: StoredCheckpoint,
  robot: Robot,
  { predicted, samplingSeed, episode }: PolicyMotionOptions,
): Motion<PolicyCarry> {
  checkPolicy(checkpoint, robot);
  const policy =
    samplingSeed === undefined
      ? new PlainPolicy(loadPolicy(checkpoint))
      : new PlainPolicy(loadExplorer(checkpoint), new Rng(samplingSeed, 'exploration'));
  const taught = episode !== undefined; // whoever drives episodes learns from them
  const predictor = predicted ? predictorOf(checkpoint, robot, policy, !taught) : null;
  const motion = { policy, version: checkpoint.step, predictor };
  if (episode === undefined) return motion;
  const { task, steps: limit } = episode;
  const layout = layoutOf(robot);
  return { ...motion, ending: (_carry, frame, steps) => endingOf(task, layout, limit, frame, steps) };
}

function predictorOf(
  checkpoint: StoredCheckpoint,
  robot: Robot,
  { snapshot }: PlainPolicy,
  disagreement: boolean,
): Predictor {
  const world = loadModel(checkpoint, robot);
  if (world === null) {
    throw badInput(`checkpoint ${checkpoint.path} has no world model, which the guard expects evidence of`, {
      path: checkpoint.path,
    });
  }
  const mean = new PlainPolicy(snapshot); // what it imagines is not drawn, and takes nothing from the generator
  const { horizon } = robot.config.prediction;
  return new Predictor(new PlainModel(world), mean, predictedBounds(robot), horizon, disagreement);
}

function endingOf(
  task: RobotTask,
  layout: RobotLayout,
  limit: number,
  frame: Float32Array,
  steps: number,
): EpisodeEnding | null {
  const terminated = new Uint8Array(1);
  task.terminated(1, layout, frame, terminated);
  if (terminated[0] === 1)
    return { cause: 'task', why: `the task ended: a terminal state of '${task.name}'` };
  return steps >= limit ? { cause: 'steps', why: `${limit} steps` } : null;
}
