import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { UrdfJoint } from './parse-urdf-joint.js';
import { textAttribute } from './xml-attributes.js';
import { placeOf, type XmlElement } from './xml-document.js';

export interface UrdfTree {
  readonly rootLink: string;
  /** depth-first from the root, siblings in the order of the file */
  readonly joints: readonly UrdfJoint[];
  /** in the order in which `joints` reaches them, root first */
  readonly links: readonly string[];
}

/**
 * Orders links and joints as one tree.
 * @throws BAD_INPUT on duplicate names, unknown links, a link with two parents, a loop or a second root
 */
export function urdfTree(
  robot: XmlElement,
  links: readonly XmlElement[],
  joints: readonly UrdfJoint[],
): UrdfTree {
  const linkNames = links.map((link) => textAttribute(link, 'name', '<link>'));
  refuseDuplicates(
    'link',
    links.map((element) => ({ name: textAttribute(element, 'name', '<link>'), element })),
  );
  refuseDuplicates('joint', joints);
  const parentJoint = new Map<string, UrdfJoint>();
  const childJoints = new Map<string, UrdfJoint[]>();
  for (const joint of joints) {
    refuseUnknownLinks(joint, linkNames);
    const other = parentJoint.get(joint.child);
    if (other !== undefined) {
      throw badInput(
        `link '${joint.child}' in ${placeOf(joint.element)}: has two parents, joints '${other.name}' and '${joint.name}'; ` +
          `remove one, or give it another child link`,
        { link: joint.child },
      );
    }
    parentJoint.set(joint.child, joint);
    childJoints.set(joint.parent, [...(childJoints.get(joint.parent) ?? []), joint]);
  }
  const roots = linkNames.filter((link) => !parentJoint.has(link));
  refuseLoops(linkNames, parentJoint);
  const [root, second] = roots;
  if (root === undefined) {
    throw badInput(`robot in ${placeOf(robot)}: has no link; write at least <link name="base"/>`);
  }
  if (second !== undefined) {
    throw badInput(
      `robot in ${placeOf(robot)}: the tree is disconnected, links ${quoted(roots)} have no parent joint; ` +
        `write a joint (type="fixed" if it does not move) with <child link="${second}"/>`,
      { roots },
    );
  }
  const ordered: UrdfJoint[] = [];
  const reached = [root];
  const pending = [...(childJoints.get(root) ?? [])].reverse();
  for (let joint = pending.pop(); joint !== undefined; joint = pending.pop()) {
    ordered.push(joint);
    reached.push(joint.child);
    pending.push(...[...(childJoints.get(joint.child) ?? [])].reverse());
  }
  return { rootLink: root, joints: ordered, links: reached };
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

function refuseDuplicates(
  kind: 'link' | 'joint',
  named: readonly { readonly name: string; readonly element: XmlElement }[],
): void {
  named.forEach(({ name, element }) => {
    const first = named.find((other) => other.name === name);
    if (first !== undefined && first.element !== element) {
      throw badInput(
        `${kind} '${name}' in ${placeOf(element)}: duplicate name, first used at line ${first.element.line}; rename one`,
        { name },
      );
    }
  });
}

function refuseUnknownLinks(joint: UrdfJoint, links: readonly string[]): void {
  for (const [tag, link] of [
    ['parent', joint.parent],
    ['child', joint.child],
  ] as const) {
    if (!links.includes(link)) {
      throw badInput(
        `joint '${joint.name}' in ${placeOf(joint.element)}: <${tag} link="${link}"> names no link of this file` +
          `${didYouMean(link, links)}; write <link name="${link}"/> or correct the name`,
        { joint: joint.name, link },
      );
    }
  }
}

/** Follows each link towards its root; every link has at most one parent, so a loop is met again within |links| steps. */
function refuseLoops(links: readonly string[], parentJoint: ReadonlyMap<string, UrdfJoint>): void {
  const settled = new Set<string>();
  for (const start of links) {
    const path: string[] = [];
    for (let link: string | undefined = start; link !== undefined && !settled.has(link);) {
      const seen = path.indexOf(link);
      const joint = parentJoint.get(link);
      if (seen !== -1 && joint !== undefined) {
        const loop = [...path.slice(seen), link].reverse();
        throw badInput(
          `joint '${joint.name}' in ${placeOf(joint.element)}: links form a loop (${loop.join(' -> ')}); a URDF is a tree, remove one joint of the loop`,
          { loop },
        );
      }
      path.push(link);
      link = joint?.parent;
    }
    for (const link of path) settled.add(link);
  }
}
