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
  const named = links.map((element) => ({ name: textAttribute(element, 'name', '<link>'), element }));
  const linkNames = named.map(({ name }) => name);
  refuseDuplicates('link', named);
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
  const first = new Map<string, XmlElement>();
  for (const { name, element } of named) {
    const other = first.get(name);
    if (other !== undefined) {
      throw badInput(
        `${kind} '${name}' in ${placeOf(element)}: duplicate name, first used at line ${other.line}; rename one`,
        { name },
      );
    }
    first.set(name, element);
  }
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

/** Follows each link towards its root; every link has at most one parent, so on a loop its joints are met again. */
function refuseLoops(links: readonly string[], parentJoint: ReadonlyMap<string, UrdfJoint>): void {
  for (const start of links) {
    const path = new Set<UrdfJoint>();
    for (let joint = parentJoint.get(start); joint !== undefined; joint = parentJoint.get(joint.parent)) {
      if (path.has(joint)) {
        const way = [...path, joint].map(({ child }) => child);
        const loop = way.slice(way.indexOf(joint.child)).reverse();
        throw badInput(
          `joint '${joint.name}' in ${placeOf(joint.element)}: links form a loop (${loop.join(' -> ')}); a URDF is a tree, remove one joint of the loop`,
          { loop },
        );
      }
      path.add(joint);
    }
  }
}
