import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { DynabridgeError, badInput } from '../core/index.js';
import { checkParameters } from '../guard/index.js';
import {
  ROBOT_DESCRIPTION,
  argumentsOf,
  type MiddlewareAdapter,
  type NodeArguments,
  type RosArguments,
} from '../io/ros/index.js';
import {
  displayPath,
  findRobot,
  findUrdfs,
  loadRobot,
  substituteUrdf,
  withController,
  type ControllerKind,
  type Robot,
  type RobotDescription,
} from '../robot/index.js';
import { gateConfigFromRobot } from '../safety/index.js';
import { differingValues } from './differing-values.js';
import { fetchDescription } from './fetch-description.js';
import type { Output } from './output.js';

export interface RobotOptions {
  readonly robot: string;
  readonly robotDescription?: string | true;
  readonly takeDescription?: true;
  readonly controller?: ControllerKind;
  readonly name: string;
  readonly rosArgs: RosArguments;
  readonly middleware: MiddlewareAdapter;
}

const MOST_DIFFERENCES = 10;

/** A robot, and the node that drives it. */
export interface OpenedRobot {
  readonly robot: Robot;
  readonly node: NodeArguments;
  /** The same robot; where its URDF came from elsewhere, its folder is kept below `runFolder`, for as long as what it did. */
  keepIn(runFolder: string): Robot;
}

/**
 * The robot of a folder, with the URDF of a topic or of the parameter `robot_description` where one is given, and the node that
 * `--name` and `--ros-args` describe. Where the folder has a URDF as well, the two have to agree in what gate and contract read; then the
 * folder's is used, for which policies were trained.
 * Throws BAD_INPUT for what is wrong in files, description and parameters, UNAVAILABLE where no description comes, and CONTRACT_MISMATCH
 * where it describes another robot than the folder.
 */
export async function openRobot(options: RobotOptions, output: Output): Promise<OpenedRobot> {
  const given = argumentsOf(options.rosArgs, options.name);
  const description = await givenDescription(options, given);
  const { [ROBOT_DESCRIPTION]: _description, ...parameters } = given.parameters;
  const node = description === null ? given : { ...given, parameters };
  const folder = findRobot(options.robot);
  const chosen = description === null ? folder : chooseFolder(folder, description, options, output);
  const load = (from: string) => withController(loadRobot(from), options.controller);
  const robot = load(chosen);
  checkParameters(robot, node);
  return { robot, node, keepIn: (run) => (chosen === folder ? robot : load(kept(chosen, run))) };
}

async function givenDescription(
  { robotDescription, middleware: adapter }: RobotOptions,
  node: NodeArguments,
): Promise<RobotDescription | null> {
  const parameter = node.parameters[ROBOT_DESCRIPTION];
  if (typeof parameter === 'string') {
    if (robotDescription === undefined) return { text: parameter, from: `parameter ${ROBOT_DESCRIPTION}` };
    throw badInput(
      `--robot-description and the parameter ${ROBOT_DESCRIPTION} both give a URDF; leave one of them out`,
    );
  }
  if (robotDescription === undefined) return null;
  const nodeName = `${node.nodeName}_description`;
  return fetchDescription(robotDescription, adapter, { ...node, nodeName });
}

/** The folder to go on with: the given one, or a temporary one with the URDF of the description in it. */
function chooseFolder(
  folder: string,
  description: RobotDescription,
  { takeDescription }: RobotOptions,
  output: Output,
): string {
  const { text, from } = description;
  const [file] = findUrdfs(folder);
  const own = file === undefined ? null : path.join(folder, file);
  if (own !== null && readFileSync(own, 'utf8') === text) {
    output.line(`the URDF of ${from} is ${displayPath(own)} (${shortHash(text)})`);
    return folder;
  }
  const made = temporaryFolder();
  substituteUrdf(folder, description, made, process.env['AMENT_PREFIX_PATH']);
  const other = loadSubstitute(made, folder, from);
  if (own === null || takeDescription === true) {
    output.line(`the URDF is that of ${from} (${shortHash(text)})`);
    return made;
  }
  const shown = displayPath(own);
  const differences = readDifferences(other, loadRobot(folder));
  if (differences.length === 0) {
    output.line(
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
function kept(made: string, runFolder: string): string {
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
