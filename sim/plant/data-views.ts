import type { MjData } from '@mujoco/mujoco';
import { badInput } from '../../src/core/index.js';
import type { InitialState } from '../../src/env/index.js';
import type { CompiledRobot } from '../engine/index.js';

/** Views into the WebAssembly heap: valid until it grows. */
interface Views {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  /** filtered commands, one per actuator with lag */
  readonly act: Float64Array;
  readonly actuatorForce: Float64Array;
}

/**
 * Access to one MjData by joint. The heap moves whenever any allocation makes it grow, which detaches every view; a detached view
 * has length 0, so that is checked at each use (cheap) and the views are fetched anew (1 us).
 */
export class DataViews {
  readonly physicsStateSize: number;
  private readonly stateBits: number;
  private readonly lagFraction: number;
  private views: Views;

  constructor(
    private readonly compiled: CompiledRobot,
    private readonly data: MjData,
  ) {
    const { engine, model, imperfections, physicsStep } = compiled;
    this.stateBits = engine.mjtState.mjSTATE_INTEGRATION.value;
    this.physicsStateSize = engine.mj_stateSize(model, this.stateBits);
    const lag = imperfections.actuatorLag;
    this.lagFraction = lag === 0 ? 1 : 1 - Math.exp(-physicsStep / lag);
    this.views = this.load();
  }

  fetch(): Views {
    if (this.views.qpos.length === 0) this.views = this.load();
    return this.views;
  }

  /** Clears everything, warm start included, and poses the joints. */
  reset(initial: InitialState): void {
    const { engine, model, joints } = this.compiled;
    engine.mj_resetData(model, this.data);
    const { qpos, qvel } = this.fetch();
    this.write(initial.positions, (address, value) => (qpos[address.qpos] = value));
    this.write(initial.velocities, (address, value) => (qvel[address.dof] = value));
    // a leader is never a mimic joint itself (src/robot refuses chains)
    for (const { joint, qpos: at, dof } of joints) {
      const leader = joint.mimic && joints.find((other) => other.joint.name === joint.mimic!.joint);
      if (!leader || !joint.mimic) continue;
      qpos[at] = joint.mimic.offset + joint.mimic.multiplier * qpos[leader.qpos]!;
      qvel[dof] = joint.mimic.multiplier * qvel[leader.dof]!;
    }
  }

  /** Puts the drives at rest with `commands` (m); observed joints hold the pose they have. */
  startDrives(commands: Float64Array): void {
    const { ctrl, act, qpos } = this.fetch();
    ctrl.set(commands);
    if (act.length > 0) act.set(commands);
    this.compiled.observed.forEach(({ qpos: at }, i) => (ctrl[commands.length + i] = qpos[at]!));
  }

  /** One physics step of braked joints: time and the drives' lag go on, nothing moves. */
  stepDrivesOnly(): void {
    const { ctrl, act } = this.fetch();
    for (let i = 0; i < act.length; i++) act[i]! += this.lagFraction * (ctrl[i]! - act[i]!);
    this.data.time += this.compiled.physicsStep;
  }

  /** Actuator effort of the measured joints (n); zero while braked. */
  readEfforts(out: Float64Array, braked: boolean): void {
    out.fill(0);
    if (braked) return;
    const { actuatorForce } = this.fetch();
    const { measured, commanded, observed } = this.compiled;
    for (let i = 0; i < commanded.length; i++) out[measured.indexOf(commanded[i]!)] = actuatorForce[i]!;
    for (let i = 0; i < observed.length; i++)
      out[measured.indexOf(observed[i]!)] = actuatorForce[commanded.length + i]!;
  }

  getPhysicsState(out: Float64Array): void {
    const { engine, model } = this.compiled;
    const buffer = new engine.DoubleBuffer(this.physicsStateSize);
    engine.mj_getState(model, this.data, buffer, this.stateBits);
    out.set(buffer.GetView() as Float64Array);
    buffer.delete();
  }

  setPhysicsState(state: Float64Array): void {
    const { engine, model } = this.compiled;
    engine.mj_setState(model, this.data, state as unknown as number[], this.stateBits);
  }

  private load(): Views {
    const {
      qpos,
      qvel,
      ctrl,
      act,
      actuator_force: actuatorForce,
    } = this.data as unknown as Record<string, Float64Array>;
    return { qpos: qpos!, qvel: qvel!, ctrl: ctrl!, act: act!, actuatorForce: actuatorForce! };
  }

  private write(
    values: Readonly<Record<string, number>>,
    set: (address: CompiledRobot['joints'][number], value: number) => void,
  ): void {
    const { joints, robot } = this.compiled;
    for (const [name, value] of Object.entries(values)) {
      const address = joints.find(({ joint }) => joint.name === name);
      if (!address || !Number.isFinite(value)) {
        throw badInput(
          `initial state of joint '${name}' is ${value}; expected a finite number for one of ${robot.model.name}'s joints ${joints.map(({ joint }) => joint.name).join(', ')}`,
        );
      }
      set(address, value);
    }
  }
}
