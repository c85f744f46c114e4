import { COMMAND_INTERFACES, type CommandInterface } from '../model.js';
import type { UrdfJoint } from '../parse-urdf-joint.js';
import type { Urdf } from '../parse-urdf.js';

/** What a URDF tells of who moves which joint. */
export interface DerivedRoles {
  /** joints with a command interface in <ros2_control>; every joint that can move where the URDF has no such tag */
  readonly commanded: readonly UrdfJoint[];
  /** other joints that can move, without a command interface */
  readonly passive: readonly UrdfJoint[];
  readonly mimic: readonly UrdfJoint[];
  readonly fixed: readonly UrdfJoint[];
  /** command interfaces of each commanded joint; empty where the URDF does not say */
  readonly offered: ReadonlyMap<string, readonly CommandInterface[]>;
  /** the one interface that all commanded joints offer; undefined where there is none, or a choice */
  readonly commandInterface?: CommandInterface;
}

export function deriveRoles(urdf: Urdf): DerivedRoles {
  const moving = urdf.joints.filter(({ type, mimic }) => type !== 'fixed' && mimic === undefined);
  const offered = new Map(moving.map(({ name }) => [name, interfacesOf(urdf, name)]));
  const declared = urdf.ros2Control.size > 0;
  const commanded = declared ? moving.filter(({ name }) => offered.get(name)!.length > 0) : moving;
  // all of them where nothing is commanded, which is a choice too
  const common = COMMAND_INTERFACES.filter((kind) =>
    commanded.every(({ name }) => offered.get(name)!.includes(kind)),
  );
  const [only, other] = common;
  return {
    commanded,
    passive: moving.filter((joint) => !commanded.includes(joint)),
    mimic: urdf.joints.filter(({ type, mimic }) => type !== 'fixed' && mimic !== undefined),
    fixed: urdf.joints.filter(({ type }) => type === 'fixed'),
    offered,
    ...(only !== undefined && other === undefined && { commandInterface: only }),
  };
}

function interfacesOf(urdf: Urdf, joint: string): CommandInterface[] {
  const names = urdf.ros2Control.get(joint)?.commandInterfaces ?? [];
  return COMMAND_INTERFACES.filter((kind) => names.includes(kind));
}
