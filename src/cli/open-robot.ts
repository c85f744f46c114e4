import { badInput } from '../core/index.js';
import { checkParameters } from '../guard/index.js';
import {
  ROBOT_DESCRIPTION,
  argumentsOf,
  type MiddlewareAdapter,
  type NodeArguments,
  type RosArguments,
} from '../io/ros/index.js';
import {
  findRobot,
  loadRobot,
  withController,
  type ControllerKind,
  type Robot,
  type RobotDescription,
} from '../robot/index.js';
import { chooseFolder, keepFolder } from './described-folder.js';
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
  const take = options.takeDescription === true;
  const say = (text: string) => output.line(text);
  const chosen = description === null ? folder : chooseFolder(folder, description, take, say);
  const load = (from: string) => withController(loadRobot(from), options.controller);
  const robot = load(chosen);
  checkParameters(robot, node);
  return { robot, node, keepIn: (run) => (chosen === folder ? robot : load(keepFolder(chosen, run))) };
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
