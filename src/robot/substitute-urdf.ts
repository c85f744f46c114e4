import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { badInput } from '../core/index.js';
import { locateMeshes, meshCandidates } from './check-meshes.js';
import { parseUrdf } from './parse-urdf.js';

/** A URDF that is in no file. */
export interface RobotDescription {
  readonly text: string;
  /** where it came from, for messages, e.g. '/robot_description' */
  readonly from: string;
}

/**
 * Makes a robot's folder of a URDF, the YAML files of another folder, and the meshes that the URDF names, as they are found there or in
 * an installed package. The URDF stays as it is, to the byte.
 * @param into a folder that is there, and empty
 * @param prefixPath where packages are installed, as AMENT_PREFIX_PATH
 * @throws BAD_INPUT for text that is no URDF, and for meshes that are not found
 */
export function substituteUrdf(
  folder: string,
  { text, from }: RobotDescription,
  into: string,
  prefixPath = '',
): void {
  const urdf = parseUrdf(text, from);
  for (const [filename, file] of locateMeshes(urdf.linkElements, folder, prefixPath))
    if (!filename.startsWith('file:')) copyMesh(file, filename, into);
  for (const name of ['robot.yaml', 'joint_limits.yaml']) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(into, name));
  }
  writeFileSync(join(into, `${urdf.name.replace(/\W/g, '_')}.urdf`), text);
}

/** A name from the network must not write outside the folder. */
function copyMesh(file: string, filename: string, into: string): void {
  const [place = ''] = meshCandidates(filename, into);
  if (!place.startsWith(into + sep))
    throw badInput(
      `mesh "${filename}" would lie outside the robot's folder; write package://<package>/<path>`,
      {
        filename,
      },
    );
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(file, place);
}
