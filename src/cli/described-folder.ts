import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DynabridgeError } from '../core/index.js';
import {
  displayPath,
  findUrdfs,
  loadRobot,
  substituteUrdf,
  type Robot,
  type RobotDescription,
} from '../robot/index.js';
import { gateConfigFromRobot } from '../safety/index.js';
import { differingValues } from './differing-values.js';

const MOST_DIFFERENCES = 10;

/**
 * The folder to go on with: the given one, or a temporary one with the URDF of the description in it.
 * @param take the description, whatever the folder's own URDF says
 * @throws BAD_INPUT for a description that cannot be used, CONTRACT_MISMATCH for one of another robot than the folder's
 */
export function chooseFolder(
  folder: string,
  description: RobotDescription,
  take: boolean,
  say: (text: string) => void,
): string {
  const { text, from } = description;
  const [file] = findUrdfs(folder);
  const own = file === undefined ? null : path.join(folder, file);
  if (own !== null && readFileSync(own, 'utf8') === text) {
    say(`the URDF of ${from} is ${displayPath(own)} (${shortHash(text)})`);
    return folder;
  }
  const made = temporaryFolder();
  substituteUrdf(folder, description, made, process.env['AMENT_PREFIX_PATH']);
  const other = loadSubstitute(made, folder, from);
  if (own === null || take) {
    say(`the URDF is that of ${from} (${shortHash(text)})`);
    return made;
  }
  const shown = displayPath(own);
  const differences = readDifferences(other, loadRobot(folder));
  if (differences.length === 0) {
    say(
      `the URDF of ${from} differs from ${shown} in nothing that gate and contract read (masses are not compared); the file is used`,
    );
    return folder;
  }
  const more = differences.length - MOST_DIFFERENCES;
  const lines = differences.slice(0, MOST_DIFFERENCES).map((difference) => `  - ${difference}`);
  throw new DynabridgeError(
    'CONTRACT_MISMATCH',
    `the URDF of ${from} describes another robot than ${shown}:\n${lines.join('\n')}\n` +
      (more > 0 ? `  and ${more} more\n` : '') +
      'correct the one that is wrong, or add --take-description to drive by the first, with a policy that was trained for it',
    { differences },
  );
}

/** What is wrong is told of the files that the user has. */
function loadSubstitute(made: string, folder: string, from: string): Robot {
  try {
    return loadRobot(made);
  } catch (error) {
    if (!(error instanceof DynabridgeError)) throw error;
    const [urdf = ''] = findUrdfs(made);
    const message = error.message
      .replaceAll(displayPath(path.join(made, urdf)), from)
      .replaceAll(displayPath(made), displayPath(folder));
    throw new DynabridgeError(error.code, `with the URDF of ${from}: ${message}`, error.context);
  }
}

/** What contract and gate read of a robot, and where its joints and shapes are; not its masses. */
function readDifferences(first: Robot, second: Robot): string[] {
  const read = ({ model }: Robot) => ({
    robot: model.name,
    rootLink: model.rootLink,
    joints: Object.fromEntries(model.joints.map(({ name, ...joint }) => [name, joint])),
    collisions: model.collisions,
  });
  const found = differingValues(read(first), read(second));
  if (found.length > 0) return found;
  return differingValues(gateConfigFromRobot(first), gateConfigFromRobot(second), 'gate');
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-robot-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Named after what is in it, so that a run that drives the same robot again keeps it once. */
export function keepFolder(made: string, runFolder: string): string {
  const files = [...findUrdfs(made), 'robot.yaml', 'joint_limits.yaml'].map((name) => path.join(made, name));
  const text = files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''));
  const folder = path.join(runFolder, 'robot', shortHash(text.join('\0')));
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}.tmp`;
  mkdirSync(path.dirname(folder), { recursive: true });
  cpSync(made, unfinished, { recursive: true });
  renameSync(unfinished, folder);
  return folder;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
