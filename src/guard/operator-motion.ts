/** What the operator's sticks and set-points mean for one control tick. Pure, but for the set-point that they move. */
import {
  positionOf,
  type OperatorCommand,
  type OperatorSetPoint,
  type TeleopCommand,
} from '../io/serial/index.js';
import type { TeleopConfig } from '../robot/index.js';
import type { GateConfig, OperatorInput, Proposal } from '../safety/index.js';

/** Part of the usual speed while the line is noisy. */
const DEGRADED_SCALE = 0.5;

type Tuning = Pick<TeleopConfig, 'maxVelocityScale' | 'deadBand'>;

/** The newest that the operator asks for, and the proposal that it makes. */
export class OperatorMotion {
  private command: OperatorCommand | null = null;
  private setPoint: OperatorSetPoint | null = null;
  /** where a position interface has been asked to be while the operator drives */
  private target: Float64Array | null = null;
  private seq = 0;
  private readonly joints: readonly string[];

  constructor(
    private readonly config: GateConfig,
    private readonly tuning: Tuning,
  ) {
    this.joints = config.joints.map(({ name }) => name);
  }

  /** @param command null: the link is lost, and with it the set-point */
  takeCommand(command: OperatorCommand | null): void {
    this.command = command;
    if (command === null) this.setPoint = null;
  }

  takeSetPoint(setPoint: OperatorSetPoint): void {
    this.setPoint = setPoint;
  }

  /** As far as authority is concerned; null where there is no link. A set-point is a deflected stick: nobody takes over under it. */
  input(nowNs: bigint): OperatorInput | null {
    if (this.command === null) return null;
    const { enable, expiresNs } = this.command;
    return { enable, expiresNs, neutral: this.sticksAtRest() && !this.isWanted(nowNs) };
  }

  /** The operator drives from now on: it goes on from the last command, not from what was asked for before. */
  begin(): void {
    this.target = null;
    this.setPoint = null;
  }

  /** For one control tick while the operator drives. @param base last command (m) @param degraded the line is noisy */
  proposal(base: Float64Array, nowNs: bigint, degraded: boolean): Proposal | null {
    const { command: sticks, setPoint, config, joints } = this;
    if (sticks === null) return null;
    const scale = this.tuning.maxVelocityScale * (degraded ? DEGRADED_SCALE : 1);
    const tuned = { maxVelocityScale: scale, deadBand: this.tuning.deadBand };
    const from = this.target ?? base;
    const command =
      this.isWanted(nowNs) && this.sticksAtRest()
        ? setPointCommand(config, scale, setPoint!.axes, from)
        : stickCommand(config, tuned, sticks, from);
    if (config.interface === 'position') this.target = command;
    return { source: 'teleop', joints, command, seq: ++this.seq, expiresNs: sticks.expiresNs };
  }

  private isWanted(nowNs: bigint): boolean {
    return this.setPoint !== null && nowNs < this.setPoint.expiresNs;
  }

  private sticksAtRest(): boolean {
    return this.command!.axes.every((value) => Math.abs(value) <= this.tuning.deadBand);
  }
}

/**
 * What sticks mean for one control tick: velocities or efforts in proportion, set-points moved on at that velocity, within limits.
 * Modes other than joint-velocity ask for no motion.
 * @param from set-point (m) of a position interface before this tick
 */
export function stickCommand(
  { interface: kind, joints, controlPeriod }: GateConfig,
  { maxVelocityScale, deadBand }: Tuning,
  { mode, axes }: Pick<TeleopCommand, 'mode' | 'axes'>,
  from: Float64Array,
): Float64Array {
  return Float64Array.from(joints, ({ maxVelocity, maxEffort, minPosition, maxPosition }, i) => {
    const share = mode === 'joint-velocity' ? maxVelocityScale * beyondDeadBand(axes[i]!, deadBand) : 0;
    if (kind === 'effort') return share * maxEffort;
    if (kind === 'velocity') return share * maxVelocity;
    return Math.min(Math.max(from[i]! + share * maxVelocity * controlPeriod, minPosition), maxPosition);
  });
}

/**
 * What a set-point means for one control tick, no faster than the sticks: a position is gone towards, a velocity or effort is asked for as
 * it is, up to the stick's highest. A continuous joint of a position interface has no such set-point and stays.
 * @param scale full deflection of a stick, as a share of maxVelocity or maxEffort
 * @param shares in [-1, 1] of each joint's envelope (m)
 * @param from set-point (m) of a position interface before this tick
 */
export function setPointCommand(
  { interface: kind, joints, controlPeriod }: GateConfig,
  scale: number,
  shares: readonly number[],
  from: Float64Array,
): Float64Array {
  return Float64Array.from(joints, (joint, i) => {
    const highest = kind === 'effort' ? joint.maxEffort : joint.maxVelocity;
    if (kind !== 'position') return within(shares[i]! * highest, scale * highest);
    if (joint.maxPosition - joint.minPosition === Infinity) return from[i]!;
    return from[i]! + within(positionOf(joint, shares[i]!) - from[i]!, scale * highest * controlPeriod);
  });
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}

/** 0 within the dead band, then to 1 at full deflection without a jump. */
function beyondDeadBand(value: number, deadBand: number): number {
  const beyond = Math.max(0, Math.abs(value) - deadBand) / (1 - deadBand);
  return Math.sign(value) * beyond;
}
