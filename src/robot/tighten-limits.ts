import { badInput } from '../core/index.js';
import type { JointLimitsYaml } from './joint-limits-schema.js';
import type { DroppedTag, JointLimits, JointType } from './model.js';
import type { UrdfLimits } from './parse-urdf-limits.js';
import { effortUnit, positionUnit, velocityUnit } from './units.js';
import type { YamlFile } from './yaml-file.js';

/** Limits known so far; what a joint must have is decided by its role. */
export type PartialLimits = Partial<JointLimits>;

/** One joint on its way through joint_limits.yaml. */
export interface LimitSource {
  readonly joint: string;
  readonly type: JointType;
  readonly urdf: UrdfLimits;
  readonly limits: JointLimitsYaml;
  readonly yaml: YamlFile;
  /** receives the values that a `has_..._limits: false` switches off */
  readonly dropped: DroppedTag[];
}

type Key = keyof JointLimitsYaml;

/**
 * URDF limits narrowed by one entry of joint_limits.yaml. A value whose has_..._limits is false is not used and listed in `dropped`.
 * @throws BAD_INPUT where the entry loosens or contradicts the URDF, is inverted or incomplete
 */
export function tightenLimits(source: LimitSource): PartialLimits {
  const { urdf, type } = source;
  const position = positionRange(source);
  const maxVelocity = magnitude(source, 'velocity', velocityUnit(type), urdf.maxVelocity);
  const maxAcceleration = magnitude(source, 'acceleration', `${velocityUnit(type)}^2`);
  const maxDeceleration = magnitude(source, 'deceleration', `${velocityUnit(type)}^2`);
  const maxJerk = magnitude(source, 'jerk', `${velocityUnit(type)}^3`);
  const maxEffort = magnitude(source, 'effort', effortUnit(type), urdf.maxEffort);
  const soft = softLimits(source, position);
  refuseWraparound(source);
  return {
    ...urdf,
    ...(position && { position }),
    ...(maxVelocity !== undefined && { maxVelocity }),
    ...(maxAcceleration !== undefined && { maxAcceleration }),
    ...(maxDeceleration !== undefined && { maxDeceleration }),
    ...(maxJerk !== undefined && { maxJerk }),
    ...(maxEffort !== undefined && { maxEffort }),
    ...soft,
  };
}

function refuse(source: LimitSource, key: Key, problem: string): never {
  const where = source.yaml.placeOf(['joint_limits', source.joint, key]);
  throw badInput(`joint '${source.joint}' in ${where}: ${problem}`, { joint: source.joint, key });
}

/**
 * Whether a group of values applies: true and complete, or false (its values are listed as dropped).
 * `stated` is what the URDF says, in words, where it does: switching that off would loosen it.
 */
function enabled(source: LimitSource, flag: Key, keys: readonly Key[], stated: string | undefined): boolean {
  const { limits, joint, yaml, dropped } = source;
  const present = keys.filter((key) => limits[key] !== undefined);
  if (limits[flag] === true) {
    const missing = keys.find((key) => limits[key] === undefined);
    if (missing !== undefined)
      refuse(source, flag, `${flag} is true but ${missing} is missing; write ${missing}: ...`);
    return true;
  }
  if (limits[flag] === false) {
    if (stated !== undefined) {
      refuse(
        source,
        flag,
        `${flag}: false loosens the URDF, which says ${stated}; write true, or remove the key`,
      );
    }
    for (const key of present) {
      dropped.push({ path: `${yaml.file}/joint_limits/${joint}/${key}`, reason: `${flag} is false` });
    }
    return false;
  }
  const orphan = present[0];
  if (orphan !== undefined) {
    refuse(
      source,
      orphan,
      `${orphan}: ${limits[orphan]} has no effect without its flag; write ${flag}: true`,
    );
  }
  return false;
}

