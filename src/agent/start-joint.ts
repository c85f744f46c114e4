import { badInput } from '../core/index.js';
import { commandOffset, layoutOf, positionOffset, velocityOffset } from '../env/index.js';
import { positionUnit, type Joint, type Robot } from '../robot/index.js';
import { predictedBounds } from './predicted-bounds.js';

/** Of a joint's range: less than the spread of starts that a policy is trained with. */
const TOLERANCE_SHARE = 0.01;
/** Of a joint that has no range [rad] or [m]. */
const TOLERANCE = 0.01;
/** Of max_velocity: slower counts as standing still; above the noise of a differentiated encoder. */
const STILL_SHARE = 0.05;

/** One commanded joint on its way to where an episode starts. Positions in [rad] or [m], as its type says. */
export class StartJoint {
  /** where in a frame */
  readonly at: { readonly position: number; readonly velocity: number; readonly command: number };
  private readonly joint: Joint;
  private readonly tolerance: number;

  /**
   * @param index in the order of commands
   * @throws BAD_INPUT where the joint cannot be at its goal
   */
  constructor(
    robot: Robot,
    index: number,
    private readonly goal: number,
  ) {
    const { model, config } = robot;
    const name = model.commanded[index]!;
    const layout = layoutOf(robot);
    this.joint = model.joints.find((joint) => joint.name === name)!;
    this.at = {
      position: positionOffset(layout, name),
      velocity: velocityOffset(layout, name),
      command: commandOffset(layout, name),
    };
    const { low, high } = predictedBounds(robot)[index]!; // commanded joints come first in measured order
    const range = high - low;
    this.tolerance = Number.isFinite(range) ? TOLERANCE_SHARE * range : TOLERANCE;
    const [min, max] = [low + config.positionMargin, high - config.positionMargin];
    if (goal >= min && goal <= max) return;
    throw badInput(`joint '${name}' cannot start at ${this.told(goal)}: it is kept within [${min}, ${max}]`, {
      joint: name,
      goal,
    });
  }

  /** of the commands that the gate lets through [rad/s] or [m/s] */
  get maxVelocity(): number {
    return this.joint.limits!.maxVelocity;
  }

  /** [rad/s2] or [m/s2]; infinite where none is declared, as for some position interfaces */
  get maxDeceleration(): number {
    const { maxDeceleration, maxAcceleration } = this.joint.limits!;
    return maxDeceleration ?? maxAcceleration ?? Infinity;
  }

  /** From a position to the goal; the shorter way round for a joint that turns without end. */
  remaining(position: number): number {
    const way = this.goal - position;
    return this.joint.type === 'continuous' ? Math.atan2(Math.sin(way), Math.cos(way)) : way;
  }

  /** Why the joint is not at its goal, for people; null: it is, and stands still. */
  whyNotThere(frame: Float32Array): string | null {
    const { name } = this.joint;
    const position = frame[this.at.position]!;
    const away = Math.abs(this.remaining(position)) > this.tolerance;
    if (away) return `${name} at ${this.told(position)}, wanted ${this.told(this.goal)}`;
    const velocity = frame[this.at.velocity]!;
    const moves = Math.abs(velocity) > STILL_SHARE * this.maxVelocity;
    return moves ? `${name} still moves at ${this.told(velocity)}/s` : null;
  }

  private told(value: number): string {
    return `${Number(value.toPrecision(3))} ${positionUnit(this.joint.type)}`;
  }
}
