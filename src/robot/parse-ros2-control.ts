import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { Joint } from './model.js';
import { textAttribute } from './xml-attributes.js';
import { placeOf, type XmlElement } from './xml-document.js';

export type Ros2ControlJoint = NonNullable<Joint['ros2Control']>;

/**
 * What the <ros2_control> tags offer, by joint name; empty where the URDF has no such tag. A joint named by several tags offers the
 * interfaces of all.
 * @throws BAD_INPUT when a tag names a joint that the robot lacks
 */
export function parseRos2Control(
  robot: XmlElement,
  joints: readonly string[],
): ReadonlyMap<string, Ros2ControlJoint> {
  const offered = new Map<string, Ros2ControlJoint>();
  const tags = robot.children.filter((child) => child.tag === 'ros2_control');
  for (const element of tags.flatMap((tag) => tag.children.filter((child) => child.tag === 'joint'))) {
    const name = textAttribute(element, 'name', '<ros2_control> joint');
    if (!joints.includes(name)) {
      throw badInput(
        `joint '${name}' in ${placeOf(element)}: <ros2_control> names no joint of this file${didYouMean(name, joints)}; correct the name`,
        { joint: name },
      );
    }
    const before = offered.get(name);
    offered.set(name, {
      commandInterfaces: [
        ...(before?.commandInterfaces ?? []),
        ...interfaces(element, 'command_interface', name),
      ],
      stateInterfaces: [...(before?.stateInterfaces ?? []), ...interfaces(element, 'state_interface', name)],
    });
  }
  return offered;
}

function interfaces(element: XmlElement, tag: string, joint: string): string[] {
  return element.children
    .filter((child) => child.tag === tag)
    .map((child) => textAttribute(child, 'name', `joint '${joint}'`));
}
