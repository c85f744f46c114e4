import { badInput } from '../core/index.js';
import type { JointLimits, JointType } from './model.js';
import { effortUnit, positionUnit, velocityUnit } from './units.js';
import { numberAttribute, onlyChild, requiredNumber } from './xml-attributes.js';
import { placeOf, tagText, type XmlElement } from './xml-document.js';

/** What <limit> and <safety_controller> of one joint say. */
export type UrdfLimits = Partial<
  Pick<JointLimits, 'position' | 'softPosition' | 'kVelocity' | 'maxVelocity' | 'maxEffort'>
>;

/**
 * Limits of one <joint>. A <limit> is required on revolute and prismatic joints, with lower, upper, velocity and effort: URDF's
 * default of 0 for lower and upper is not assumed.
 * @returns undefined where the joint states none
 * @throws BAD_INPUT when one is missing, negative or inverted
 */
export function parseUrdfLimits(joint: XmlElement, type: JointType, owner: string): UrdfLimits | undefined {
  if (type === 'fixed') return undefined;
  const limit = onlyChild(joint, 'limit', owner);
  if (limit === undefined && type !== 'continuous') {
    throw badInput(
      `${owner} in ${placeOf(joint)}: a ${type} joint needs limits; write ` +
        `<limit lower="..." upper="..." velocity="..." effort="..."/> [${positionUnit(type)}, ${velocityUnit(type)}, ${effortUnit(type)}]`,
      { file: joint.file },
    );
  }
  const position = limit && type !== 'continuous' ? positionRange(limit, type, owner) : undefined;
  const safety = safetyController(joint, type, position, owner);
  if (limit === undefined) return safety;
  return {
    ...(position && { position }),
    maxVelocity: magnitude(limit, 'velocity', owner, velocityUnit(type)),
    maxEffort: magnitude(limit, 'effort', owner, effortUnit(type)),
    ...safety,
  };
}

function positionRange(limit: XmlElement, type: JointType, owner: string): { min: number; max: number } {
  const unit = positionUnit(type);
  const min = requiredNumber(limit, 'lower', owner, unit);
  const max = requiredNumber(limit, 'upper', owner, unit);
  if (min >= max) {
    throw badInput(
      `${owner} in ${placeOf(limit)}: <limit lower="${min}" upper="${max}"> is ${min > max ? 'inverted' : 'empty'}; write lower < upper [${unit}]`,
      { file: limit.file, lower: min, upper: max },
    );
  }
  return { min, max };
}

function magnitude(limit: XmlElement, name: string, owner: string, unit: string): number {
  const value = requiredNumber(limit, name, owner, unit);
  if (value < 0) {
    throw badInput(
      `${owner} in ${placeOf(limit)}: ${tagText(limit)}: ${name} ${value} ${unit} is negative; write its magnitude`,
      { file: limit.file, value },
    );
  }
  return value;
}

function safetyController(
  joint: XmlElement,
  type: JointType,
  position: { min: number; max: number } | undefined,
  owner: string,
): UrdfLimits | undefined {
  const tag = onlyChild(joint, 'safety_controller', owner);
  if (tag === undefined) return undefined;
  const unit = positionUnit(type);
  const kVelocity = magnitude(tag, 'k_velocity', owner, `${effortUnit(type)} per ${velocityUnit(type)}`);
  const min = numberAttribute(tag, 'soft_lower_limit', owner);
  const max = numberAttribute(tag, 'soft_upper_limit', owner);
  if (min === undefined && max === undefined) return { kVelocity };
  if (position === undefined) {
    throw badInput(
      `${owner} in ${placeOf(tag)}: ${tagText(tag)}: a continuous joint has no position limits; remove soft_lower_limit and soft_upper_limit`,
      { file: tag.file },
    );
  }
  const range = {
    min: requiredNumber(tag, 'soft_lower_limit', owner, unit),
    max: requiredNumber(tag, 'soft_upper_limit', owner, unit),
  };
  if (range.min >= range.max || range.min < position.min || range.max > position.max) {
    throw badInput(
      `${owner} in ${placeOf(tag)}: ${tagText(tag)}: soft limits must be ordered and inside [${position.min}, ${position.max}] ${unit}; ` +
        `write soft_lower_limit < soft_upper_limit`,
      { file: tag.file, ...range },
    );
  }
  const kPosition =
    tag.attributes['k_position'] === undefined ? 0 : magnitude(tag, 'k_position', owner, '1/s');
  return { kVelocity, softPosition: { ...range, kPosition, kVelocity } };
}
