import type { MjModel } from '@mujoco/mujoco';
import { badInput } from '../../src/core/index.js';
import type { Joint, Robot } from '../../src/robot/model.js';
import type { Imperfections } from '../imperfections.js';
import type { Engine } from './engine.js';

/** Where a named joint lives in MuJoCo's arrays. Hinges and sliders only, so one number each. */
export interface JointAddress {
  readonly joint: Joint;
  readonly qpos: number;
  readonly dof: number;
}

/** A robot's physics, compiled once and shared by any number of SimulatedRobots. Owns the MjModel. */
export class CompiledRobot {
  /** every joint that moves, in the robot model's order */
  readonly joints: readonly JointAddress[];
  readonly commanded: readonly JointAddress[];
  readonly measured: readonly JointAddress[];
  /** drives that hold a pose of their own, behind the commanded actuators */
  readonly observed: readonly JointAddress[];
  readonly controlPeriod: number;
  readonly physicsStep: number;
  private disposed = false;

  constructor(
    readonly engine: Engine,
    readonly model: MjModel,
    readonly robot: Robot,
    readonly imperfections: Imperfections,
    readonly stepsPerTick: number,
  ) {
    this.controlPeriod = 1 / robot.config.controlRateHz;
    this.physicsStep = this.controlPeriod / stepsPerTick;
    this.joints = robot.model.joints
      .filter(({ type }) => type !== 'fixed')
      .map((joint) => this.address(joint));
    const named = (name: string) => this.joints.find(({ joint }) => joint.name === name)!;
    this.commanded = robot.model.commanded.map(named);
    this.measured = robot.model.measured.map(named);
    this.observed = this.measured.filter(({ joint }) => joint.role === 'observed');
  }

  /**
   * Inertia that a joint's drive moves at the zero pose [kg m^2] or [kg]: its own and its mimics' (times multiplier squared).
   */
  driveInertia(joint: Joint): number {
    const inertias = this.model.dof_M0 as Float64Array;
    const own = inertias[this.joints.find((address) => address.joint === joint)!.dof]!;
    return this.joints.reduce((sum, { joint: other, dof }) => {
      return other.mimic?.joint === joint.name ? sum + inertias[dof]! * other.mimic.multiplier ** 2 : sum;
    }, own);
  }

  /** Multiplies every mass and inertia. */
  scaleMass(factor: number): void {
    if (factor === 1) return;
    const { model } = this;
    for (const values of [model.body_mass, model.body_inertia] as Float64Array[]) {
      for (let i = 0; i < values.length; i++) values[i]! *= factor;
    }
    const data = new this.engine.MjData(model);
    this.engine.mj_setConst(model, data);
    data.delete();
  }

  /**
   * MuJoCo body of a link. Links behind fixed joints are fused into the link that carries them, unless forces are measured between the
   * two (add-sensors.ts).
   *
   * @throws BAD_INPUT for an unknown link or one that is fixed to the world
   */
  body(link: string): number {
    const { engine, model } = this;
    for (let name: string | undefined = link; name !== undefined;) {
      const id = engine.mj_name2id(model, engine.mjtObj.mjOBJ_BODY.value, name);
      if (id > 0 && (model.body_weldid as Int32Array)[id] !== 0) return id;
      const joint = this.robot.model.joints.find(({ child, type }) => child === name && type === 'fixed');
      name = joint?.parent;
    }
    throw badInput(
      `link '${link}' is not a moving link of ${this.robot.model.name}; its links are ${this.robot.model.links.join(', ')}`,
    );
  }

  dispose(): void {
    if (!this.disposed) this.model.delete();
    this.disposed = true;
  }

  private address(joint: Joint): JointAddress {
    const id = this.engine.mj_name2id(this.model, this.engine.mjtObj.mjOBJ_JOINT.value, joint.name);
    return {
      joint,
      qpos: (this.model.jnt_qposadr as Int32Array)[id]!,
      dof: (this.model.jnt_dofadr as Int32Array)[id]!,
    };
  }
}
