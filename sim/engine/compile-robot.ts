import type { MjSpec, MjVFS } from '@mujoco/mujoco';
import { DynabridgeError, badInput } from '../../src/core/index.js';
import type { Joint, Robot } from '../../src/robot/model.js';
import { parseImperfections, type Imperfections } from '../imperfections.js';
import { addActuators, setActuatorGains } from './actuators.js';
import { addSensors, fusesLinks } from './add-sensors.js';
import { CompiledRobot } from './compiled-robot.js';
import type { Engine } from './engine.js';
import { HandleScope } from './handle-scope.js';
import { prepareUrdf, type PreparedUrdf } from './prepare-urdf.js';
import {
  defaultGravity,
  parseWorldOptions,
  type WorldOptions,
  type WorldOptionsInput,
} from './world-options.js';

/** memory for contacts and constraints of one MjData [bytes]; MuJoCo's own guess is 13 MB, too much for many environments */
const ARENA_BYTES = 1 << 20;
const ARENA_BYTES_WITHOUT_CONTACTS = 1 << 18;

/**
 * Builds the physics of a robot: MuJoCo compiles the robot's own URDF, and what URDF cannot say (actuators, sensors, mimic
 * constraints, integrator) is added to the MjSpec in between. Joint limits, damping and friction come from the RobotModel, which may have
 * tightened them. The integrator is implicitfast (MuJoCo's semi-implicit Euler, implicit in damping and drives), so that
 * stiff drives are stable.
 *
 * @returns the compiled robot; its owner must `dispose()` it, after all its SimulatedRobots
 * @throws BAD_INPUT when MuJoCo rejects the URDF, or an imperfection names a joint that does not exist
 */
export function compileRobot(
  engine: Engine,
  robot: Robot,
  imperfections: Imperfections = parseImperfections(),
  options: WorldOptionsInput = {},
): CompiledRobot {
  const world = parseWorldOptions(options);
  requireJoints(robot, Object.keys(imperfections.addedFriction));
  const controlPeriod = 1 / robot.config.controlRateHz;
  const stepsPerTick = Math.ceil(controlPeriod / world.maxPhysicsStep - 1e-9);
  const scope = new HandleScope();
  try {
    const prepared = prepareUrdf(robot.model, world.collisions);
    const files = meshFiles(engine, scope, prepared);
    const spec = explain(robot, () => scope.keep(engine.parseXMLString(prepared.text, files)));
    setOptions(engine, scope, spec, robot, world, controlPeriod / stepsPerTick);
    for (const joint of robot.model.joints) {
      if (joint.type !== 'fixed') setJoint(engine, scope, spec, joint, imperfections);
      if (joint.mimic) addMimic(engine, scope, spec, joint, joint.mimic);
    }
    excludeBaseContacts(engine, scope, spec, robot);
    addActuators(engine, scope, spec, robot, imperfections);
    addSensors(engine, scope, spec, robot);
    const model = explain(robot, () => engine.mj_compile(spec, files));
    const compiled = new CompiledRobot(engine, model, robot, imperfections, stepsPerTick);
    setActuatorGains(compiled, world);
    compiled.scaleMass(imperfections.massScale);
    return compiled;
  } finally {
    scope.release();
  }
}

function meshFiles(engine: Engine, scope: HandleScope, prepared: PreparedUrdf): MjVFS {
  const files = scope.keep(new engine.MjVFS());
  for (const [name, contents] of prepared.meshes) files.addBuffer(name, contents);
  return files;
}

function setOptions(
  engine: Engine,
  scope: HandleScope,
  spec: MjSpec,
  robot: Robot,
  world: WorldOptions,
  physicsStep: number,
): void {
  const option = scope.keep(spec.option);
  option.timestep = physicsStep;
  option.integrator = engine.mjtIntegrator.mjINT_IMPLICITFAST.value;
  (option.gravity as Float64Array).set([0, 0, -(world.gravity ?? defaultGravity(robot.model))]);
  // A diverged state must be seen, not silently put back to the start.
  option.disableflags = engine.mjtDisableBit.mjDSBL_AUTORESET.value;
  const collides = world.collisions && /<collision[\s>]/.test(robot.model.urdf);
  if (!collides) option.disableflags |= engine.mjtDisableBit.mjDSBL_CONTACT.value;
  spec.memory = collides ? ARENA_BYTES : ARENA_BYTES_WITHOUT_CONTACTS;
}

