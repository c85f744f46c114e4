import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { badInput } from '../core/index.js';
import { unlessFlawed, type OnFlaw } from './urdf-flaw.js';
import { textAttribute } from './xml-attributes.js';
import { placeOf, type XmlElement } from './xml-document.js';

const PACKAGED = /^package:\/\/([^/]+)\/(.+)$/;

/**
 * Where a mesh file may lie. `package://<package>/<path>` is looked for in the robot's folder, in its sub-folder <package> and in the
 * nearest folder above that is named <package>; other names are relative to the robot's folder.
 * @returns candidate paths, most likely first; empty for a scheme that is not supported
 */
export function meshCandidates(filename: string, folder: string): string[] {
  if (filename.startsWith('file:///')) return [fileURLToPath(filename)];
  const packaged = PACKAGED.exec(filename);
  if (packaged === null) return /^[a-z]+:\/\//i.test(filename) ? [] : [resolve(folder, filename)];
  const [, packageName = '', path = ''] = packaged;
  const candidates = [join(folder, path), join(folder, packageName, path)];
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    if (basename(above) === packageName) candidates.push(join(above, path));
  }
  return candidates;
}

/** Where ROS 2 has the file of a `package://` name installed: in the share folder of the package. @param prefixPath as AMENT_PREFIX_PATH */
export function installedMeshes(filename: string, prefixPath: string): string[] {
  const packaged = PACKAGED.exec(filename);
  if (packaged === null) return [];
  const [, packageName = '', path = ''] = packaged;
  const prefixes = prefixPath.split(':').filter((prefix) => prefix !== '');
  return prefixes.map((prefix) => join(prefix, 'share', packageName, path));
}

/**
 * Each mesh of a URDF, by its name there, and the file that it is: in the robot's folder, else in an installed package.
 * @param prefixPath as AMENT_PREFIX_PATH
 * @throws BAD_INPUT naming link, file and the places searched when a mesh is not there
 */
export function locateMeshes(
  links: readonly XmlElement[],
  folder: string,
  prefixPath: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { mesh, owner } of meshesOf(links)) {
    const filename = textAttribute(mesh, 'filename', owner);
    const places = [...meshCandidates(filename, folder), ...installedMeshes(filename, prefixPath)];
    found.set(filename, placeOfMesh(mesh, owner, filename, places));
  }
  return found;
}

/**
 * @param onFlaw told of each mesh that is not there; without it the first is an error
 * @throws BAD_INPUT naming link, file and the places searched when a mesh is not there
 */
export function checkMeshes(links: readonly XmlElement[], folder: string, onFlaw?: OnFlaw): void {
  for (const { mesh, owner } of meshesOf(links)) {
    unlessFlawed(() => {
      const filename = textAttribute(mesh, 'filename', owner);
      placeOfMesh(mesh, owner, filename, meshCandidates(filename, folder));
    }, onFlaw);
  }
}

function meshesOf(links: readonly XmlElement[]): { readonly mesh: XmlElement; readonly owner: string }[] {
  return links.flatMap((link) => {
    const owner = `link '${textAttribute(link, 'name', '<link>')}'`;
    return descendants(link, 'mesh').map((mesh) => ({ mesh, owner }));
  });
}

function placeOfMesh(
  mesh: XmlElement,
  owner: string,
  filename: string,
  candidates: readonly string[],
): string {
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw badInput(
    candidates.length === 0
      ? `${owner} in ${placeOf(mesh)}: mesh "${filename}" is not an address of a local file; write package://<package>/<path>, file:///<path> or a relative path`
      : `${owner} in ${placeOf(mesh)}: mesh "${filename}" not found at ${candidates.join(' or ')}; copy it there or remove the tag`,
    { file: mesh.file, filename, candidates },
  );
}

function descendants(element: XmlElement, tag: string): XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.tag === tag ? [child] : []),
    ...descendants(child, tag),
  ]);
}
