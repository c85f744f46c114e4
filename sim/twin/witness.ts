import { badInput } from '../../src/core/index.js';
import type { JointLimits, Robot } from '../../src/robot/index.js';
import { RateEnvelope } from './rate-envelope.js';

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
 *
 * Not judged: the acceleration of position set-points (what moves is the drive's own; its true position is judged), and how fast
 * efforts change.
 */
export class Witness {
  readonly violations: Violation[] = [];
  count = 0;
  private readonly limits: readonly JointLimits[];
  /** TIMING_SLACK_PERIODS [s] */
  private readonly slack: number;
  /** what the rate limits have left open: of velocity by acceleration, of set-points by velocity (m) */
  private readonly envelopes: readonly RateEnvelope[];
  private lastNs: bigint | null = null;

  constructor(private readonly robot: Robot) {
    this.slack = TIMING_SLACK_PERIODS / robot.config.controlRateHz;
    this.envelopes = robot.model.commanded.map(() => new RateEnvelope(this.slack));
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
   * @param points values in commanded order (m each), in the unit of the command interface, one control period apart; just one but
   *   for trajectories
   * @param sentNs when the command was sent, on any steady clock
   */
  command([values, ...ahead]: readonly Float64Array[], sentNs: bigint): void {
    if (values === undefined) return;
    // A sender's clock that was set back gives no time to move in.
    const elapsed = this.lastNs === null ? 0 : Math.max(0, Number(sentNs - this.lastNs) / 1e9);
    this.lastNs = sentNs;
    switch (this.robot.config.commandInterface) {
      case 'effort':
        values.forEach((effort, i) =>
          this.checkMagnitude('command-effort', i, effort, this.limits[i]!.maxEffort),
        );
        break;
      case 'velocity':
        values.forEach((velocity, i) => this.checkVelocity(i, velocity, elapsed));
        break;
      case 'position':
        values.forEach((position, i) => {
          const { maxVelocity } = this.limits[i]!;
          this.checkPosition('command-position', i, position);
          this.checkRate('command-velocity', i, position, elapsed, maxVelocity, maxVelocity);
        });
        this.checkAhead(values, ahead);
        break;
    }
  }

  /** Points that are executed only while no newer command comes. */
  private checkAhead(first: Float64Array, ahead: readonly Float64Array[]): void {
    let before = first;
    for (const point of ahead) {
      point.forEach((position, i) => {
        this.checkPosition('command-position', i, position);
        const rate = (position - before[i]!) * this.robot.config.controlRateHz;
        this.checkMagnitude('command-velocity', i, rate, this.limits[i]!.maxVelocity);
      });
      before = point;
    }
  }

  /** @param positions true positions of the commanded joints (m) */
  truth(positions: ArrayLike<number>): void {
    for (let i = 0; i < this.limits.length; i++) this.checkPosition('measured-position', i, positions[i]!);
  }

  private checkVelocity(index: number, velocity: number, elapsed: number): void {
    const {
      maxVelocity,
      maxAcceleration = Infinity,
      maxDeceleration = maxAcceleration,
    } = this.limits[index]!;
    this.checkMagnitude('command-velocity', index, velocity, maxVelocity);
    // Rising is speeding up above zero and braking below it. A step through zero does both; the larger bounds it.
    const { highest, lowest } = this.envelopes[index]!;
    const rise =
      velocity > 0 ? Math.max(maxAcceleration, highest < 0 ? maxDeceleration : 0) : maxDeceleration;
    const fall = velocity < 0 ? Math.max(maxAcceleration, lowest > 0 ? maxDeceleration : 0) : maxDeceleration;
    this.checkRate('command-acceleration', index, velocity, elapsed, rise, fall);
  }

  private checkRate(
    kind: ViolationKind,
    index: number,
    value: number,
    elapsed: number,
    rise: number,
    fall: number,
  ): void {
    const excess = this.envelopes[index]!.excess(value, elapsed, rise, fall);
    if (excess === 0) return;
    const limit = excess < 0 ? -fall : rise;
    this.add(kind, this.robot.model.commanded[index]!, limit + excess / this.slack, limit);
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
