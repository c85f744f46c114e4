import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { UrdfJoint } from './parse-urdf-joint.js';
import { placeOf } from './xml-document.js';

/**
 * A mimic joint follows one moving joint that is no mimic itself.
 * @throws BAD_INPUT otherwise; for a chain it says which multiplier and offset follow the chain's first joint directly
 */
export function checkMimic(joints: readonly UrdfJoint[]): void {
  const byName = new Map(joints.map((joint) => [joint.name, joint]));
  for (const joint of joints) {
    const { mimic } = joint;
    if (mimic === undefined) continue;
    const where = `joint '${joint.name}' in ${placeOf(joint.element)}: <mimic joint="${mimic.joint}">`;
    const target = byName.get(mimic.joint);
    if (target === undefined) {
      const names = joints.filter((other) => other !== joint).map((other) => other.name);
      throw badInput(
        `${where} names no joint of this file${didYouMean(mimic.joint, names)}; write an existing joint`,
        {
          joint: joint.name,
          target: mimic.joint,
        },
      );
    }
    if (target === joint) throw badInput(`${where}: a joint cannot mimic itself; write another joint`);
    if (target.type === 'fixed') {
      throw badInput(
        `${where}: '${target.name}' is fixed; write a moving joint, or make '${joint.name}' fixed`,
      );
    }
    if (target.mimic !== undefined) {
      const multiplier = mimic.multiplier * target.mimic.multiplier;
      const offset = mimic.multiplier * target.mimic.offset + mimic.offset;
      throw badInput(
        `${where}: '${target.name}' is itself a mimic joint; write the chain in one: ` +
          `<mimic joint="${target.mimic.joint}" multiplier="${multiplier}" offset="${offset}"/>`,
        { joint: joint.name, target: target.name },
      );
    }
  }
}
