import { badInput, didYouMean } from '../../core/index.js';
import { COMMAND_INTERFACES, type CommandInterface, type CommandMessageType } from '../model.js';
import { parseYaml } from '../yaml-file.js';

/** A controller of ros2_control that takes streamed commands, as its parameters describe it. */
export interface Controller {
  /** e.g. 'forward_velocity_controller' */
  readonly name: string;
  readonly topic: string;
  readonly messageType: CommandMessageType;
  readonly commandInterface: CommandInterface;
  /** in the order in which it takes their commands */
  readonly joints: readonly string[];
}

/** design.ros2.org, topic and service names */
const ROS_NAME = /^(\/[A-Za-z_]\w*)+$/;

type Fields = Readonly<Record<string, unknown>>;

const FORWARD = { suffix: 'commands', messageType: 'std_msgs/msg/Float64MultiArray' } as const;
/** By the type of the controller (ros2_controllers): where it listens, and its interface where the type alone says it. */
const TYPES: Readonly<
  Record<string, { suffix: string; messageType: CommandMessageType; interface?: CommandInterface }>
> = {
  'forward_command_controller/ForwardCommandController': FORWARD,
  'position_controllers/JointGroupPositionController': { ...FORWARD, interface: 'position' },
  'velocity_controllers/JointGroupVelocityController': { ...FORWARD, interface: 'velocity' },
  'effort_controllers/JointGroupEffortController': { ...FORWARD, interface: 'effort' },
  'joint_trajectory_controller/JointTrajectoryController': {
    suffix: 'joint_trajectory',
    messageType: 'trajectory_msgs/msg/JointTrajectory',
  },
};

/**
 * The controller of a parameter file of ros2_control (controllers.yaml) that is to take the commands.
 * @param file path for messages
 * @param name default: the only one of a type that takes streamed commands
 * @throws BAD_INPUT where there is none, or a choice, or its parameters lack what is needed
 */
export function readController(text: string, file: string, name?: string): Controller {
  const nodes = nodesOf(fields(parseYaml(text, file).value));
  const found = nodes.flatMap((manager) =>
    manager.name !== 'controller_manager'
      ? []
      : Object.entries(manager.parameters).flatMap(([controller, parameters]) => {
          const type = TYPES[String(fields(parameters)['type'])];
          return type === undefined ? [] : [{ controller, type, namespace: manager.namespace }];
        }),
  );
  const names = found.map(({ controller }) => controller);
  if (names.length === 0) {
    throw badInput(
      `${file}: names no controller that takes streamed commands; expected controller_manager: ros__parameters: <name>: type: ` +
        `one of ${Object.keys(TYPES).join(', ')}`,
      { file },
    );
  }
  if (name === undefined && names.length > 1) {
    throw badInput(
      `${file}: ${names.join(' and ')} take commands; say which is ours with --controller-name`,
      {
        file,
        names,
      },
    );
  }
  const chosen = found.find(({ controller }) => controller === (name ?? names[0]));
  if (chosen === undefined) {
    throw badInput(
      `${file}: names no controller '${name}' that takes streamed commands${didYouMean(name!, names)}; it has ${names.join(', ')}`,
      { file, names },
    );
  }
  const { controller, type, namespace } = chosen;
  const topic = `${namespace}/${controller}/${type.suffix}`;
  if (!ROS_NAME.test(topic))
    throw badInput(`${file}: '${topic}' is no ROS topic; correct the controller's name`);
  const own =
    nodes.find((node) => node.name === controller && node.namespace === namespace)?.parameters ?? {};
  return {
    name: controller,
    topic,
    messageType: type.messageType,
    commandInterface: type.interface ?? interfaceOf(own, controller, file),
    joints: jointsOf(own, controller, file),
  };
}

interface Node {
  readonly namespace: string;
  readonly name: string;
  readonly parameters: Fields;
}

/** Every node of a parameter file, whichever way its namespace is written: `/arm/name:`, or `arm:` with `name:` below. */
function nodesOf(value: Fields, above = ''): Node[] {
  return Object.entries(value).flatMap(([key, below]) => {
    const path = `${above}/${key}`.replace(/\/+/g, '/').replace(/^\/\*\*/, ''); // '/**': of any namespace
    const content = fields(below);
    const parameters = content['ros__parameters'];
    if (parameters === undefined) return nodesOf(content, path);
    const cut = path.lastIndexOf('/');
    return [{ namespace: path.slice(0, cut), name: path.slice(cut + 1), parameters: fields(parameters) }];
  });
}

function interfaceOf(parameters: Fields, controller: string, file: string): CommandInterface {
  const single = parameters['interface_name'];
  const named = texts(single === undefined ? parameters['command_interfaces'] : [single]);
  // the first that we drive: a trajectory controller that has position and velocity takes points of positions alone
  const found = COMMAND_INTERFACES.find((kind) => named.includes(kind));
  if (found !== undefined) return found;
  throw badInput(
    `${file}: ${controller} has interface ${named.join(', ') || 'none'}; expected interface_name or command_interfaces with one of ` +
      COMMAND_INTERFACES.join(', '),
    { file, controller },
  );
}

function jointsOf(parameters: Fields, controller: string, file: string): string[] {
  const joints = texts(parameters['joints']);
  if (joints.length > 0) return joints;
  throw badInput(`${file}: ${controller} names no joints; expected ros__parameters: joints: [...]`, {
    file,
    controller,
  });
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
