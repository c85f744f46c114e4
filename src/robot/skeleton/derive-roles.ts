import { COMMAND_INTERFACES, type CommandInterface } from '../model.js';
import type { UrdfJoint } from '../parse-urdf-joint.js';
import type { Urdf } from '../parse-urdf.js';
import { badInput, didYouMean } from '../../core/index.js';
import type { Controller } from './controllers.js';

/** What a URDF tells of who moves which joint. */
export interface DerivedRoles {
  /** joints with a command interface in <ros2_control>; every joint that can move where the URDF has no such tag */
  readonly commanded: readonly UrdfJoint[];
  /** other joints with a command interface, which another controller moves; only known where ours is */
  readonly observed: readonly UrdfJoint[];
  /** other joints that can move, without a command interface */
  readonly passive: readonly UrdfJoint[];
  readonly mimic: readonly UrdfJoint[];
  readonly fixed: readonly UrdfJoint[];
  /** command interfaces of each commanded joint; empty where the URDF does not say */
  readonly offered: ReadonlyMap<string, readonly CommandInterface[]>;
  /** the controller's, or the one that all commanded joints offer; undefined where there is none, or a choice */
  readonly commandInterface?: CommandInterface;
  /** that takes the commands; undefined where it is not known */
  readonly controller?: Controller;
}

/**
 * @param controller that takes the commands, where it is known
 * @throws BAD_INPUT where the controller and the URDF do not fit
 */
export function deriveRoles(urdf: Urdf, controller?: Controller): DerivedRoles {
  const moving = urdf.joints.filter(({ type, mimic }) => type !== 'fixed' && mimic === undefined);
  const offered = new Map(moving.map(({ name }) => [name, interfacesOf(urdf, name)]));
  const declared = urdf.ros2Control.size > 0;
  const actuated = declared ? moving.filter(({ name }) => offered.get(name)!.length > 0) : moving;
  const commanded = controller ? jointsOfController(controller, urdf, moving, offered) : actuated;
  // all of them where nothing is commanded, which is a choice too
  const common = COMMAND_INTERFACES.filter((kind) =>
    commanded.every(({ name }) => offered.get(name)!.includes(kind)),
  );
  const [only, other] = common;
  const others = moving.filter((joint) => !commanded.includes(joint));
  const observed = others.filter((joint) => declared && actuated.includes(joint));
  const commandInterface = controller?.commandInterface ?? (other === undefined ? only : undefined);
  return {
    commanded,
    observed,
    passive: others.filter((joint) => !observed.includes(joint)),
    mimic: urdf.joints.filter(({ type, mimic }) => type !== 'fixed' && mimic !== undefined),
    fixed: urdf.joints.filter(({ type }) => type === 'fixed'),
    offered,
    ...(commandInterface !== undefined && { commandInterface }),
    ...(controller && { controller }),
  };
}

/** The controller's joints in its order. Where the URDF has <ros2_control>, each offers the controller's interface. */
function jointsOfController(
  { name: controller, joints, commandInterface }: Controller,
  urdf: Urdf,
  moving: readonly UrdfJoint[],
  offered: DerivedRoles['offered'],
): UrdfJoint[] {
  const names = moving.map(({ name }) => name);
  return joints.map((name) => {
    const joint = moving.find((candidate) => candidate.name === name);
    if (joint === undefined) {
      throw badInput(
        `controller '${controller}' has joint '${name}', which is no joint of the URDF that moves by itself${didYouMean(name, names)}; ` +
          'correct its joints, or give the URDF that it is for',
        { controller, joint: name },
      );
    }
    const own = offered.get(name)!;
    if (urdf.ros2Control.size > 0 && !own.includes(commandInterface)) {
      throw badInput(
        `controller '${controller}' commands the ${commandInterface} of joint '${name}', for which the URDF’s <ros2_control> offers ` +
          `${own.join(', ') || 'no command interface'}; make the two agree`,
        { controller, joint: name },
      );
    }
    return joint;
  });
}

function interfacesOf(urdf: Urdf, joint: string): CommandInterface[] {
  const names = urdf.ros2Control.get(joint)?.commandInterfaces;
  return COMMAND_INTERFACES.filter((kind) => names?.includes(kind));
}
