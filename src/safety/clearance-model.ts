/**
 * Capsules of a robot's links, and what they must keep clear of: each other, and the walls of the workspace. Built once from the
 * URDF's <collision> shapes; plain data.
 */
import { badInput } from '../core/index.js';
import {
  kinematicChain,
  linkPosition,
  rotate,
  type CollisionShape,
  type KinematicChain,
  type Robot,
  type RobotModel,
  type Vector3,
} from '../robot/index.js';

/** All points within `radius` of a segment [m]; the two chains lead to its ends. */
export interface Capsule {
  readonly link: string;
  readonly radius: number;
  readonly ends: readonly [KinematicChain, KinematicChain];
}

/** lever: by how much the clearance can change per unit of each commanded joint at most [m/rad], or 1 (m). */
export interface CapsulePair {
  readonly a: number;
  readonly b: number;
  readonly lever: readonly number[];
}

/** The side of the workspace at `at` [m] on an axis (0 x, 1 y, 2 z) of the root link; direction 1: what is beyond it is above. */
export interface Wall {
  readonly capsule: number;
  readonly axis: number;
  readonly direction: 1 | -1;
  readonly at: number;
  readonly lever: readonly number[];
}

export interface ClearanceModel {
  readonly capsules: readonly Capsule[];
  readonly pairs: readonly CapsulePair[];
  /** kept between the capsules of a pair [m] */
  readonly threshold: number;
  readonly walls: readonly Wall[];
}

/**
 * What robot.yaml asks to keep clear, or undefined where it asks nothing.
 * @throws BAD_INPUT for an effort interface, a shape of unknown size, a link that a joint moves which the gate does not command, and where
 * the home pose is not clear
 */
export function clearanceModel({ model, config }: Robot): ClearanceModel | undefined {
  const { selfCollisionThreshold: threshold, workspace } = config;
  if (threshold === undefined && workspace === undefined) return undefined;
  if (config.commandInterface === 'effort') {
    throw badInput(
      `robot '${model.name}': self_collision_proximity_threshold and workspace need a position or velocity interface; ` +
        'with efforts the gate can promise no position. Remove them from robot.yaml',
    );
  }
  const capsules = movingCapsules(model);
  const result = {
    capsules,
    pairs: threshold === undefined ? [] : pairs(model, capsules, config.disabledCollisions),
    threshold: threshold ?? 0,
    walls: workspace === undefined ? [] : walls(model, capsules, workspace),
  };
  requireClear(result, model, config.homePose);
  return result;
}

/** Links without a shape count as the point of their origin, so that a workspace needs no shapes. */
function movingCapsules(model: RobotModel): Capsule[] {
  return model.links.flatMap((link) => {
    const shapes = model.collisions.filter((shape) => shape.link === link);
    if (shapes.length > 0) return shapes.map((shape) => capsuleOf(model, shape));
    const origin = kinematicChain(model, link, model.commanded);
    return [{ link, radius: 0, ends: [origin, origin] as const }];
  });
}

function capsuleOf(model: RobotModel, { link, xyz, rpy, geometry }: CollisionShape): Capsule {
  const { half, radius } = enclosing(geometry, model, link);
  const offset = rotate(rpy, half);
  const end = (sign: 1 | -1): KinematicChain =>
    kinematicChain(model, link, model.commanded, {
      x: xyz.x + sign * offset.x,
      y: xyz.y + sign * offset.y,
      z: xyz.z + sign * offset.z,
    });
  return { link, radius, ends: [end(-1), end(1)] };
}

