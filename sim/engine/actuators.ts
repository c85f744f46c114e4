import type { MjSpec } from '@mujoco/mujoco';
import { DynabridgeError } from '../../src/core/index.js';
import type { Joint, Robot } from '../../src/robot/model.js';
import type { Imperfections } from '../imperfections.js';
import type { CompiledRobot } from './compiled-robot.js';
import type { Engine } from './engine.js';
import type { HandleScope } from './handle-scope.js';
import type { WorldOptions } from './world-options.js';

/**
 * One actuator per commanded joint, in command order, then one per observed joint (a position drive that holds its initial pose,
 * because somebody else moves it). Force is limited to the joint's maximum effort; the lag is MuJoCo's exact first-order filter
 * (velocity drives have theirs in sim/plant/velocity-drive.ts).
 * Gains are set after compilation, when inertia is known.
 */
export function addActuators(
  engine: Engine,
  scope: HandleScope,
  spec: MjSpec,
  robot: Robot,
  imperfections: Imperfections,
): void {
  for (const joint of actuatedJoints(robot)) {
    const defaults = engine.mjs_getSpecDefault(spec);
    const handle = defaults && engine.mjs_addActuator(spec, scope.keep(defaults));
    if (!handle) throw new DynabridgeError('INTERNAL', `MuJoCo adds no actuator for joint '${joint.name}'`);
    const actuator = scope.keep(handle);
    actuator.target = joint.name;
    actuator.trntype = engine.mjtTrn.mjTRN_JOINT;
    actuator.gaintype = engine.mjtGain.mjGAIN_FIXED;
    actuator.biastype = engine.mjtBias.mjBIAS_AFFINE;
    const maxEffort = joint.limits?.maxEffort ?? Infinity;
    if (Number.isFinite(maxEffort)) {
      actuator.forcelimited = engine.mjtLimited.mjLIMITED_TRUE;
      (actuator.forcerange as Float64Array).set([-maxEffort, maxEffort]);
    }
    if (
      joint.role === 'commanded' &&
      imperfections.actuatorLag > 0 &&
      robot.config.commandInterface !== 'velocity'
    ) {
      actuator.dyntype = engine.mjtDyn.mjDYN_FILTEREXACT;
      actuator.actdim = 1;
      actuator.actearly = true; // without it the filter's output is used one physics step late
      (actuator.dynprm as Float64Array)[0] = imperfections.actuatorLag;
    }
  }
}

/**
 * effort: force = gain * u. velocity: force = kv * (ctrl - qvel), kv = M / timeConstant. position, with natural frequency w:
 * force = gain * (M w^2 * (u - qpos) - 2 M w * qvel). M is the joint's inertia at the zero pose, as the URDF has it.
 */
export function setActuatorGains(compiled: CompiledRobot, world: WorldOptions): void {
  const { engine, model, robot, imperfections } = compiled;
  const gains = model.actuator_gainprm as Float64Array;
  const biases = model.actuator_biasprm as Float64Array;
  const w = world.positionBandwidth;
  actuatedJoints(robot).forEach((joint, i) => {
    const gain = joint.role === 'commanded' ? imperfections.actuatorGain : 1;
    const kind = joint.role === 'commanded' ? robot.config.commandInterface : 'position';
    const inertia = compiled.driveInertia(joint);
    const g = i * engine.mjNGAIN;
    const b = i * engine.mjNBIAS;
    if (kind === 'effort') {
      gains[g] = gain;
    } else if (kind === 'velocity') {
      const kv = inertia / world.velocityTimeConstant;
      gains[g] = kv;
      biases[b + 2] = -kv;
    } else {
      gains[g] = gain * inertia * w * w;
      biases[b + 1] = -gains[g];
      biases[b + 2] = -gain * 2 * inertia * w;
    }
  });
}

function actuatedJoints(robot: Robot): Joint[] {
  const joint = (name: string) => robot.model.joints.find((candidate) => candidate.name === name)!;
  const observed = robot.model.measured.map(joint).filter(({ role }) => role === 'observed');
  return [...robot.model.commanded.map(joint), ...observed];
}
