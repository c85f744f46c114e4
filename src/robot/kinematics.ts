import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { Joint, RobotModel, Vector3 } from './model.js';

/** What forward kinematics reads of a robot. */
export type KinematicModel = Pick<RobotModel, 'name' | 'rootLink' | 'links' | 'joints' | 'measured'>;

/**
 * The joints between the root link and one link, prepared for {@link linkPosition}. Fixed joints are folded into the transform of the
 * next moving one.
 */
export interface KinematicChain {
  readonly link: string;
  /** the moving joints on the way (k), root first */
  readonly joints: readonly string[];
  /** where each joint's position (a mimic's: its leader's) stands in a row of joint positions (k) */
  readonly index: Int32Array;
  /** joint position = multiplier * value + offset; 1 and 0 unless it is a mimic (k) */
  readonly multiplier: Float64Array;
  readonly offset: Float64Array;
  /** 1: slides along its axis; 0: turns about it (k) */
  readonly slides: Uint8Array;
  /** unit axes in the joint frames (k x 3) */
  readonly axes: Float64Array;
  /** joint frame k in the frame that joint k - 1 moves: rotation by rows (9), translation [m] (3) (k x 12) */
  readonly frames: Float64Array;
  /** the link's point in the frame that the last joint moves [m]; its origin unless another was asked for */
  readonly tail: Vector3;
}

/**
 * The chain from the root link to `link`.
 * @param order joints whose positions a row starts with; default `model.measured`, which is how frames start
 * @param point in the link's frame [m], whose place is wanted; default its origin
 * @throws BAD_INPUT for a link that does not exist, or a joint on the way whose position is not in `order`
 * @example const tip = linkPosition(kinematicChain(model, 'tool0'), frames, row * layout.size, new Float64Array(3));
 */
export function kinematicChain(
  model: KinematicModel,
  link: string,
  order: readonly string[] = model.measured,
  point: Vector3 = { x: 0, y: 0, z: 0 },
): KinematicChain {
  if (!model.links.includes(link)) {
    throw badInput(`robot '${model.name}' has no link '${link}'${didYouMean(link, model.links)}`, { link });
  }
  const moving: Joint[] = [];
  const frames: number[] = [];
  let pending = IDENTITY;
  for (const joint of wayTo(model, link)) {
    pending = compose(pending, transformOf(joint.origin));
    if (joint.type === 'fixed') continue;
    moving.push(joint);
    frames.push(...pending);
    pending = IDENTITY;
  }
  return {
    link,
    joints: moving.map(({ name }) => name),
    index: Int32Array.from(moving, (joint) => indexOf(joint, order, model, link)),
    multiplier: Float64Array.from(moving, ({ mimic }) => mimic?.multiplier ?? 1),
    offset: Float64Array.from(moving, ({ mimic }) => mimic?.offset ?? 0),
    slides: Uint8Array.from(moving, ({ type }) => (type === 'prismatic' ? 1 : 0)),
    axes: Float64Array.from(moving.flatMap(({ axis }) => [axis.x, axis.y, axis.z])),
    frames: Float64Array.from(frames),
    tail: transformed(pending, point),
  };
}

/**
 * The chain's point of its link in the root link's frame [m]. Allocates nothing: the tail is carried through joint after joint towards
 * the root, each a rotation about an axis (Rodrigues' formula) or a shift along it, and then the joint's own frame.
 * @param values joint positions [rad] or [m], in the chain's order from `at`
 * @param out (3), written and returned
 */
