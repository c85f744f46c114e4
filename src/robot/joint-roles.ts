import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { JointRole } from './model.js';
import type { Urdf } from './parse-urdf.js';
import type { RobotYaml } from './robot-schema.js';
import { placeOf } from './xml-document.js';
import type { YamlFile } from './yaml-file.js';

const LISTS = ['commanded', 'observed', 'passive'] as const;

/**
 * The role of every joint: fixed and mimic by the URDF, the others by robot.yaml, which must name each exactly once.
 * @throws BAD_INPUT for an unknown, repeated, forgotten or immovable joint
 */
export function jointRoles(urdf: Urdf, joints: RobotYaml['joints'], yaml: YamlFile): Map<string, JointRole> {
  const roles = new Map<string, JointRole>();
  const byName = new Map(urdf.joints.map((joint) => [joint.name, joint]));
  for (const joint of urdf.joints) {
    if (joint.type === 'fixed') roles.set(joint.name, 'fixed');
    else if (joint.mimic !== undefined) roles.set(joint.name, 'mimic');
  }
  for (const list of LISTS) {
    joints[list].forEach((name, i) => {
      const where = `joint '${name}' in ${yaml.placeOf(['joints', list, i])}: joints.${list}`;
      if (!byName.has(name)) {
        throw badInput(
          `${where} names no joint of the URDF${didYouMean(name, [...byName.keys()])}; correct the name`,
          {
            joint: name,
          },
        );
      }
      const role = roles.get(name);
      if (role === 'fixed' || role === 'mimic') {
        throw badInput(
          `${where} lists a ${role} joint; remove it, ${role === 'fixed' ? 'it does not move' : 'it follows another joint'}`,
          { joint: name },
        );
      }
      if (role !== undefined) {
        throw badInput(`${where} repeats a joint that is already ${role}; keep one`, { joint: name });
      }
      roles.set(name, list);
    });
  }
  const forgotten = urdf.joints.find((joint) => !roles.has(joint.name));
  if (forgotten !== undefined) {
    throw badInput(
      `joint '${forgotten.name}' in ${placeOf(forgotten.element)} is in no list of ${yaml.file}; ` +
        `write it in joints.commanded (we drive it), joints.observed (another controller does) or joints.passive (nobody does)`,
      { joint: forgotten.name },
    );
  }
  return roles;
}
