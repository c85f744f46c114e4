import { checkMeshes } from '../check-meshes.js';
import type { UrdfJoint } from '../parse-urdf-joint.js';
import type { Urdf } from '../parse-urdf.js';
import { textAttribute } from '../xml-attributes.js';
import { placeOf, tagText, type XmlElement } from '../xml-document.js';

/** Limits of 0, which many exporters write, on joints that are to be commanded. Sentences that say what to write where. */
export function zeroLimits(commanded: readonly UrdfJoint[]): string[] {
  return commanded.flatMap(({ name, limits, element }) => {
    const limit = element.children.find(({ tag }) => tag === 'limit');
    if (limit === undefined || (limits?.maxVelocity !== 0 && limits?.maxEffort !== 0)) return [];
    return [
      `joint '${name}' in ${placeOf(limit)}: ${tagText(limit)} lets it never move; write velocity and effort above 0`,
    ];
  });
}

/** Moving links without mass, which the simulator refuses. What is fixed to a link counts as part of it. */
export function masslessLinks(urdf: Urdf): string[] {
  const byName = new Map(urdf.linkElements.map((link) => [textAttribute(link, 'name', '<link>'), link]));
  const hasMass = (link: string): boolean =>
    isHeavy(byName.get(link)) ||
    urdf.joints.some(({ parent, child, type }) => parent === link && type === 'fixed' && hasMass(child));
  return urdf.joints.flatMap(({ type, child }) => {
    const element = byName.get(child);
    if (type === 'fixed' || element === undefined || hasMass(child)) return [];
    return [
      `link '${child}' in ${placeOf(element)}: moves but has no mass, which the simulator needs; ` +
        `write <inertial> with <mass> [kg] and <inertia> [kg m^2]`,
    ];
  });
}

function isHeavy(link: XmlElement | undefined): boolean {
  const inertial = link?.children.find(({ tag }) => tag === 'inertial');
  const mass = inertial?.children.find(({ tag }) => tag === 'mass');
  return Number(mass?.attributes['value'] ?? 0) > 0;
}

/** A mesh that the URDF names and that is not there. */
export interface MissingMesh {
  /** as the URDF names it */
  readonly filename: string;
  /** where it may be put, most likely first; empty when its address is not that of a local file */
  readonly candidates: readonly string[];
}

/** Each once. @param folder the robot's */
export function missingMeshes(urdf: Urdf, folder: string): MissingMesh[] {
  const meshes = new Map<string, MissingMesh>();
  checkMeshes(urdf.linkElements, folder, ({ context }) => {
    const { filename, candidates } = context as unknown as MissingMesh;
    if ('filename' in context) meshes.set(filename, { filename, candidates });
  });
  return [...meshes.values()];
}
