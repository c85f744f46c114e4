import { badInput } from '../core/index.js';
import { onlyChild, requiredNumber, vectorAttribute } from './xml-attributes.js';
import { placeOf, type XmlElement } from './xml-document.js';

const ZERO = { x: 0, y: 0, z: 0 };
const PRODUCTS = ['ixy', 'ixz', 'iyz'] as const;
const MOMENTS = ['ixx', 'iyy', 'izz'] as const;

/** The simulator reads <inertial>; its numbers are checked here, where a message can name the place. @throws BAD_INPUT */
export function checkInertial(link: XmlElement, owner: string): void {
  const inertial = onlyChild(link, 'inertial', owner);
  if (inertial === undefined) return;
  const origin = onlyChild(inertial, 'origin', owner);
  vectorAttribute(origin, 'xyz', owner, ZERO);
  vectorAttribute(origin, 'rpy', owner, ZERO);
  refuseNegative(required(inertial, 'mass', owner), ['value'], owner, 'kg');
  const inertia = required(inertial, 'inertia', owner);
  refuseNegative(inertia, MOMENTS, owner, 'kg m^2');
  for (const name of PRODUCTS) requiredNumber(inertia, name, owner, 'kg m^2');
}

function required(inertial: XmlElement, tag: string, owner: string): XmlElement {
  const child = onlyChild(inertial, tag, owner);
  if (child !== undefined) return child;
  throw badInput(
    `${owner} in ${placeOf(inertial)}: <inertial> has no <${tag}>; write both <mass> and <inertia>`,
    {
      file: inertial.file,
    },
  );
}

function refuseNegative(element: XmlElement, names: readonly string[], owner: string, unit: string): void {
  for (const name of names) {
    const value = requiredNumber(element, name, owner, unit);
    if (value < 0) {
      throw badInput(
        `${owner} in ${placeOf(element)}: <${element.tag} ${name}="${value}"> is negative; write ${name} >= 0 [${unit}]`,
        { file: element.file, value },
      );
    }
  }
}
