import type { CommandInterface } from '../robot/model.js';

const GATE_ONLY = Symbol('gate');

/**
 * A command that has passed the gate: immutable, and made by the gate only (its factory is not exported from index.ts).
 * Publishers take nothing else, and call {@link GatedCommand.isExpired} once more at the moment of sending.
 */
export class GatedCommand {
  readonly #values: Float64Array;
  readonly #joints: readonly { readonly name: string }[];

  constructor(
    key: symbol,
    joints: readonly { readonly name: string }[],
    readonly commandInterface: CommandInterface,
    values: Float64Array,
    /** counts the gate's commands, from 1 */
    readonly seq: number,
    /** monotonic time after which it must not be sent */
    readonly expiresNs: bigint,
  ) {
    if (key !== GATE_ONLY) throw new TypeError('only the safety gate constructs a GatedCommand');
    this.#values = values.slice();
    this.#joints = joints;
  }

  /** Joint names, in the order of the values. */
  get joints(): readonly string[] {
    return this.#joints.map((joint) => joint.name);
  }

  get length(): number {
    return this.#values.length;
  }

  /** Value of joint `index` [rad, rad/s or N m; linear: m, m/s, N]; NaN where there is no such joint. */
  value(index: number): number {
    return this.#values[index] ?? NaN;
  }

  /** A copy, which the caller owns. */
  copyValues(): Float64Array {
    return this.#values.slice();
  }

  /** True from `expiresNs` on. */
  isExpired(nowNs: bigint): boolean {
    return nowNs >= this.expiresNs;
  }
}

/** For gate.ts and its tests. */
export function createGatedCommand(
  joints: readonly { readonly name: string }[],
  commandInterface: CommandInterface,
  values: Float64Array,
  seq: number,
  expiresNs: bigint,
): GatedCommand {
  return new GatedCommand(GATE_ONLY, joints, commandInterface, values, seq, expiresNs);
}
