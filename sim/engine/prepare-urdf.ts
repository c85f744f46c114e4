import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { badInput } from '../../src/core/index.js';
import { meshCandidates } from '../../src/robot/check-meshes.js';
import type { RobotModel } from '../../src/robot/model.js';

/** URDF text that MuJoCo can read, and the mesh files that it names. */
export interface PreparedUrdf {
  readonly text: string;
  /** file name as in `text` -> contents */
  readonly meshes: ReadonlyMap<string, Uint8Array>;
}

/** fast-xml-parser's ordered form: one key (the tag) with its children, and ':@' with its attributes */
type Node = Record<string, unknown>;

/** the mesh formats that MuJoCo reads */
const MESH_FORMATS = ['.stl', '.obj', '.msh'];
const XML = { ignoreAttributes: false, attributeNamePrefix: '', preserveOrder: true } as const;

/**
 * Reduces a URDF to what physics needs: links with inertia and (unless `collisions` is false) collision shapes, and joints.
 * Visuals go, as do mimic tags (compileRobot makes them constraints) and extensions such as ros2_control, gazebo and
 * transmission. Mesh references become flat file names, because MuJoCo knows no `package://`.
 */
export function prepareUrdf(model: RobotModel, collisions: boolean): PreparedUrdf {
  const meshes = new Map<string, Uint8Array>();
  const document = new XMLParser(XML).parse(model.urdf) as Node[];
  const robot = document.find((node) => 'robot' in node);
  if (!robot) throw badInput(`${model.urdfPath} has no <robot> element; is this a URDF (xacro expanded)?`);
  robot['robot'] = (robot['robot'] as Node[]).filter((node) => 'link' in node || 'joint' in node);
  const dropped = new Set(collisions ? ['visual', 'mimic'] : ['visual', 'mimic', 'collision']);
  for (const part of robot['robot'] as Node[]) {
    const tag = 'link' in part ? 'link' : 'joint';
    part[tag] = (part[tag] as Node[]).filter((node) => !dropped.has(tagOf(node)));
    for (const mesh of meshesOf(part[tag] as Node[])) flattenMesh(mesh, model, meshes);
  }
  return { text: new XMLBuilder({ ...XML, suppressEmptyNode: true }).build([robot]), meshes };
}

function tagOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function* meshesOf(nodes: Node[]): Generator<Node> {
  for (const node of nodes) {
    const tag = tagOf(node);
    if (tag === 'mesh') yield node;
    else if (Array.isArray(node[tag])) yield* meshesOf(node[tag] as Node[]);
  }
}

function flattenMesh(mesh: Node, model: RobotModel, meshes: Map<string, Uint8Array>): void {
  const attributes = mesh[':@'] as Record<string, string>;
  const reference = attributes['filename'] ?? '';
  const path = meshCandidates(reference, dirname(model.urdfPath)).find((candidate) => existsSync(candidate));
  if (!path || !MESH_FORMATS.includes(extname(path).toLowerCase())) {
    throw badInput(
      `collision mesh '${reference}' ${path ? `has a format that the simulator cannot read (${MESH_FORMATS.join(', ')})` : 'was not found'}; ` +
        `named in ${model.urdfPath}; put the file beside the URDF or simulate with collisions: false`,
      { mesh: reference, urdf: model.urdfPath },
    );
  }
  const name = `${meshes.size}-${basename(path)}`;
  meshes.set(name, readFileSync(path));
  attributes['filename'] = name;
}
