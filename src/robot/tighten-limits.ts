import { readGroup, refuse, refuseInverted, type LimitSource, type PartialLimits } from './limit-source.js';
import type { JointLimits } from './model.js';
import { tightenSoftLimits } from './tighten-soft-limits.js';
import { effortUnit, positionUnit, velocityUnit } from './units.js';

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
  const maxEffortRate = magnitude(source, 'effort_rate', `${effortUnit(type)}/s`);
  const soft = tightenSoftLimits(source, position);
  refuseWraparound(source);
  return {
    ...urdf,
    ...(position && { position }),
    ...(maxVelocity !== undefined && { maxVelocity }),
    ...(maxAcceleration !== undefined && { maxAcceleration }),
    ...(maxDeceleration !== undefined && { maxDeceleration }),
    ...(maxJerk !== undefined && { maxJerk }),
    ...(maxEffort !== undefined && { maxEffort }),
    ...(maxEffortRate !== undefined && { maxEffortRate }),
    ...soft,
  };
}

function magnitude(
  source: LimitSource,
  quantity: 'velocity' | 'acceleration' | 'deceleration' | 'jerk' | 'effort' | 'effort_rate',
  unit: string,
  urdf?: number,
): number | undefined {
  const key = `max_${quantity}` as const;
  const stated = urdf === undefined ? undefined : `${quantity} ${urdf} ${unit}`;
  const value = readGroup(source, `has_${quantity}_limits`, [key], stated)?.[key];
  if (value === undefined) return urdf;
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
  const outer = source.urdf.position;
  const unit = positionUnit(source.type);
  const stated = `[${outer?.min}, ${outer?.max}] ${unit}`;
  const values = readGroup(source, 'has_position_limits', ['min_position', 'max_position'], outer && stated);
  if (values === undefined) return outer;
  const range = { min: values.min_position, max: values.max_position };
  if (outer === undefined) {
    return refuse(
      source,
      'has_position_limits',
      `position limits [${range.min}, ${range.max}] ${unit} contradict type="continuous" in the URDF; ` +
        `write has_position_limits: false, or type="revolute" with lower and upper`,
    );
  }
  refuseInverted(source, 'min_position', range, unit);
  if (range.min < outer.min || range.max > outer.max) {
    refuse(
      source,
      'min_position',
      `[${range.min}, ${range.max}] ${unit} loosens the URDF's ${stated}; write a range inside it, or correct the URDF`,
    );
  }
  return range;
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