/** The capsule around a shape: half of its segment in the shape's frame, and its radius [m]. */
function enclosing(
  geometry: CollisionShape['geometry'],
  model: RobotModel,
  link: string,
): { half: Vector3; radius: number } {
  switch (geometry.kind) {
    case 'sphere':
      return { half: { x: 0, y: 0, z: 0 }, radius: geometry.radius };
    case 'cylinder':
    case 'capsule':
      return { half: { x: 0, y: 0, z: geometry.length / 2 }, radius: geometry.radius };
    case 'box': {
      const { x, y, z } = geometry.size;
      if (z >= x && z >= y) return { half: { x: 0, y: 0, z: z / 2 }, radius: Math.hypot(x, y) / 2 };
      if (y >= x) return { half: { x: 0, y: y / 2, z: 0 }, radius: Math.hypot(x, z) / 2 };
      return { half: { x: x / 2, y: 0, z: 0 }, radius: Math.hypot(y, z) / 2 };
    }
    case 'other':
      throw badInput(
        `link '${link}' of robot '${model.name}' has a <collision> <${geometry.tag}> whose size is not known here; ` +
          'add <collision> shapes of capsule, cylinder, sphere or box in its place, or remove self_collision_proximity_threshold and workspace',
        { link },
      );
  }
}

/** Pairs that can touch: of different bodies that no single joint connects, and not disabled. */
function pairs(
  model: RobotModel,
  capsules: readonly Capsule[],
  disabled: readonly (readonly [string, string])[],
): CapsulePair[] {
  const off = (a: string, b: string) => disabled.some((pair) => pair.includes(a) && pair.includes(b));
  const result: CapsulePair[] = [];
  capsules.forEach(({ link, radius }, a) => {
    for (let b = 0; b < a; b++) {
      const other = capsules[b]!;
      if (radius === 0 || other.radius === 0 || off(link, other.link)) continue;
      const between = jointsBetween(capsules[a]!.ends[0], other.ends[0]);
      if (between.length < 2) continue;
      result.push({ a, b, lever: lever(model, [capsules[a]!, other], between) });
    }
  });
  return result;
}

function walls(
  model: RobotModel,
  capsules: readonly Capsule[],
  { min, max }: { readonly min: Vector3; readonly max: Vector3 },
): Wall[] {
  const sides = [
    [0, -1, min.x],
    [0, 1, max.x],
    [1, -1, min.y],
    [1, 1, max.y],
    [2, -1, min.z],
    [2, 1, max.z],
  ] as const;
  return capsules.flatMap((each, capsule) => {
    const { joints } = each.ends[0];
    if (joints.length === 0) return [];
    const share = lever(model, [each], joints);
    return sides
      .filter(([, , at]) => Number.isFinite(at))
      .map(([axis, direction, at]) => ({ capsule, axis, direction, at, lever: share }));
  });
}

/** Joints that move one link against the other: those on the way to one of them only. */
function jointsBetween(a: KinematicChain, b: KinematicChain): string[] {
  return [
    ...a.joints.filter((joint) => !b.joints.includes(joint)),
    ...b.joints.filter((joint) => !a.joints.includes(joint)),
  ];
}

/** A point at distance r from an axis moves r per radian at most; r is bounded by the lengths of all links up to it. */
function lever(model: RobotModel, capsules: readonly Capsule[], joints: readonly string[]): number[] {
  const levers = model.commanded.map(() => 0);
  for (const joint of joints) {
    let longest = 0;
    let index = 0;
    let multiplier = 1;
    for (const chain of capsules.flatMap(({ ends }) => ends)) {
      const k = chain.joints.indexOf(joint);
      if (k < 0) continue;
      [index, multiplier] = [chain.index[k]!, Math.abs(chain.multiplier[k]!)];
      longest = Math.max(longest, chain.slides[k] === 1 ? 1 : reachFrom(model, chain, k));
    }
    levers[index] = levers[index]! + longest * multiplier;
  }
  return levers;
}

/** Longest distance from the frame of joint `k` to the chain's point, over all joint positions [m]. */
function reachFrom(model: RobotModel, { joints, frames, slides, tail }: KinematicChain, k: number): number {
  let reach = Math.hypot(tail.x, tail.y, tail.z);
  for (let j = k + 1; j < joints.length; j++) {
    reach += Math.hypot(frames[12 * j + 9]!, frames[12 * j + 10]!, frames[12 * j + 11]!);
    if (slides[j] !== 1) continue;
    const range = model.joints.find(({ name }) => name === joints[j])?.limits?.position;
    /* v8 ignore next -- for the compiler: a URDF is refused where a sliding joint has no range */
    reach += Math.max(Math.abs(range?.min ?? Infinity), Math.abs(range?.max ?? Infinity));
  }
  return reach;
}

