import { decodeCommand, type DecodedPoint } from './decode-command.js';
import { CLOCK_ROUNDING, judgeValue } from './judge-value.js';
import type { VetoJoint, VetoLimits } from './limits.js';

/** A command that passed. */
interface Passed {
  readonly bytes: Uint8Array;
  /** at least one */
  readonly points: readonly DecodedPoint[];
  readonly littleEndian: boolean;
  readonly madeNs: bigint;
  /** from when the next one may count its time */
  readonly countedFromNs: bigint;
}

/** What goes on the wire after a veto. */
export interface Substitute {
  readonly bytes: Uint8Array;
  /** the values in the bytes (m) */
  readonly values: Float64Array;
}

/** Ticks closer than this part of a control period are a burst. */
const BURST_FRACTION = 0.5;

/**
 * The last look at a command before the wire. It is written apart from the gate, reads the robot's files by itself, and looks at
 * the bytes that will be sent. It asks only for what is true of every command of a right gate, so a veto means that a bug was
 * found: it latches, and nothing passes any more. One is for one gate. Never throws.
 */
export class Veto {
  private last: Passed | null = null;
  private latched: string | null = null;
  /** which of the last command's points the robot was going to at the veto */
  private reached = 0;
  private readonly burstNs: bigint;

  constructor(private readonly limits: VetoLimits) {
    const burst = BURST_FRACTION * limits.controlPeriod + CLOCK_ROUNDING;
    this.burstNs = BigInt(Math.ceil(burst * 1e9));
  }

  /** why a command was vetoed, for people; null while none was */
  get reason(): string | null {
    return this.latched;
  }

  /**
   * @param bytes the serialized command as it is going to be sent
   * @param madeNs monotonic time for which the command was made
   * @returns null when it may be sent; else why not, for people
   */
  check(bytes: Uint8Array, madeNs: bigint): string | null {
    if (this.latched !== null) return this.latched;
    this.latched = this.judge(bytes, madeNs);
    if (this.latched !== null && this.last !== null) this.reached = this.pointReached(this.last, madeNs);
    return this.latched;
  }

  /** The gate sends nothing any more: others may move the robot until its next command, which is a first one again. */
  fallSilent(): void {
    if (this.latched === null) this.last = null;
  }

  /**
   * What to send after a veto: the last command that passed, taken to rest: velocities ramped down by max_deceleration, positions
   * kept (of several points the one that the robot was going to), efforts zero. Null when none has passed: the robot was never
   * commanded, so it is left alone.
   */
  substitute(nowNs: bigint): Substitute | null {
    if (this.last === null) return null;
    const { points, littleEndian, madeNs } = this.last;
    const elapsed = secondsBetween(madeNs, nowNs);
    const values = Float64Array.from(points[this.reached]!.values, (value, i) =>
      this.towardsRest(this.limits.joints[i]!, value, elapsed),
    );
    const bytes = new Uint8Array(this.last.bytes);
    const view = new DataView(bytes.buffer);
    for (const { at } of points)
      values.forEach((value, i) => view.setFloat64(at + 8 * i, value, littleEndian));
    return { bytes, values };
  }

  private pointReached({ points, madeNs }: Passed, nowNs: bigint): number {
    const passed = Math.floor(secondsBetween(madeNs, nowNs) / this.limits.controlPeriod);
    return Math.min(passed, points.length - 1);
  }

  private towardsRest(joint: VetoJoint, value: number, elapsed: number): number {
    switch (this.limits.commandInterface) {
      case 'position':
        return value;
      case 'velocity':
        return Math.sign(value) * Math.max(0, Math.abs(value) - joint.maxDeceleration * elapsed);
      case 'effort':
        return 0;
    }
  }

  private judge(bytes: Uint8Array, madeNs: bigint): string | null {
    const command = decodeCommand(bytes, this.limits);
    if (typeof command === 'string') return `the command cannot be read: ${command}`;
    const { points, joints, littleEndian } = command;
    const reason = this.judgeJoints(points, joints) ?? this.judgePoints(points, madeNs);
    if (reason !== null) return reason;
    const countedFromNs = this.countedFrom(points[0]!.values, madeNs);
    this.last = { bytes: new Uint8Array(bytes), points, littleEndian, madeNs, countedFromNs };
    return null;
  }

  private judgeJoints(points: readonly DecodedPoint[], names: readonly string[] | null): string | null {
    const expected = this.limits.joints.map((joint) => joint.name);
    const wrong = points.find(({ values }) => values.length !== expected.length);
    if (wrong !== undefined)
      return `the command has ${wrong.values.length} values, expected ${expected.length}`;
    if (names === null || JSON.stringify(names) === JSON.stringify(expected)) return null;
    return `the command is for joints ${JSON.stringify(names)}, expected ${JSON.stringify(expected)}`;
  }

  /** The first point follows the last command, and each other point the one before it. */
  private judgePoints(points: readonly DecodedPoint[], madeNs: bigint): string | null {
    let before = this.last && {
      values: this.last.points[0]!.values,
      elapsed: secondsBetween(this.last.countedFromNs, madeNs),
    };
    for (const [k, { values }] of points.entries()) {
      const reason = this.judgeValues(values, before);
      if (reason !== null) return k === 0 ? reason : `${reason} (point ${k + 1} of ${points.length})`;
      before = { values, elapsed: this.limits.controlPeriod };
    }
    return null;
  }

  private judgeValues(
    values: readonly number[],
    before: { readonly values: readonly number[]; readonly elapsed: number } | null,
  ): string | null {
    for (const [i, joint] of this.limits.joints.entries()) {
      const of = before && { value: before.values[i]!, elapsed: before.elapsed };
      const reason = judgeValue(this.limits.commandInterface, joint, values[i]!, of);
      if (reason !== null) return `joint '${joint.name}' ${reason}`;
    }
    return null;
  }

  /**
   * From when the command after this one may count its time. One that repeats the last may belong to a burst of ticks, and the
   * first one to a burst with the engagement. The gate passes over a burst, so up to half a period is left for the next.
   */
  private countedFrom(values: readonly number[], madeNs: bigint): bigint {
    const left = madeNs - this.burstNs;
    if (this.last === null) return left;
    const { points, countedFromNs } = this.last;
    if (values.some((value, i) => value !== points[0]!.values[i])) return madeNs;
    return left > countedFromNs ? left : countedFromNs;
  }
}

/** [s]; 0 for a clock that has gone back */
function secondsBetween(earlierNs: bigint, laterNs: bigint): number {
  return Math.max(0, Number(laterNs - earlierNs) / 1e9);
}
