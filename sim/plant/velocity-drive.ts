import type { CompiledRobot } from '../engine/index.js';
import type { StateCursor } from './state-cursor.js';

/** how fast the drive takes back what load has pushed it off [1/s]; with a time constant of 1 ms it does so without overshoot */
const POSITION_RATE = 50;

/**
 * A velocity drive with integral action, as industrial and stepper drives have it: it follows the position that its command adds up
 * to, so that a lift does not sink at zero velocity. MuJoCo's velocity actuator (force = kv * (ctrl - qvel)) gets
 *
 *   ctrl = u + POSITION_RATE * lead,  lead = integral of u - qpos,  |lead| <= maxEffort / (kv * POSITION_RATE)
 *
 * where u is the command times the gain, through the first-order lag. The bound on lead keeps a blocked drive from winding up.
 */
export class VelocityDrive {
  readonly active: boolean;
  /** u (m) */
  private readonly filtered: Float64Array;
  /** position that u adds up to (m) */
  private readonly target: Float64Array;
  private readonly maxLead: Float64Array;
  private readonly lagFraction: number;

  constructor(private readonly compiled: CompiledRobot) {
    const { engine, model, robot, commanded, imperfections, physicsStep } = compiled;
    this.active = robot.config.commandInterface === 'velocity';
    const m = this.active ? commanded.length : 0;
    this.filtered = new Float64Array(m);
    this.target = new Float64Array(m);
    const gains = model.actuator_gainprm as Float64Array;
    this.maxLead = Float64Array.from({ length: m }, (_, i) => {
      const maxEffort = commanded[i]!.joint.limits?.maxEffort ?? Infinity;
      return maxEffort / (gains[i * engine.mjNGAIN]! * POSITION_RATE);
    });
    const lag = imperfections.actuatorLag;
    this.lagFraction = lag === 0 ? 1 : 1 - Math.exp(-physicsStep / lag);
  }

  start(qpos: Float64Array): void {
    this.filtered.fill(0);
    for (let i = 0; i < this.target.length; i++) this.target[i] = qpos[this.compiled.commanded[i]!.qpos]!;
  }

  /** Call before every physics step. @param commands that act now (m) @param braked the joint cannot follow, so nothing adds up */
  apply(commands: Float64Array, qpos: Float64Array, ctrl: Float64Array, braked: boolean): void {
    const { commanded, imperfections, physicsStep } = this.compiled;
    for (let i = 0; i < this.target.length; i++) {
      const position = qpos[commanded[i]!.qpos]!;
      const bound = this.maxLead[i]!;
      this.filtered[i]! += this.lagFraction * (imperfections.actuatorGain * commands[i]! - this.filtered[i]!);
      const u = this.filtered[i]!;
      const lead = braked ? 0 : Math.max(-bound, Math.min(bound, this.target[i]! - position));
      ctrl[i] = u + POSITION_RATE * lead;
      this.target[i] = braked ? position : position + lead + u * physicsStep;
    }
  }

  get stateSize(): number {
    return 2 * this.target.length;
  }

  transfer(cursor: StateCursor): void {
    cursor.array(this.filtered);
    cursor.array(this.target);
  }
}
