import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import { JOINT_TYPES, type Joint, type JointType, type Vector3 } from './model.js';
import { parseUrdfLimits, type UrdfLimits } from './parse-urdf-limits.js';
import {
  numberAttribute,
  onlyChild,
  requiredNumber,
  textAttribute,
  vectorAttribute,
} from './xml-attributes.js';
import { unlessFlawed, type OnFlaw } from './urdf-flaw.js';
import { placeOf, tagText, type XmlElement } from './xml-document.js';

/** A joint as the URDF states it: no role yet, limits not yet tightened. */
export interface UrdfJoint extends Pick<
  Joint,
  'name' | 'type' | 'parent' | 'child' | 'axis' | 'origin' | 'dynamics' | 'mimic'
> {
  readonly limits?: UrdfLimits;
  readonly element: XmlElement;
}

const ZERO: Vector3 = { x: 0, y: 0, z: 0 };
/** URDF's default axis */
const X_AXIS: Vector3 = { x: 1, y: 0, z: 0 };

/**
 * One <joint> of a URDF.
 * @param onFlaw told of limits that are missing or wrong, which are then left out; without it they are errors
 * @throws BAD_INPUT naming file, line, joint and what to write
 */
export function parseUrdfJoint(element: XmlElement, onFlaw?: OnFlaw): UrdfJoint {
  const name = textAttribute(element, 'name', '<joint>');
  const owner = `joint '${name}'`;
  const type = jointType(element, owner);
  const origin = onlyChild(element, 'origin', owner);
  const dynamics = onlyChild(element, 'dynamics', owner);
  const mimic = onlyChild(element, 'mimic', owner);
  const limits = unlessFlawed(() => parseUrdfLimits(element, type, owner), onFlaw);
  return {
    name,
    type,
    parent: linkOf(element, 'parent', owner),
    child: linkOf(element, 'child', owner),
    axis: type === 'fixed' ? X_AXIS : unitAxis(element, owner),
    origin: {
      xyz: vectorAttribute(origin, 'xyz', owner, ZERO),
      rpy: vectorAttribute(origin, 'rpy', owner, ZERO),
    },
    dynamics: {
      damping: dynamicsNumber(dynamics, 'damping', owner),
      friction: dynamicsNumber(dynamics, 'friction', owner),
    },
    ...(limits && { limits }),
    ...(mimic && {
      mimic: {
        joint: textAttribute(mimic, 'joint', owner),
        multiplier: numberAttribute(mimic, 'multiplier', owner) ?? 1,
        offset: numberAttribute(mimic, 'offset', owner) ?? 0,
      },
    }),
    element,
  };
}

function jointType(element: XmlElement, owner: string): JointType {
  const text = textAttribute(element, 'type', owner);
  const type = JOINT_TYPES.find((known) => known === text);
  if (type !== undefined) return type;
  const where = `${owner} in ${placeOf(element)}: type "${text}"`;
  if (text === 'floating' || text === 'planar') {
    throw badInput(
      `${where} cannot be controlled or measured through joint states; ` +
        `write type="fixed", or remove the joint together with its parent link so that the robot's own base is the root`,
      { file: element.file, type: text },
    );
  }
  throw badInput(`${where} is not a joint type${didYouMean(text, JOINT_TYPES)}`, {
    file: element.file,
    type: text,
  });
}

function linkOf(element: XmlElement, tag: 'parent' | 'child', owner: string): string {
  const end = onlyChild(element, tag, owner);
  if (end === undefined) {
    throw badInput(`${owner} in ${placeOf(element)}: has no <${tag}>; write <${tag} link="..."/>`, {
      file: element.file,
    });
  }
  return textAttribute(end, 'link', owner);
}

function unitAxis(element: XmlElement, owner: string): Vector3 {
  const tag = onlyChild(element, 'axis', owner);
  if (tag === undefined) return X_AXIS;
  const { x, y, z } = vectorAttribute(tag, 'xyz', owner, X_AXIS);
  const length = Math.hypot(x, y, z);
  if (length < 1e-9) {
    throw badInput(
      `${owner} in ${placeOf(tag)}: ${tagText(tag)} has no direction; write a unit vector such as xyz="0 0 1"`,
      { file: element.file },
    );
  }
  return { x: x / length, y: y / length, z: z / length };
}

function dynamicsNumber(element: XmlElement | undefined, name: string, owner: string): number {
  if (element?.attributes[name] === undefined) return 0;
  const value = requiredNumber(element, name, owner, 'SI');
  if (value < 0) {
    throw badInput(
      `${owner} in ${placeOf(element)}: ${tagText(element)}: negative ${name} would add energy; write ${name} >= 0`,
      { file: element.file, value },
    );
  }
  return value;
}