export function linkPosition(
  chain: KinematicChain,
  values: ArrayLike<number>,
  at: number,
  out: Float64Array,
): Float64Array {
  const { index, multiplier, offset, slides, axes, frames } = chain;
  let { x, y, z } = chain.tail;
  for (let k = index.length - 1; k >= 0; k--) {
    const q = multiplier[k]! * values[at + index[k]!]! + offset[k]!;
    const ax = axes[3 * k]!;
    const ay = axes[3 * k + 1]!;
    const az = axes[3 * k + 2]!;
    let mx = x;
    let my = y;
    let mz = z;
    if (slides[k] === 1) {
      mx += q * ax;
      my += q * ay;
      mz += q * az;
    } else {
      const cos = Math.cos(q);
      const sin = Math.sin(q);
      const along = (1 - cos) * (ax * x + ay * y + az * z);
      mx = cos * x + sin * (ay * z - az * y) + along * ax;
      my = cos * y + sin * (az * x - ax * z) + along * ay;
      mz = cos * z + sin * (ax * y - ay * x) + along * az;
    }
    const f = 12 * k;
    x = frames[f]! * mx + frames[f + 1]! * my + frames[f + 2]! * mz + frames[f + 9]!;
    y = frames[f + 3]! * mx + frames[f + 4]! * my + frames[f + 5]! * mz + frames[f + 10]!;
    z = frames[f + 6]! * mx + frames[f + 7]! * my + frames[f + 8]! * mz + frames[f + 11]!;
  }
  out[0] = x;
  out[1] = y;
  out[2] = z;
  return out;
}

/** rotation by rows (9), translation (3) */
type Transform = readonly number[];

const IDENTITY: Transform = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];

/** `point` of the frame that `transform` describes, seen from where it is described. */
function transformed(t: Transform, { x, y, z }: Vector3): Vector3 {
  const row = (i: number): number => t[3 * i]! * x + t[3 * i + 1]! * y + t[3 * i + 2]! * z + t[9 + i]!;
  return { x: row(0), y: row(1), z: row(2) };
}

/** Joints from the root to `link`. */
function wayTo(model: KinematicModel, link: string): Joint[] {
  const way: Joint[] = [];
  const above = new Map(model.joints.map((joint) => [joint.child, joint]));
  for (let joint = above.get(link); joint !== undefined; joint = above.get(joint.parent)) way.unshift(joint);
  return way;
}

function indexOf(joint: Joint, order: readonly string[], model: KinematicModel, link: string): number {
  const source = joint.mimic?.joint ?? joint.name;
  const index = order.indexOf(source);
  if (index !== -1) return index;
  throw badInput(
    `robot '${model.name}': the place of link '${link}' depends on joint '${source}', whose position is not known; known are ${order.join(', ')}`,
    { link, joint: source },
  );
}

/** A vector turned by URDF's roll, pitch and yaw. */
export function rotate(rpy: Vector3, vector: Vector3): Vector3 {
  return transformed(transformOf({ xyz: { x: 0, y: 0, z: 0 }, rpy }), vector);
}

/** URDF's origin: roll, pitch, yaw about the fixed x, y, z axes, so R = Rz(yaw) Ry(pitch) Rx(roll). */
function transformOf({ xyz, rpy }: Joint['origin']): Transform {
  const [cr, sr] = [Math.cos(rpy.x), Math.sin(rpy.x)];
  const [cp, sp] = [Math.cos(rpy.y), Math.sin(rpy.y)];
  const [cy, sy] = [Math.cos(rpy.z), Math.sin(rpy.z)];
  return [
    ...[cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
    ...[sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
    ...[-sp, cp * sr, cp * cr],
    ...[xyz.x, xyz.y, xyz.z],
  ];
}

/** First `b`, then `a`: what `b` describes, seen from where `a` is described. */
function compose(a: Transform, b: Transform): Transform {
  const result: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      let sum = 0;
      for (let i = 0; i < 3; i++) sum += a[3 * row + i]! * b[3 * i + column]!;
      result.push(sum);
    }
  }
  for (let row = 0; row < 3; row++) {
    let sum = a[9 + row]!;
    for (let i = 0; i < 3; i++) sum += a[3 * row + i]! * b[9 + i]!;
    result.push(sum);
  }
  return result;
}