function magnitude(
  source: LimitSource,
  quantity: 'velocity' | 'acceleration' | 'deceleration' | 'jerk' | 'effort',
  unit: string,
  urdf?: number,
): number | undefined {
  const key = `max_${quantity}` as const;
  const stated = urdf === undefined ? undefined : `${quantity} ${urdf} ${unit}`;
  if (!enabled(source, `has_${quantity}_limits`, [key], stated)) return urdf;
  const value = source.limits[key]!;
  if (urdf !== undefined && value > urdf) {
    refuse(
      source,
      key,
      `${key} ${value} ${unit} loosens the URDF's ${quantity} ${urdf} ${unit}; write at most ${urdf}, or correct the URDF`,
    );
  }
  return value;
}

function positionRange(source: LimitSource): JointLimits['position'] {
  const { limits, type, urdf } = source;
  const unit = positionUnit(type);
  const stated = urdf.position && `[${urdf.position.min}, ${urdf.position.max}] ${unit}`;
  if (!enabled(source, 'has_position_limits', ['min_position', 'max_position'], stated)) return urdf.position;
  const range = { min: limits.min_position!, max: limits.max_position! };
  if (urdf.position === undefined || stated === undefined) {
    return refuse(
      source,
      'has_position_limits',
      `position limits [${range.min}, ${range.max}] ${unit} contradict type="continuous" in the URDF; ` +
        `write has_position_limits: false, or type="revolute" with lower and upper`,
    );
  }
  refuseInverted(source, 'min_position', range, unit);
  if (range.min < urdf.position.min || range.max > urdf.position.max) {
    refuse(
      source,
      'min_position',
      `[${range.min}, ${range.max}] ${unit} loosens the URDF's ${stated}; write a range inside it, or correct the URDF`,
    );
  }
  return range;
}

function refuseInverted(
  source: LimitSource,
  key: Key,
  range: { min: number; max: number },
  unit: string,
): void {
  if (range.min < range.max) return;
  const what = range.min > range.max ? 'inverted' : 'empty';
  refuse(source, key, `range [${range.min}, ${range.max}] ${unit} is ${what}; write lower < upper`);
}

function softLimits(source: LimitSource, position: JointLimits['position']): PartialLimits {
  const { limits, urdf, type } = source;
  const unit = positionUnit(type);
  const inherited = urdf.softPosition &&
    position && {
      softPosition: {
        ...urdf.softPosition,
        min: Math.max(urdf.softPosition.min, position.min),
        max: Math.min(urdf.softPosition.max, position.max),
      },
    };
  const keys = ['soft_lower_limit', 'soft_upper_limit', 'k_position', 'k_velocity'] as const;
  const stated =
    urdf.softPosition && `soft limits [${urdf.softPosition.min}, ${urdf.softPosition.max}] ${unit}`;
  if (!enabled(source, 'has_soft_limits', keys, stated)) {
    if (inherited) refuseInverted(source, 'min_position', inherited.softPosition, unit);
    return inherited ?? {};
  }
  const range = { min: limits.soft_lower_limit!, max: limits.soft_upper_limit! };
  const outer = inherited?.softPosition ?? position;
  if (outer === undefined) {
    return refuse(
      source,
      'has_soft_limits',
      'a continuous joint has no position limits; write has_soft_limits: false',
    );
  }
  refuseInverted(source, 'soft_lower_limit', range, unit);
  if (range.min < outer.min || range.max > outer.max) {
    refuse(
      source,
      'soft_lower_limit',
      `soft limits [${range.min}, ${range.max}] ${unit} loosen [${outer.min}, ${outer.max}] ${unit}; write a range inside it`,
    );
  }
  const kPosition = limits.k_position!;
  const kVelocity = limits.k_velocity!;
  return { softPosition: { ...range, kPosition, kVelocity }, kVelocity };
}

function refuseWraparound(source: LimitSource): void {
  if (source.limits.angle_wraparound === true && source.type !== 'continuous') {
    refuse(
      source,
      'angle_wraparound',
      `angle_wraparound: true contradicts the URDF's ${source.type} joint with position limits; write false, or type="continuous"`,
    );
  }
}
