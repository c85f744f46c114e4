import type { RobotModel } from '../robot/index.js';

/** The part of sensor_msgs/JointState that is read. Arrays may be typed or plain. */
export interface JointStateLike {
  readonly name: readonly string[];
  readonly position: ArrayLike<number>;
  readonly velocity: ArrayLike<number>;
}

/** Why a message was not used; counted and shown in /diagnostics. */
export type StateRejection = 'lengths' | 'duplicate-name' | 'missing-joint' | 'non-finite';

/**
 * Maps JointState messages to vectors by joint name, never by order. Extra joints are ignored. A missing or non-finite
 * velocity is replaced by the difference of positions; a message that cannot be used leaves the newest state as it is, so
 * that a run of bad messages becomes a stale state.
 */
export class StateMapper {
  readonly rejected: Record<StateRejection, number> = {
    lengths: 0,
    'duplicate-name': 0,
    'missing-joint': 0,
    'non-finite': 0,
  };
  private readonly names: readonly string[];
  /** newest accepted state, measured order (n); overwritten by the next one */
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  private readonly previous: Float64Array;
  private previousNs = 0n;
  /** index in the message of each measured joint, for the name list seen last */
  private indices: Int32Array;
  private namesSeen: readonly string[] = [];
  private namesRejection: StateRejection | null = 'missing-joint';

  constructor(model: Pick<RobotModel, 'measured'>) {
    this.names = model.measured;
    this.positions = new Float64Array(this.names.length);
    this.velocities = new Float64Array(this.names.length);
    this.previous = new Float64Array(this.names.length).fill(NaN);
    this.indices = new Int32Array(this.names.length);
  }

  /** Takes over the message's values. @returns false when it was rejected (and counted) */
  map(message: JointStateLike, receivedNs: bigint): boolean {
    const rejection = this.check(message);
    if (rejection !== null) {
      this.rejected[rejection]++;
      return false;
    }
    const elapsed = this.previousNs === 0n ? 0 : Number(receivedNs - this.previousNs) / 1e9;
    for (let i = 0; i < this.names.length; i++) {
      const index = this.indices[i]!;
      const position = message.position[index]!;
      const velocity = message.velocity[index];
      if (velocity !== undefined && Number.isFinite(velocity)) this.velocities[i] = velocity;
      else this.velocities[i] = elapsed > 0 ? (position - this.previous[i]!) / elapsed : 0;
      this.positions[i] = position;
      this.previous[i] = position;
    }
    this.previousNs = receivedNs;
    return true;
  }

  /** Measured joints that a message does not name; for the refusal at start. */
  missingFrom(message: JointStateLike): string[] {
    return this.names.filter((name) => !message.name.includes(name));
  }

  private check(message: JointStateLike): StateRejection | null {
    if (message.position.length !== message.name.length) return 'lengths';
    if (message.velocity.length !== 0 && message.velocity.length !== message.name.length) return 'lengths';
    if (!sameNames(message.name, this.namesSeen)) this.mapNames(message.name);
    if (this.namesRejection !== null) return this.namesRejection;
    for (let i = 0; i < this.indices.length; i++) {
      if (!Number.isFinite(message.position[this.indices[i]!]!)) return 'non-finite';
    }
    return null;
  }

  private mapNames(names: readonly string[]): void {
    this.namesSeen = [...names];
    this.namesRejection = new Set(names).size === names.length ? null : 'duplicate-name';
    this.names.forEach((name, i) => {
      const index = names.indexOf(name);
      if (index < 0) this.namesRejection ??= 'missing-joint';
      this.indices[i] = index;
    });
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
