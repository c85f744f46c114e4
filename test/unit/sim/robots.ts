import { fileURLToPath } from 'node:url';
import { loadRobot, type Robot, type RobotConfig } from '../../../src/robot/index.js';
import {
  compileRobot,
  loadEngine,
  parseImperfections,
  SimulatedRobot,
  type CompiledRobot,
  type ImperfectionsInput,
  type WorldOptionsInput,
} from '../../../sim/index.js';

export const engine = await loadEngine();

/** position-controlled lift, shoulder and mimic gripper; its wrist is observed */
export const gripper = loadRobot(fileURLToPath(new URL('../../fixtures/sim/gripper', import.meta.url)));
export const cartpole = loadRobot('cartpole');
export const pendulum = loadRobot('pendulum');

/** Size of the WebAssembly heap [bytes]. */
export function heapBytes(compiled: CompiledRobot): number {
  return (compiled.model.qpos0 as Float64Array).buffer.byteLength;
}

/** The robot with other entries in robot.yaml. */
export function withConfig(robot: Robot, config: Partial<RobotConfig>): Robot {
  return { ...robot, config: { ...robot.config, ...config } };
}

/** The robot with its URDF's text edited. */
export function withUrdf(robot: Robot, edit: (urdf: string) => string): Robot {
  return { ...robot, model: { ...robot.model, urdf: edit(robot.model.urdf) } };
}

/** The robot whose joint damping is zero. */
export function withoutDamping(robot: Robot): Robot {
  const joints = robot.model.joints.map((joint) => ({ ...joint, dynamics: { damping: 0, friction: 0 } }));
  return { ...robot, model: { ...robot.model, joints } };
}

/** Runs `use` with a fresh simulated robot and frees it. */
export function simulate<T>(
  robot: Robot,
  imperfections: ImperfectionsInput,
  world: WorldOptionsInput,
  use: (simulated: SimulatedRobot) => T,
): T {
  const compiled = compileRobot(engine, robot, parseImperfections(imperfections), world);
  const simulated = new SimulatedRobot(compiled);
  try {
    return use(simulated);
  } finally {
    simulated.dispose();
    compiled.dispose();
  }
}
