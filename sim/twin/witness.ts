import { badInput } from '../../src/core/index.js';
import type { JointLimits, Robot } from '../../src/robot/index.js';

export type ViolationKind =
  | 'command-position'
  | 'command-velocity'
  | 'command-acceleration'
  | 'command-effort'
  | 'command-malformed'
  | 'measured-position';

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
/**
 * Control periods by which the time between two commands may be misjudged: from deciding to sending lies a system call, and the
 * scheduler may step in. A limiter that is off by more shows within a few commands, since the bound accumulates.
 */
const TIMING_SLACK_PERIODS = 1;
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
  private lastNs = 0n;
  /** fastest and slowest velocity that the acceleration limits have left open since the first command (m) */
  private highest: Float64Array | null = null;
  private lowest: Float64Array | null = null;

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

  /**
   * @param values commanded order (m), in the unit of the command interface
   * @param sentNs when the command was sent, on any steady clock
   */
  command(values: Float64Array, sentNs: bigint): void {
    const { commandInterface, controlRateHz } = this.robot.config;
    const elapsed = Number(sentNs - this.lastNs) / 1e9;
    const last = this.last;
    if (commandInterface === 'effort') {
      values.forEach((effort, i) =>
        this.checkMagnitude('command-effort', i, effort, this.limits[i]!.maxEffort),
      );
    } else if (commandInterface === 'velocity') {
      this.velocities(values, elapsed);
    } else {
      values.forEach((position, i) => this.checkPosition('command-position', i, position));
      // A set-point may move on by what its velocity limit allows in the time since the last one, and one period of slack.
      const time = elapsed + TIMING_SLACK_PERIODS / controlRateHz;
      if (last) {
        values.forEach((position, i) =>
          this.checkMagnitude(
            'command-velocity',
            i,
            (position - last[i]!) / time,
            this.limits[i]!.maxVelocity,
          ),
        );
      }
    }
    this.last = values;
    this.lastNs = sentNs;
  }

  /** @param positions true positions of the commanded joints (m) */
  truth(positions: ArrayLike<number>): void {
    for (let i = 0; i < this.limits.length; i++) this.checkPosition('measured-position', i, positions[i]!);
  }

  /**
   * Velocity, and acceleration over every stretch of commands at once: v[j] <= v[i] + a (t[j] - t[i]) for all i < j is the same
   * as staying below an envelope that grows by a dt and is cut to each new command.
   */
  private velocities(velocity: Float64Array, elapsed: number): void {
    const slack = TIMING_SLACK_PERIODS / this.robot.config.controlRateHz;
    const highest = (this.highest ??= velocity.slice());
    const lowest = (this.lowest ??= velocity.slice());
    velocity.forEach((v, i) => {
      const { maxVelocity, maxAcceleration = Infinity, maxDeceleration = maxAcceleration } = this.limits[i]!;
      this.checkMagnitude('command-velocity', i, v, maxVelocity);
      // Rising is speeding up above zero and braking below it. A step through zero does both; the larger bounds it.
      const rise = v > 0 ? Math.max(maxAcceleration, highest[i]! < 0 ? maxDeceleration : 0) : maxDeceleration;
      const fall = v < 0 ? Math.max(maxAcceleration, lowest[i]! > 0 ? maxDeceleration : 0) : maxDeceleration;
      highest[i]! += rise * elapsed;
      lowest[i]! -= fall * elapsed;
      const joint = this.robot.model.commanded[i]!;
      if (v > highest[i]! + rise * slack + SLACK) {
        this.add('command-acceleration', joint, rise + (v - highest[i]!) / slack, rise);
      } else if (v < lowest[i]! - fall * slack - SLACK) {
        this.add('command-acceleration', joint, -fall + (v - lowest[i]!) / slack, -fall);
      }
      highest[i] = Math.min(highest[i]!, v);
      lowest[i] = Math.max(lowest[i]!, v);
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
