import { badInput, type Rng } from '../../src/core/index.js';
import type { InitialState, RobotTask } from '../../src/env/index.js';
import { kinematicChain, linkPosition, type RobotModel, type Vector3 } from '../../src/robot/index.js';
import { jointOffsets } from './joint-offsets.js';
import { quadraticTolerance, tolerance } from './tolerance.js';

/** What makes one robot's reach task. Lengths in [m], in the frame of the robot's root link. */
export interface Reach {
  readonly robot: string;
  /** the link whose origin is the tip */
  readonly tip: string;
  /** where the tip is to be */
  readonly goal: Vector3;
  /** distance at which the coarse half of the reward has fallen to 0.1; of the size of the workspace */
  readonly coarse: number;
  /** the same of the fine half; a few times what counts as there */
  readonly fine: number;
  /** starts with the tip below this height are drawn again */
  readonly lowestStart: number;
  readonly episodeSteps: number;
  readonly goalReturn: number;
}

/** share of each end of a joint's range in which no episode starts */
const KEPT_CLEAR = 0.1;
/** random poses that are tried for a start */
const MOST_DRAWS = 1000;

/**
 * Moves the tip to a fixed point and keeps it there; no termination. The goal is the same in every episode, so frames need not hold
 * it. Reward per step, of the state reached and in [0, 1]:
 *
 *   (tolerance(d, coarse) + tolerance(d, fine)) / 2 * (4 + mean of quadratic(action, 1)) / 5
 *
 * with d the distance from tip to goal, by forward kinematics of the positions in the frame. Form and tolerances are dm_control's
 * (`suite/reacher.py` and the smooth control term of `suite/cartpole.py`). Deviations: two Gaussian margins in place of a sparse
 * target, so that there is a slope to follow from everywhere, and still one near the goal; a fixed goal. Starts at rest, uniformly
 * over the middle 80 % of every joint's range.
 * @param model gives the geometry, so that a robot of the same name with other links is judged by its own
 * @throws BAD_INPUT when the robot has no such link
 */
export function reachTask(reach: Reach, model: RobotModel): RobotTask {
  const { robot, goal, coarse, fine, episodeSteps, goalReturn } = reach;
  const chain = kinematicChain(model, reach.tip);
  const tip = new Float64Array(3);
  return {
    name: 'reach',
    robot,
    episodeSteps,
    goalReturn,

    reward(batch, layout, _frames, actions, next, rewards) {
      for (const joint of chain.joints) jointOffsets(layout, joint);
      const m = layout.actions.length;
      for (let i = 0; i < batch; i++) {
        linkPosition(chain, next, i * layout.size, tip);
        const distance = Math.hypot(tip[0]! - goal.x, tip[1]! - goal.y, tip[2]! - goal.z);
        const near = (tolerance(distance, coarse) + tolerance(distance, fine)) / 2;
        let ease = 0;
        for (let k = 0; k < m; k++) ease += quadraticTolerance(actions[i * m + k]!, 1) / m;
        rewards[i] = (near * (4 + ease)) / 5;
      }
    },

    terminated(batch, _layout, _next, out) {
      out.fill(0, 0, batch);
    },

    reset(rng) {
      return { positions: randomPose(reach, model, rng), velocities: {} };
    },
  };
}

/** Positions of the commanded joints with the tip at `lowestStart` or above. */
function randomPose(reach: Reach, model: RobotModel, rng: Rng): InitialState['positions'] {
  const chain = kinematicChain(model, reach.tip, model.commanded);
  const ranges = model.commanded.map((name) => startRange(model, name));
  const pose = new Float64Array(ranges.length);
  const tip = new Float64Array(3);
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    ranges.forEach(([low, high], i) => (pose[i] = rng.uniform(low, high)));
    if (linkPosition(chain, pose, 0, tip)[2]! < reach.lowestStart) continue;
    return Object.fromEntries(model.commanded.map((name, i) => [name, pose[i]!]));
  }
  throw badInput(
    `task ${reach.robot}/reach: none of ${MOST_DRAWS} random poses has link '${reach.tip}' at ${reach.lowestStart} m or above; ` +
      `check the joint limits of '${model.name}', or lower lowestStart`,
  );
}

function startRange(model: RobotModel, name: string): [low: number, high: number] {
  const { min, max } = model.joints.find((joint) => joint.name === name)?.limits?.position ?? {
    min: -Math.PI,
    max: Math.PI,
  };
  const clear = KEPT_CLEAR * (max - min);
  return [min + clear, max - clear];
}