function requireClear(
  clearance: ClearanceModel,
  model: RobotModel,
  home: Readonly<Record<string, number>>,
): void {
  const positions = Float64Array.from(model.commanded, (name) => home[name]!);
  const distances = clearances(clearance, positions, new Float64Array(clearanceCount(clearance)));
  const at = distances.findIndex((distance) => !(distance > 0));
  if (at < 0) return;
  throw badInput(
    `robot '${model.name}': at home_pose ${clearanceName(clearance, at)} are ${(-distances[at]!).toPrecision(3)} m too close; ` +
      'write another home_pose, a smaller self_collision_proximity_threshold, a larger workspace, or disabled_collisions',
  );
}

export function clearanceCount({ pairs, walls }: ClearanceModel): number {
  return pairs.length + walls.length;
}

/** What must keep clear of what, for people. */
export function clearanceName({ capsules, pairs, walls }: ClearanceModel, index: number): string {
  const pair = pairs[index];
  if (pair !== undefined) return `links '${capsules[pair.a]!.link}' and '${capsules[pair.b]!.link}'`;
  const { capsule, axis, direction, at } = walls[index - pairs.length]!;
  return `link '${capsules[capsule]!.link}' and the wall ${'xyz'[axis]} ${direction > 0 ? '<' : '>'} ${at} m`;
}

/** What each clearance has left [m], pairs first, into `out` (clearanceCount). @param positions of the commanded joints (m) */
export function clearances(model: ClearanceModel, positions: Float64Array, out: Float64Array): Float64Array {
  const { capsules, pairs, walls, threshold } = model;
  const ends = new Float64Array(6 * capsules.length);
  capsules.forEach(({ ends: [from, to] }, c) => {
    linkPosition(from, positions, 0, ends.subarray(6 * c, 6 * c + 3));
    linkPosition(to, positions, 0, ends.subarray(6 * c + 3, 6 * c + 6));
  });
  pairs.forEach(({ a, b }, i) => {
    const apart = segmentDistance(ends, 6 * a, 6 * b);
    out[i] = apart - capsules[a]!.radius - capsules[b]!.radius - threshold;
  });
  walls.forEach(({ capsule, axis, direction, at }, i) => {
    const [from, to] = [ends[6 * capsule + axis]!, ends[6 * capsule + 3 + axis]!];
    out[pairs.length + i] =
      Math.min(direction * (at - from), direction * (at - to)) - capsules[capsule]!.radius;
  });
  return out;
}

/** Distance of two segments, each given by two points from `p` and from `q` on (Ericson, Real-Time Collision Detection, 5.1.9). */
export function segmentDistance(points: Float64Array, p: number, q: number): number {
  const d1 = [0, 1, 2].map((i) => points[p + 3 + i]! - points[p + i]!) as [number, number, number];
  const d2 = [0, 1, 2].map((i) => points[q + 3 + i]! - points[q + i]!) as [number, number, number];
  const r = [0, 1, 2].map((i) => points[p + i]! - points[q + i]!) as [number, number, number];
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!;
  const clamp = (value: number): number => Math.min(Math.max(value, 0), 1);
  const [a, e, f, c, b] = [dot(d1, d1), dot(d2, d2), dot(d2, r), dot(d1, r), dot(d1, d2)];
  const denominator = a * e - b * b;
  let s = denominator > 1e-12 * a * e ? clamp((b * f - c * e) / denominator) : 0; // parallel: any s will do
  let t = e > 0 ? (b * s + f) / e : 0;
  if (e === 0 || t < 0 || t > 1) {
    t = clamp(t);
    s = a > 0 ? clamp((b * t - c) / a) : 0;
  }
  return Math.hypot(r[0] + s * d1[0] - t * d2[0], r[1] + s * d1[1] - t * d2[1], r[2] + s * d1[2] - t * d2[2]);
}
