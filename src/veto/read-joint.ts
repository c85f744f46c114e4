import { badInput } from '../core/index.js';
import { fieldsOf, numberOf, oneOf, positiveOf, type Fields } from './fields.js';
import type { VetoJoint } from './limits.js';

/** Element and attribute of a URDF joint, and the limit that it states. */
const IN_URDF = [
  ['limit', '@lower', 'min_position'],
  ['limit', '@upper', 'max_position'],
  ['safety_controller', '@soft_lower_limit', 'min_position'],
  ['safety_controller', '@soft_upper_limit', 'max_position'],
  ['limit', '@velocity', 'max_velocity'],
  ['limit', '@effort', 'max_effort'],
] as const;

/** Switch without which a value of joint_limits.yaml does not count (ros2_control), the value, and the limit that it states. */
const IN_YAML = [
  ['has_position_limits', 'min_position', 'min_position'],
  ['has_position_limits', 'max_position', 'max_position'],
  ['has_soft_limits', 'soft_lower_limit', 'min_position'],
  ['has_soft_limits', 'soft_upper_limit', 'max_position'],
  ['has_velocity_limits', 'max_velocity', 'max_velocity'],
  ['has_acceleration_limits', 'max_acceleration', 'max_acceleration'],
  ['has_deceleration_limits', 'max_deceleration', 'max_deceleration'],
  ['has_effort_limits', 'max_effort', 'max_effort'],
] as const;

/**
 * The tightest limits of a joint that its URDF element and its part of joint_limits.yaml state. A continuous joint has a range only
 * where joint_limits.yaml gives one. Throws BAD_INPUT where a limit is missing or means nothing.
 */
export function readJoint(name: string, urdf: Fields, yaml: Fields): VetoJoint {
  const type = oneOf(['revolute', 'prismatic', 'continuous'], urdf['@type'], `the type of joint '${name}'`);
  const all = [...statedInUrdf(name, urdf, type), ...statedInYaml(name, yaml)];
  const stated = (key: string, otherwise: number[]): number[] => {
    const values = all.filter((limit) => limit.key === key).map((limit) => limit.value);
    if (values.length > 0) return values;
    if (otherwise.length > 0) return otherwise;
    throw badInput(`joint '${name}' has no ${key}, neither in the URDF nor in joint_limits.yaml`, {
      joint: name,
    });
  };
  const least = (key: string, otherwise: number[] = []): number =>
    positiveOf(Math.min(...stated(key, otherwise)), `${key} of joint '${name}'`);
  const endless = type === 'continuous';
  const minPosition = Math.max(...stated('min_position', endless ? [-Infinity] : []));
  const maxPosition = Math.min(...stated('max_position', endless ? [Infinity] : []));
  if (minPosition >= maxPosition) {
    throw badInput(`joint '${name}' has no range between ${minPosition} and ${maxPosition}`, { joint: name });
  }
  const maxAcceleration = least('max_acceleration');
  return Object.freeze({
    name,
    unit: type === 'prismatic' ? 'm' : 'rad',
    minPosition,
    maxPosition,
    maxVelocity: least('max_velocity'),
    maxAcceleration,
    maxDeceleration: least('max_deceleration', [maxAcceleration]),
    maxEffort: least('max_effort'),
  });
}

interface Stated {
  readonly key: string;
  readonly value: number;
}

function statedInUrdf(name: string, joint: Fields, type: string): Stated[] {
  return IN_URDF.flatMap(([element, attribute, key]) => {
    if (joint[element] === undefined || (type === 'continuous' && key.endsWith('position'))) return [];
    const value = fieldsOf(joint[element], `<${element}> of joint '${name}'`)[attribute];
    return value === undefined
      ? []
      : [{ key, value: numberOf(value, `${key} of joint '${name}' in the URDF`) }];
  });
}

function statedInYaml(name: string, limits: Fields): Stated[] {
  return IN_YAML.filter(([counts]) => limits[counts] === true).map(([, written, key]) => ({
    key,
    value: numberOf(limits[written], `${written} of joint '${name}' in joint_limits.yaml`),
  }));
}