function setJoint(
  engine: Engine,
  scope: HandleScope,
  spec: MjSpec,
  joint: Joint,
  imperfections: Imperfections,
): void {
  const element = engine.mjs_findElement(spec, engine.mjtObj.mjOBJ_JOINT, joint.name);
  const handle = element && engine.mjs_asJoint(scope.keep(element));
  if (!handle)
    throw badInput(`joint '${joint.name}' is missing in the physics model; is it below the root link?`);
  const specJoint = scope.keep(handle);
  const { mjLIMITED_FALSE, mjLIMITED_TRUE } = engine.mjtLimited;
  const position = joint.type === 'continuous' ? undefined : joint.limits?.position;
  specJoint.limited = position && !joint.mimic ? mjLIMITED_TRUE : mjLIMITED_FALSE;
  if (position) (specJoint.range as Float64Array).set([position.min, position.max]);
  specJoint.actfrclimited = mjLIMITED_FALSE; // the actuator's own force range says it
  (specJoint.damping as Float64Array)[0] = joint.dynamics.damping * imperfections.dampingScale;
  specJoint.frictionloss =
    joint.dynamics.friction * imperfections.frictionScale + (imperfections.addedFriction[joint.name] ?? 0);
  // MuJoCo's default of 20 ms lets dry friction creep and end stops give; 5 ms is stiff and stable at 2 ms steps.
  (specJoint.solref_limit as Float64Array).set(STIFF);
  (specJoint.solref_friction as Float64Array).set(STIFF);
}

/** time constant [s] and damping ratio of stiff constraints */
const STIFF = [0.005, 1];

function addMimic(
  engine: Engine,
  scope: HandleScope,
  spec: MjSpec,
  joint: Joint,
  mimic: NonNullable<Joint['mimic']>,
): void {
  const defaults = engine.mjs_getSpecDefault(spec);
  const handle = defaults && engine.mjs_addEquality(spec, scope.keep(defaults));
  if (!handle)
    throw new DynabridgeError('INTERNAL', `MuJoCo adds no mimic constraint for joint '${joint.name}'`);
  const equality = scope.keep(handle);
  equality.type = engine.mjtEq.mjEQ_JOINT;
  equality.objtype = engine.mjtObj.mjOBJ_JOINT;
  equality.name1 = joint.name;
  equality.name2 = mimic.joint;
  (equality.data as Float64Array).set([mimic.offset, mimic.multiplier, 0, 0, 0]);
  (equality.solref as Float64Array).set(STIFF);
  (equality.solimp as Float64Array).set([0.99, 0.999]);
}

/**
 * Neighbouring links never collide in MuJoCo, unless one is fixed to the world; collision shapes of a base and its first moving link
 * overlap in most URDFs all the same.
 */
function excludeBaseContacts(engine: Engine, scope: HandleScope, spec: MjSpec, robot: Robot): void {
  const { joints, rootLink } = robot.model;
  const fixed = new Set([rootLink]);
  for (const { type, parent, child } of joints) if (type === 'fixed' && fixed.has(parent)) fixed.add(child);
  const unfused = fusesLinks(robot) ? [] : [...fixed].filter((link) => link !== rootLink);
  const bases = ['world', ...unfused];
  for (const { type, parent, child } of joints) {
    if (type === 'fixed' || !fixed.has(parent)) continue;
    for (const base of bases) {
      const handle = engine.mjs_addExclude(spec);
      if (!handle)
        throw new DynabridgeError('INTERNAL', `MuJoCo adds no contact exclusion for link '${child}'`);
      const exclude = scope.keep(handle);
      exclude.bodyname1 = base;
      exclude.bodyname2 = child;
    }
  }
}

function requireJoints(robot: Robot, names: readonly string[]): void {
  const movable = robot.model.joints.filter((joint) => joint.type !== 'fixed').map((joint) => joint.name);
  const unknown = names.find((name) => !movable.includes(name));
  if (unknown !== undefined) {
    throw badInput(
      `imperfection addedFriction names joint '${unknown}', which ${robot.model.name} does not have; its joints are ${movable.join(', ')}`,
    );
  }
}

/** Runs a step of the compilation and says which robot MuJoCo rejects, and why. */
function explain<T>(robot: Robot, compile: () => T): T {
  try {
    return compile();
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ').trim();
    throw badInput(
      `the physics engine rejects ${robot.model.urdfPath}: ${why}; every moving link needs an <inertial> with mass and inertia`,
      { urdf: robot.model.urdfPath },
    );
  }
}
