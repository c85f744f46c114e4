import { wrapAngle, badInput } from '../../../src/core/index.js';
import { mujocoTask } from '../mujoco-task.js';
import { frameLayout, type ModelSource, type TaskDefinition } from '../task-definition.js';

const HEALTHY_REWARD = 10;
/** the tip must stay above this [m] */
const FALL_HEIGHT = 1;
const RESET_NOISE = 0.1;
/** observations hold no larger velocity [m/s, rad/s] and constraint force [N] */
const BOUND = 10;

const layout = frameLayout(
  [
    'slider position',
    'lower hinge position',
    'upper hinge position',
    'slider velocity',
    'lower hinge velocity',
    'upper hinge velocity',
    'slider constraint force',
  ],
  ['slider force'],
  ['lower hinge position', 'upper hinge position'],
);

/**
 * Gymnasium's InvertedDoublePendulum-v5: 10 - 0.01 x^2 - (y - 2)^2 - 0.001 w1^2 - 0.005 w2^2 per step of 50 ms, with (x, y) the tip
 * and w the hinges' velocities; ends when y <= 1 m; 1000 steps. v5 gives no 10 for the step that ends the episode, where v4 did, and
 * observes the slider's constraint force only, where v4 observed the hinges' too, which are always 0. Starts: positions uniform
 * within 0.1, velocities normal with deviation 0.1. Source: gymnasium/envs/mujoco/inverted_double_pendulum_v5.py.
 *
 * Deviation: the end is judged on the tip of the state reached. Gymnasium reads the site as the integrator's last stage left it, 0.1 mm
 * off at most in episodes with random actions. The reward reads the site as Gymnasium does.
 */
export const invertedDoublePendulum = mujocoTask({
  name: 'inverted-double-pendulum',
  threshold: 9100,
  model: 'inverted-double-pendulum.xml',
  joints: ['slide', 'hinge', 'hinge'],
  actuators: 1,
  physicsStepsPerFrame: 5,
  episodeFrames: 1000,
  actionRepeat: 1,
  define,
});

function define(source: ModelSource, actionRepeat: number): TaskDefinition {
  const { lower, upper } = poleLengths(source);
  const tipHeight = (frames: Float32Array, row: number) =>
    lower * Math.cos(frames[row + 1]!) + upper * Math.cos(frames[row + 1]! + frames[row + 2]!);
  return {
    layout,

    /**
     * Exact while the hinges turn by no more than 10 rad/s, beyond which frames do not tell how fast. With an action repeat above 1
     * the reward of the state reached stands for those between.
     */
    reward(batch, _layout, _frames, _actions, next, rewards) {
      for (let i = 0; i < batch; i++) {
        const row = i * layout.size;
        const y = tipHeight(next, row);
        const tilt = next[row + 1]!;
        const x = next[row]! + lower * Math.sin(tilt) + upper * Math.sin(tilt + next[row + 2]!);
        rewards[i] = actionRepeat * rewardOf(x, y, next[row + 4]!, next[row + 5]!, !(y > FALL_HEIGHT));
      }
    },

    terminated(batch, _layout, next, out) {
      for (let i = 0; i < batch; i++) out[i] = tipHeight(next, i * layout.size) > FALL_HEIGHT ? 0 : 1;
    },

    start({ qpos, qvel }, _kept, rng) {
      for (let i = 0; i < 3; i++) qpos[i]! += rng.uniform(-RESET_NOISE, RESET_NOISE);
      for (let i = 0; i < 3; i++) qvel[i] = rng.normal(0, RESET_NOISE);
    },

    writeFrame({ qpos, qvel, qfrcConstraint }, _kept, out, offset) {
      out[offset] = qpos[0]!;
      for (let i = 1; i < 3; i++) out[offset + i] = wrapAngle(qpos[i]!);
      for (let i = 0; i < 3; i++) out[offset + 3 + i] = bounded(qvel[i]!);
      out[offset + 6] = bounded(qfrcConstraint[0]!);
    },

    stepReward({ data: { siteXpos, qvel }, terminated }) {
      return rewardOf(siteXpos[0]!, siteXpos[2]!, qvel[1]!, qvel[2]!, terminated);
    },
  };
}

function rewardOf(x: number, y: number, lowerRate: number, upperRate: number, terminated: boolean): number {
  const distance = 0.01 * x * x + (y - 2) ** 2;
  const rate = 1e-3 * lowerRate * lowerRate + 5e-3 * upperRate * upperRate;
  return (terminated ? 0 : HEALTHY_REWARD) - distance - rate;
}

function bounded(value: number): number {
  return Math.max(-BOUND, Math.min(BOUND, value));
}

/** Lengths of the poles [m]: from hinge to hinge, and from there to site 0. */
function poleLengths({ model, path }: ModelSource): { lower: number; upper: number } {
  const upperBody = (model.jnt_bodyid as Int32Array)[2]!;
  const hinge = (model.body_pos as Float64Array).subarray(3 * upperBody, 3 * upperBody + 3);
  const tip = (model.site_pos as Float64Array).subarray(0, 3);
  const onUpperPole = model.nsite > 0 && (model.site_bodyid as Int32Array)[0] === upperBody;
  if (!onUpperPole || hinge[0] !== 0 || tip[0] !== 0) {
    throw badInput(
      `${path} has no site 0 straight above both hinges, on the upper pole; the reward of 'inverted-double-pendulum' is told of it`,
      { path },
    );
  }
  return { lower: hinge[2]!, upper: tip[2]! };
}
