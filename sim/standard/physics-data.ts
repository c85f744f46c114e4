import type { MjData, MjModel } from '@mujoco/mujoco';
import type { Engine } from '../engine/index.js';

/** Views into the WebAssembly heap: valid until it grows. */
interface Views {
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  readonly qfrcConstraint: Float64Array;
  readonly siteXpos: Float64Array;
  readonly geomXpos: Float64Array;
}

/**
 * One MjData with what standard tasks read of it. The heap moves whenever an allocation makes it grow, which detaches every view;
 * a detached view has length 0, so that is checked at each use (cheap) and the views are fetched anew. Hold no view across a step.
 */
export class PhysicsData {
  readonly stateSize: number;
  private readonly stateBits: number;
  private readonly data: MjData;
  private views: Views;

  constructor(
    private readonly engine: Engine,
    readonly model: MjModel,
  ) {
    this.data = new engine.MjData(model);
    // warm start included: without it a trajectory with contacts does not repeat exactly
    this.stateBits = engine.mjtState.mjSTATE_INTEGRATION.value;
    this.stateSize = engine.mj_stateSize(model, this.stateBits);
    this.views = this.load();
  }

  /** joint positions [m or rad] (nq) */
  get qpos(): Float64Array {
    return this.fresh().qpos;
  }

  /** joint velocities [m/s or rad/s] (nv) */
  get qvel(): Float64Array {
    return this.fresh().qvel;
  }

  /** actuator controls, in their own ranges (nu) */
  get ctrl(): Float64Array {
    return this.fresh().ctrl;
  }

  /** constraint forces on the joints [N or N m], as the last step left them (nv) */
  get qfrcConstraint(): Float64Array {
    return this.fresh().qfrcConstraint;
  }

  /** site positions in the world [m], as the last step left them (nsite x 3) */
  get siteXpos(): Float64Array {
    return this.fresh().siteXpos;
  }

  /** geom positions in the world [m] (ngeom x 3); after a step call `updateKinematics` first */
  get geomXpos(): Float64Array {
    return this.fresh().geomXpos;
  }

  /** The model's own pose, at rest. */
  reset(): void {
    this.engine.mj_resetData(this.model, this.data);
  }

  /** Computes everything that follows from positions, velocities and controls. */
  forward(): void {
    this.engine.mj_forward(this.model, this.data);
  }

  step(steps: number): void {
    for (let i = 0; i < steps; i++) this.engine.mj_step(this.model, this.data);
  }

  /** Brings world positions up to date with the joints; changes nothing that is integrated. */
  updateKinematics(): void {
    this.engine.mj_kinematics(this.model, this.data);
  }

  save(out: Float64Array): void {
    const buffer = new this.engine.DoubleBuffer(this.stateSize);
    this.engine.mj_getState(this.model, this.data, buffer, this.stateBits);
    out.set(buffer.GetView() as Float64Array);
    buffer.delete();
  }

  restore(state: Float64Array): void {
    this.engine.mj_setState(this.model, this.data, state as unknown as number[], this.stateBits);
  }

  dispose(): void {
    this.data.delete();
  }

  private fresh(): Views {
    if (this.views.qpos.length === 0) this.views = this.load();
    return this.views;
  }

  private load(): Views {
    const views = this.data as unknown as Record<string, Float64Array>;
    return {
      qpos: views['qpos']!,
      qvel: views['qvel']!,
      ctrl: views['ctrl']!,
      qfrcConstraint: views['qfrc_constraint']!,
      siteXpos: views['site_xpos']!,
      geomXpos: views['geom_xpos']!,
    };
  }
}
