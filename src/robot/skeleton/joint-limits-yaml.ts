import type { UrdfJoint } from '../parse-urdf-joint.js';
import { effortUnit, positionUnit, velocityUnit } from '../units.js';
import type { DerivedRoles } from './derive-roles.js';
import { YamlLines } from './yaml-lines.js';

/**
 * joint_limits.yaml with what the URDF says of the commanded joints. Accelerations are left open, since URDF cannot say them, and so
 * are velocity and effort of a continuous joint without a <limit>; what other joints lack belongs into the URDF.
 * @param file path for messages
 */
export function jointLimitsYaml(roles: DerivedRoles, file: string): YamlLines {
  const yaml = new YamlLines(file);
  yaml.add(
    '# Names and meaning as in ros2_control. This file may tighten the URDF’s limits, never loosen them.',
  );
  yaml.add('# Lines with MISSING wait for you: the robot is refused until they have a value.');
  if (roles.commanded.length === 0) {
    yaml.add('joint_limits: {}');
    return yaml;
  }
  yaml.section([], 'joint_limits');
  for (const joint of roles.commanded) writeJoint(yaml, joint);
  return yaml;
}

function writeJoint(yaml: YamlLines, { name, type, limits }: UrdfJoint): void {
  const parents = ['joint_limits', name];
  const unit = positionUnit(type);
  const rate = velocityUnit(type);
  yaml.section(['joint_limits'], name, type);
  if (limits?.position !== undefined) {
    yaml.value(parents, 'has_position_limits', true);
    yaml.value(parents, 'min_position', limits.position.min, `[${unit}] as in the URDF`);
    yaml.value(parents, 'max_position', limits.position.max);
  }
  // a continuous joint needs no <limit>; any other one has been told to write it into the URDF
  const stated = limits !== undefined || type !== 'continuous';
  writeMagnitude(yaml, parents, 'velocity', limits?.maxVelocity, stated, `[${rate}]`, 'highest speed');
  yaml.value(parents, 'has_acceleration_limits', true);
  yaml.ask(
    parents,
    'max_acceleration',
    `[${rate}^2] what the drive reaches with its load, against gravity, also when braking; the stopping bound rests on it`,
  );
  yaml.add(`    # has_deceleration_limits: true, max_deceleration: [${rate}^2] where braking differs`);
  writeMagnitude(
    yaml,
    parents,
    'effort',
    limits?.maxEffort,
    stated,
    `[${effortUnit(type)}]`,
    'highest effort',
  );
}

function writeMagnitude(
  yaml: YamlLines,
  parents: readonly string[],
  quantity: 'velocity' | 'effort',
  value: number | undefined,
  stated: boolean,
  unit: string,
  what: string,
): void {
  const usable = value !== undefined && value > 0;
  if (!usable && stated) return;
  yaml.value(parents, `has_${quantity}_limits`, true);
  if (usable) yaml.value(parents, `max_${quantity}`, value, `${unit} as in the URDF`);
  else yaml.ask(parents, `max_${quantity}`, `${unit} ${what} that the drive is to have`);
}
