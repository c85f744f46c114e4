import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { badInput, didYouMean, packageRoot } from '../core/index.js';

/** The package's urdf folder, the same from src and from dist. */
function packagedFolder(): string {
  return fileURLToPath(new URL('urdf', packageRoot()));
}

/** Names of the robots that come with the package, sorted. */
export function listRobots(): string[] {
  return robotsIn(packagedFolder());
}

/** Names of the folders in `folder`, each that of a robot, sorted. */
export function robotsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * Absolute path of a robot's folder: a packaged robot by its bare name, anything else by its path.
 * @throws BAD_INPUT when there is no such robot or folder
 */
export function findRobot(nameOrFolder: string): string {
  const packaged = listRobots();
  if (packaged.includes(nameOrFolder)) return join(packagedFolder(), nameOrFolder);
  const folder = resolve(nameOrFolder);
  if (!existsSync(folder)) {
    throw badInput(
      `robot '${nameOrFolder}': neither a packaged robot nor a folder${didYouMean(nameOrFolder, packaged)}; ` +
        `write a name from the list or the path of a folder that holds a .urdf`,
      { robot: nameOrFolder },
    );
  }
  if (!statSync(folder).isDirectory()) {
    throw badInput(`robot '${nameOrFolder}': is a file; write its folder, ${dirname(folder)}`, {
      robot: nameOrFolder,
    });
  }
  return folder;
}

/** File names of the URDFs in a folder; a robot's has one. */
export function findUrdfs(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.urdf'));
}

/** The one URDF of a robot's folder, absolute. @throws BAD_INPUT when there is none or several */
export function findUrdf(folder: string): string {
  const urdfs = findUrdfs(folder);
  const [only, second] = urdfs;
  if (only === undefined) {
    throw badInput(`${displayPath(folder)}: holds no .urdf file; write the robot's URDF there`, { folder });
  }
  if (second !== undefined) {
    throw badInput(`${displayPath(folder)}: holds several URDFs (${urdfs.join(', ')}); keep one per robot`, {
      folder,
    });
  }
  return join(folder, only);
}

/** A path as messages show it: relative to the working directory where it lies below. */
export function displayPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below === '' || below.startsWith('..') ? path : below;
}
