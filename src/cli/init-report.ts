import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { displayPath, installedMeshes, meshCandidates, type RobotSkeleton } from '../robot/index.js';
import { table } from './output.js';

/** The result of `init` for machines. @param source absolute path of the URDF that was read */
export function skeletonReport(skeleton: RobotSkeleton, source: string) {
  const { robot, folder, files, roles, missing, flaws, dropped } = skeleton;
  const names = (joints: readonly { readonly name: string }[]) => joints.map(({ name }) => name);
  return {
    robot,
    folder,
    source,
    files: Object.keys(files).map((name) => join(folder, name)),
    commandInterface: roles.commandInterface ?? null,
    controller: roles.controller?.name ?? null,
    commandTopic: roles.controller?.topic ?? null,
    joints: {
      commanded: names(roles.commanded),
      observed: names(roles.observed),
      passive: names(roles.passive),
      mimic: names(roles.mimic),
      fixed: names(roles.fixed),
    },
    missing,
    flaws,
    missingMeshes: meshesToCopy(skeleton, source),
    dropped,
    next: nextSteps(skeleton),
  };
}

/** The same for people. */
export function skeletonText(skeleton: RobotSkeleton, source: string): string {
  const { robot, folder, files, roles, missing, flaws, dropped } = skeleton;
  const meshes = meshesToCopy(skeleton, source);
  const list = (joints: readonly { readonly name: string }[]) => joints.map(({ name }) => name).join(', ');
  const found = [
    ['robot', robot],
    ['commanded', list(roles.commanded) || 'none'],
    ['observed', list(roles.observed)],
    ['passive', list(roles.passive)],
    ['mimic', list(roles.mimic)],
    ['fixed', list(roles.fixed)],
    ['command interface', roles.commandInterface ?? 'not told by the URDF'],
    ['controller', roles.controller?.name ?? ''],
    ['command topic', roles.controller?.topic ?? ''],
  ].filter((row): row is [string, string] => row[1] !== '');
  return [
    `wrote ${Object.keys(files)
      .map((name) => displayPath(join(folder, name)))
      .join(', ')}`,
    ...block('Found in the URDF:', [table(found)]),
    ...block('Not used of the URDF:', [...droppedKinds(dropped)]),
    ...block(
      'MISSING, the robot is refused until it is written:',
      missing.map(({ file, line, key, write }) => `  ${file}:${line}  ${key}: ${write}`),
    ),
    ...block(
      'Missing or wrong in the URDF:',
      flaws.map((flaw) => `  ${flaw}`),
    ),
    ...block(
      'Meshes that are not in the robot folder:',
      meshes.map(({ filename, found, copyTo }) => `  ${filename}: copy ${found ?? 'it'} to ${copyTo}`),
    ),
    ...block(
      'Next:',
      nextSteps(skeleton).map((step, i) => `  ${i + 1}. ${step}`),
    ),
  ].join('\n');
}

function block(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines];
}

/** One line per kind of tag, since a robot has dozens of visuals. */
function droppedKinds(dropped: RobotSkeleton['dropped']): string[] {
  const kinds = new Map<string, { count: number; reason: string }>();
  for (const { path, reason } of dropped) {
    const kind = (path.split('/').at(-1) ?? path).replace(/\[.*$/, '');
    kinds.set(kind, { count: (kinds.get(kind)?.count ?? 0) + 1, reason });
  }
  return [...kinds].map(([kind, { count, reason }]) => `  ${kind} (${count}): ${reason}`);
}

/** Meshes that the robot folder lacks: where each lies now, if it is found from the source, and where it belongs. */
function meshesToCopy({ missingMeshes, folder }: RobotSkeleton, source: string) {
  const meshes = missingMeshes.map(({ filename, candidates }) => {
    const prefixPath = process.env['AMENT_PREFIX_PATH'] ?? '';
    const places = [...meshCandidates(filename, dirname(source)), ...installedMeshes(filename, prefixPath)];
    const found = places.find((path) => existsSync(path));
    return {
      filename,
      found: found === undefined ? null : displayPath(found),
      copyTo: displayPath(candidates[0] ?? folder),
    };
  });
  // a visual and a collision may name the same file in two ways
  return meshes.filter(({ copyTo }, i) => meshes.findIndex((other) => other.copyTo === copyTo) === i);
}

function nextSteps({ missing, flaws, missingMeshes, folder }: RobotSkeleton): string[] {
  const robot = displayPath(folder).includes('/') ? displayPath(folder) : `./${displayPath(folder)}`;
  const open = missing.length + flaws.length + missingMeshes.length;
  return [
    ...(open > 0 ? [`write what is missing (${open}, listed above), and check what was filled in`] : []),
    `dynabridge doctor --robot ${robot}   tells whether it loads, and what this machine has`,
    'write a task for it in sim/tasks (reward, end, start) and list it in find-task.ts',
    `dynabridge train --robot ${robot} --task <task>`,
  ];
}
