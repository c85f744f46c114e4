import { badInput } from '../../src/core/index.js';
import type { JointLimits, Robot } from '../../src/robot/index.js';

export const VIOLATIONS = [
  'command-position',
  'command-velocity',
  'command-acceleration',
  'command-effort',
  'command-malformed',
  'measured-position',
] as const;
export type ViolationKind = (typeof VIOLATIONS)[number];

/** One thing that must not happen, as the robot saw it. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly joint: string;
  /** [rad], [m] and derivatives, or [N m], [N] */
  readonly value: number;
  readonly limit: number;
}

/** Relative slack for rounding in transport and subtraction, nothing more. */
const SLACK = 1e-9;
/** Kept per run; counting goes on. */
const MAX_KEPT = 100;

/**
 * The robot's own view of its limits, worked out from the robot description and not from the gate: every command that arrives
 * and every true position is judged. A violation is a command outside its limits, or a position beyond its limit.
 */
export class Witness {
  readonly violations: Violation[] = [];
  count = 0;
  private readonly limits: readonly JointLimits[];
  private last: Float64Array | null = null;
  private lastVelocity: Float64Array | null = null;

  constructor(private readonly robot: Robot) {
    this.limits = robot.model.commanded.map((name) => {
      const limits = robot.model.joints.find((joint) => joint.name === name)?.limits;
      if (!limits)
        throw badInput(`joint '${name}' is commanded but has no limits to be judged by`, { joint: name });
      return limits;
    });
  }

  /** A message that the controller refused: wrong size, unknown joint or not finite. */
  malformed(): void {
    this.add('command-malformed', this.robot.model.commanded.join(','), NaN, 0);
  }

  /** @param values commanded order (m), in the unit of the command interface */
  command(values: Float64Array): void {
    const period = 1 / this.robot.config.controlRateHz;
    switch (this.robot.config.commandInterface) {
      case 'effort':
        values.forEach((effort, i) =>
          this.checkMagnitude('command-effort', i, effort, this.limits[i]!.maxEffort),
        );
        break;
      case 'velocity':
        this.velocities(values, this.last, period);
        break;
      case 'position': {
        values.forEach((position, i) => this.checkPosition('command-position', i, position));
        const last = this.last;
        if (last) {
          const velocity = values.map((position, i) => (position - last[i]!) / period);
          this.velocities(velocity, this.lastVelocity, period);
          this.lastVelocity = velocity;
        }
        break;
      }
    }
    this.last = values;
  }

  /** @param positions true positions of the commanded joints (m) */
  truth(positions: ArrayLike<number>): void {
    for (let i = 0; i < this.limits.length; i++) this.checkPosition('measured-position', i, positions[i]!);
  }

  private velocities(velocity: Float64Array, previous: Float64Array | null, period: number): void {
    velocity.forEach((v, i) => {
      const limits = this.limits[i]!;
      this.checkMagnitude('command-velocity', i, v, limits.maxVelocity);
      if (!previous || limits.maxAcceleration === undefined) return;
      const acceleration = limits.maxAcceleration;
      const deceleration = limits.maxDeceleration ?? acceleration;
      const reverses = v * previous[i]! < 0; // brakes first, then speeds up: the larger of the two bounds the step
      const speedsUp = Math.abs(v) > Math.abs(previous[i]!);
      const limit = reverses ? Math.max(acceleration, deceleration) : speedsUp ? acceleration : deceleration;
      this.checkMagnitude('command-acceleration', i, (v - previous[i]!) / period, limit);
    });
  }

  private checkMagnitude(kind: ViolationKind, index: number, value: number, limit: number): void {
    if (!(Math.abs(value) <= limit * (1 + SLACK) + SLACK))
      this.add(kind, this.robot.model.commanded[index]!, value, limit);
  }

  private checkPosition(kind: ViolationKind, index: number, value: number): void {
    const position = this.limits[index]!.position;
    if (!position) return;
    if (!(value <= position.max + SLACK))
      this.add(kind, this.robot.model.commanded[index]!, value, position.max);
    if (!(value >= position.min - SLACK))
      this.add(kind, this.robot.model.commanded[index]!, value, position.min);
  }

  private add(kind: ViolationKind, joint: string, value: number, limit: number): void {
    this.count++;
    if (this.violations.length < MAX_KEPT) this.violations.push({ kind, joint, value, limit });
  }
}
