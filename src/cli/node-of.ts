import { checkParameters } from '../guard/index.js';
import { argumentsOf, type NodeArguments, type RosArguments } from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';

interface NodeOptions {
  readonly name: string;
  readonly rosArgs: RosArguments;
}

/** The node that `--name` and `--ros-args` describe. Throws BAD_INPUT for parameters that the guard would refuse, before it is started. */
export function nodeOf({ name, rosArgs }: NodeOptions, robot: Robot): NodeArguments {
  const node = argumentsOf(rosArgs, name);
  checkParameters(robot, node);
  return node;
}
