import { badInput } from '../../../src/core/index.js';
import { mujocoTask } from '../mujoco-task.js';
import type { PhysicsData } from '../physics-data.js';
import { frameLayout, neverTerminated, type ModelSource, type TaskDefinition } from '../task-definition.js';
import type { StandardTask } from '../world.js';

const layout = frameLayout(
  [
    'shoulder position',
    'wrist position',
    'finger to target x',
    'finger to target y',
    'shoulder velocity',
    'wrist velocity',
  ],
  ['shoulder torque', 'wrist torque'],
  ['shoulder position'],
);

/**
 * dm_control's reacher: 1 per control step of 20 ms in which finger and target overlap, else 0; 1000 of them, no other end. Starts at
 * rest, with an unlimited joint uniform within pi and a limited one within its range; the target at a uniform angle, its distance
 * from the shoulder uniform between 0.05 m and 0.2 m. Frames hold joint positions as they are; the shoulder, which turns without end,
 * is encoded as its sine and cosine by learners, dm_control's own observation is not. Source: dm_control/suite/reacher.py.
 *
 * @param targetRadius [m]
 */
function reacherTask(name: string, threshold: number, targetRadius: number): StandardTask {
  return mujocoTask({
    name,
    threshold,
    model: 'reacher.xml',
    joints: ['hinge', 'hinge'],
    actuators: 2,
    physicsStepsPerFrame: 1,
    episodeFrames: 1000,
    actionRepeat: 2,
    define: (source, actionRepeat) => define(source, actionRepeat, targetRadius),
  });
}

function define(source: ModelSource, actionRepeat: number, targetRadius: number): TaskDefinition {
  const { model } = source;
  const finger = requireFinger(source);
  const reach = targetRadius + (model.geom_size as Float64Array)[3 * finger]!;
  const ranges = jointRanges(source);
  const offset = [0, 0];
  /** from finger to target [m]; `kept` is the target's x and y */
  const toTarget = (data: PhysicsData, kept: Float64Array) => {
    data.updateKinematics();
    const { geomXpos } = data;
    offset[0] = kept[0]! - geomXpos[3 * finger]!;
    offset[1] = kept[1]! - geomXpos[3 * finger + 1]!;
    return offset;
  };
  return {
    layout,
    terminated: neverTerminated,
    keptSize: 2,

    /** An approximation with an action repeat above 1: the reward of the state reached stands for those between. */
    reward(batch, _layout, _frames, _actions, next, rewards) {
      for (let i = 0; i < batch; i++) {
        const row = i * layout.size;
        rewards[i] = Math.hypot(next[row + 2]!, next[row + 3]!) <= reach ? actionRepeat : 0;
      }
    },

    start({ qpos }, kept, rng) {
      ranges.forEach(([low, high], i) => (qpos[i] = rng.uniform(low, high)));
      const angle = rng.uniform(0, 2 * Math.PI);
      const radius = rng.uniform(0.05, 0.2);
      kept[0] = radius * Math.sin(angle);
      kept[1] = radius * Math.cos(angle);
    },

    writeFrame(data, kept, out, at) {
      const { qpos, qvel } = data;
      out.set(qpos, at);
      out.set(toTarget(data, kept), at + 2);
      out.set(qvel, at + 4);
    },

    stepReward({ data, kept }) {
      const [x, y] = toTarget(data, kept);
      return Math.hypot(x!, y!) <= reach ? 1 : 0;
    },
  };
}

/** Where joints start: their range if they have one, else a full turn [rad]. The WebAssembly build does not show `jnt_limited`. */
function jointRanges({ model }: ModelSource): [low: number, high: number][] {
  const range = model.jnt_range as Float64Array;
  return Array.from({ length: model.njnt }, (_, i) =>
    range[2 * i]! < range[2 * i + 1]! ? [range[2 * i]!, range[2 * i + 1]!] : [-Math.PI, Math.PI],
  );
}

function requireFinger({ engine, model, path }: ModelSource): number {
  const index = engine.mj_name2id(model, engine.mjtObj.mjOBJ_GEOM.value, 'finger');
  if (index < 0)
    throw badInput(`${path} has no geom named 'finger', which the reacher's reward is told of; name it`, {
      path,
    });
  return index;
}

export const reacherEasy = reacherTask('reacher-easy', 900, 0.05);
export const reacherHard = reacherTask('reacher-hard', 900, 0.015);
