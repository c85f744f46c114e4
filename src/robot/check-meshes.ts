import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { badInput } from '../core/index.js';
import { unlessFlawed, type OnFlaw } from './urdf-flaw.js';
import { textAttribute } from './xml-attributes.js';
import { placeOf, type XmlElement } from './xml-document.js';

/**
 * Where a mesh file may lie. `package://<package>/<path>` is looked for in the robot's folder, in its sub-folder <package> and in the
 * nearest folder above that is named <package>; other names are relative to the robot's folder.
 * @returns candidate paths, most likely first; empty for a scheme that is not supported
 */
export function meshCandidates(filename: string, folder: string): string[] {
  if (filename.startsWith('file:///')) return [fileURLToPath(filename)];
  const packaged = /^package:\/\/([^/]+)\/(.+)$/.exec(filename);
  if (packaged === null) return /^[a-z]+:\/\//i.test(filename) ? [] : [resolve(folder, filename)];
  const [, packageName = '', path = ''] = packaged;
  const candidates = [join(folder, path), join(folder, packageName, path)];
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    if (basename(above) === packageName) candidates.push(join(above, path));
  }
  return candidates;
}

/**
 * @param onFlaw told of each mesh that is not there; without it the first is an error
 * @throws BAD_INPUT naming link, file and the places searched when a mesh is not there
 */
export function checkMeshes(links: readonly XmlElement[], folder: string, onFlaw?: OnFlaw): void {
  for (const link of links) {
    const owner = `link '${textAttribute(link, 'name', '<link>')}'`;
    for (const mesh of descendants(link, 'mesh')) {
      unlessFlawed(() => checkMesh(mesh, owner, folder), onFlaw);
    }
  }
}

function checkMesh(mesh: XmlElement, owner: string, folder: string): void {
  const filename = textAttribute(mesh, 'filename', owner);
  const candidates = meshCandidates(filename, folder);
  if (candidates.some((path) => existsSync(path))) return;
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
