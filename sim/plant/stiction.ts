import type { CompiledRobot } from '../engine/index.js';

/**
 * Static friction above kinetic friction. MuJoCo's frictionloss is one constant bound; here the bound follows the Stribeck curve
 * F(v) = Fc * (1 + (ratio - 1) * exp(-(v / vs)^2)) (Armstrong-Helouvry, Dupont, Canudas de Wit, "A survey of models, analysis
 * tools and compensation methods for the control of machines with friction", Automatica 1994, without its viscous term).
 * The bound lives in the shared MjModel, so it is written before every step; it depends on nothing but the present velocity.
 */
export class Stiction {
  readonly active: boolean;
  private readonly dofs: number[] = [];
  private readonly kinetic: number[] = [];
  private readonly rise: number;
  private readonly velocity: number;

  constructor(private readonly compiled: CompiledRobot) {
    const { model, imperfections } = compiled;
    this.rise = imperfections.stictionRatio - 1;
    this.velocity = imperfections.stribeckVelocity;
    for (const { joint, dof } of compiled.joints) {
      const added = imperfections.addedFriction[joint.name] ?? 0;
      const kinetic = joint.dynamics.friction * imperfections.frictionScale + added;
      if (kinetic > 0) {
        this.dofs.push(dof);
        this.kinetic.push(kinetic);
      }
    }
    this.active = this.rise > 0 && this.dofs.length > 0 && model.nv > 0;
  }

  /** Call before every physics step. @param qvel all velocities of the MjData that is about to be stepped */
  apply(qvel: Float64Array): void {
    const bounds = this.compiled.model.dof_frictionloss as Float64Array;
    for (let i = 0; i < this.dofs.length; i++) {
      const relative = qvel[this.dofs[i]!]! / this.velocity;
      bounds[this.dofs[i]!] = this.kinetic[i]! * (1 + this.rise * Math.exp(-relative * relative));
    }
  }
}
