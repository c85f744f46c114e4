import { badInput } from '../core/index.js';
import { checkInertial } from './check-inertial.js';
import { checkMimic } from './check-mimic.js';
import { droppedTags } from './dropped-tags.js';
import type { DroppedTag } from './model.js';
import { parseRos2Control, type Ros2ControlJoint } from './parse-ros2-control.js';
import { parseUrdfJoint } from './parse-urdf-joint.js';
import { unlessFlawed, type OnFlaw } from './urdf-flaw.js';
import { urdfTree, type UrdfTree } from './urdf-tree.js';
import { textAttribute } from './xml-attributes.js';
import { parseXml, placeOf, type XmlElement } from './xml-document.js';

/** A URDF as it stands, checked in itself; roles and tightened limits come from the YAML files. */
export interface Urdf extends UrdfTree {
  readonly name: string;
  readonly ros2Control: ReadonlyMap<string, Ros2ControlJoint>;
  readonly dropped: readonly DroppedTag[];
  readonly linkElements: readonly XmlElement[];
}

/**
 * Parses and checks a URDF: revolute, continuous, prismatic, fixed and mimic joints.
 * @param file path for messages
 * @param onFlaw told of limits and inertias that are missing or wrong, which are then left out; without it they are errors
 * @throws BAD_INPUT naming file, line, element and what to write
 */
export function parseUrdf(text: string, file: string, onFlaw?: OnFlaw): Urdf {
  const robot = parseXml(text, file);
  if (robot.tag !== 'robot') {
    throw badInput(
      `${placeOf(robot)}: root element is <${robot.tag}>; a URDF starts with <robot name="...">`,
      { file },
    );
  }
  refuseXacro(robot);
  const name = textAttribute(robot, 'name', '<robot>');
  const linkElements = robot.children.filter((child) => child.tag === 'link');
  for (const link of linkElements) {
    const owner = `link '${textAttribute(link, 'name', '<link>')}'`;
    unlessFlawed(() => checkInertial(link, owner), onFlaw);
  }
  const joints = robot.children
    .filter((child) => child.tag === 'joint')
    .map((joint) => parseUrdfJoint(joint, onFlaw));
  const tree = urdfTree(robot, linkElements, joints);
  checkMimic(tree.joints);
  const ros2Control = parseRos2Control(
    robot,
    tree.joints.map((joint) => joint.name),
  );
  return { name, ...tree, ros2Control, dropped: droppedTags(robot), linkElements };
}

function refuseXacro(element: XmlElement): void {
  const expression = Object.values(element.attributes).find((value) => value.includes('${'));
  if (element.tag.startsWith('xacro:') || expression !== undefined) {
    throw badInput(
      `${placeOf(element)}: ${expression === undefined ? `<${element.tag}>` : `"${expression}"`} is xacro, not URDF; ` +
        `expand it first: xacro robot.urdf.xacro > robot.urdf`,
      { file: element.file },
    );
  }
  for (const child of element.children) refuseXacro(child);
}
