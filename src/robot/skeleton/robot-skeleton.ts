import { join, resolve } from 'node:path';
import { badInput } from '../../core/index.js';
import { displayPath } from '../find-robot.js';
import type { DroppedTag } from '../model.js';
import { parseUrdf } from '../parse-urdf.js';
import { readController } from './controllers.js';
import { deriveRoles, type DerivedRoles } from './derive-roles.js';
import { jointLimitsYaml } from './joint-limits-yaml.js';
import { robotYaml } from './robot-yaml.js';
import { masslessLinks, missingMeshes, zeroLimits, type MissingMesh } from './urdf-flaws.js';
import type { MissingValue } from './yaml-lines.js';

/** A robot folder made of a URDF alone, and all that it still lacks. */
export interface RobotSkeleton {
  /** RobotModel.name */
  readonly robot: string;
  /** absolute path of the robot folder to be */
  readonly folder: string;
  /** file name -> content */
  readonly files: Readonly<Record<string, string>>;
  readonly roles: DerivedRoles;
  /** values left open in the YAML files, in their order */
  readonly missing: readonly MissingValue[];
  /** what is missing or wrong in the URDF, in sentences that say what to write where */
  readonly flaws: readonly string[];
  readonly missingMeshes: readonly MissingMesh[];
  readonly dropped: readonly DroppedTag[];
}

export interface SkeletonSource {
  /** the URDF */
  readonly text: string;
  /** where it was read, for messages */
  readonly path: string;
  /** path of the robot folder to be; default: named after the robot, in the working directory */
  readonly folder?: string;
  /** file name of the URDF there; default: the robot's name and .urdf */
  readonly urdfName?: string;
  /** the robot's name in place of the URDF's own; it is written into the copy */
  readonly name?: string;
  /** parameters of ros2_control's controllers, where they are known: text, path for messages, and which controller takes the commands */
  readonly controllers?: { readonly text: string; readonly path: string; readonly name?: string };
}

/**
 * Derives a robot folder from a URDF: what the URDF tells is filled in, what only the user can know is left open, so that loading
 * fails until it is written. Writes nothing.
 * @throws BAD_INPUT for a URDF that cannot be used: malformed, xacro, no joint that moves
 */
export function robotSkeleton(source: SkeletonSource): RobotSkeleton {
  const original = parseUrdf(source.text, displayPath(source.path), () => undefined);
  if (original.joints.every(({ type }) => type === 'fixed')) {
    throw badInput(
      `${displayPath(source.path)}: robot '${original.name}' has no joint that moves; ` +
        `write at least one <joint> of type revolute, continuous or prismatic`,
      { file: source.path },
    );
  }
  const robot = source.name ?? original.name;
  const text = source.name === undefined ? source.text : withName(source.text, source.name);
  const folder = resolve(source.folder ?? robotFileName(robot));
  const urdfName = source.urdfName ?? `${robotFileName(robot)}.urdf`;
  const place = (file: string) => displayPath(join(folder, file));

  const flaws: string[] = [];
  const urdf = parseUrdf(text, place(urdfName), ({ message }) => flaws.push(message));
  const { controllers } = source;
  const controller =
    controllers && readController(controllers.text, displayPath(controllers.path), controllers.name);
  const roles = deriveRoles(urdf, controller);
  const config = robotYaml(roles, robot, place('robot.yaml'));
  const limits = jointLimitsYaml(roles, place('joint_limits.yaml'));
  return {
    robot,
    folder,
    files: { [urdfName]: text, 'joint_limits.yaml': limits.text, 'robot.yaml': config.text },
    roles,
    missing: [...config.missing, ...limits.missing],
    flaws: [...flaws, ...zeroLimits(roles.commanded), ...masslessLinks(urdf)],
    missingMeshes: missingMeshes(urdf, folder),
    dropped: urdf.dropped,
  };
}

/** A robot's name as a file or folder: letters, digits, '.', '-' and '_' stay, anything else becomes '_'. */
function robotFileName(robot: string): string {
  return robot.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_');
}

/** The URDF with another robot name, otherwise unchanged, so that line numbers stay. */
function withName(text: string, name: string): string {
  const searched = text.replace(/<!--[\s\S]*?-->/g, (comment) => ' '.repeat(comment.length));
  const start = searched.search(/(?<=<robot\b[^>]*?\sname\s*=\s*)["']/); // it has one, or it would not have been parsed
  const end = text.indexOf(text.charAt(start), start + 1) + 1;
  return `${text.slice(0, start)}"${name}"${text.slice(end)}`;
}
