import { readGroup, refuse, refuseInverted, type LimitSource, type PartialLimits } from './limit-source.js';
import type { JointLimits } from './model.js';
import { positionUnit } from './units.js';

/**
 * Soft limits of the URDF's safety_controller, kept inside `position` and narrowed by joint_limits.yaml.
 * @throws BAD_INPUT where the YAML's are outside, inverted, incomplete or on a continuous joint
 */
export function tightenSoftLimits(source: LimitSource, position: JointLimits['position']): PartialLimits {
  const { urdf, type } = source;
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
  const values = readGroup(source, 'has_soft_limits', keys, stated);
  if (values === undefined) {
    if (inherited) refuseInverted(source, 'min_position', inherited.softPosition, unit);
    return inherited ?? {};
  }
  const range = { min: values.soft_lower_limit, max: values.soft_upper_limit };
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
  const { k_position: kPosition, k_velocity: kVelocity } = values;
  return { softPosition: { ...range, kPosition, kVelocity }, kVelocity };
}
