import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parse as parseYaml } from 'yaml';
import { badInput } from '../core/index.js';
import { fieldsOf, oneOf, positiveOf, type Fields } from './fields.js';
import type { VetoLimits, VetoMessageType } from './limits.js';
import { readJoint } from './read-joint.js';

/** [Hz], where robot.yaml names no control_rate_hz (README) */
const DEFAULT_RATE_HZ = 100;

/**
 * The veto's own reading of a robot folder: its one .urdf, joint_limits.yaml and robot.yaml. Of two limits for the same thing the
 * tighter one counts. Throws BAD_INPUT where anything is missing or means nothing.
 * @param messageType of the controller that takes the commands, which need not be the one of robot.yaml
 */
export function readVetoLimits(folder: string, messageType: VetoMessageType): VetoLimits {
  const robot = readYaml(folder, 'robot.yaml');
  const limits = fieldsOf(readYaml(folder, 'joint_limits.yaml')['joint_limits'], 'joint_limits');
  const elements = readUrdfJoints(folder);
  const joints = commandedJoints(robot).map((name) =>
    readJoint(
      name,
      fieldsOf(elements.get(name), `joint '${name}' of the URDF`),
      fieldsOf(limits[name], `joint '${name}' of joint_limits.yaml`),
    ),
  );
  const rateHz = positiveOf(robot['control_rate_hz'] ?? DEFAULT_RATE_HZ, 'control_rate_hz');
  return Object.freeze({
    commandInterface: oneOf(
      ['position', 'velocity', 'effort'],
      robot['command_interface'],
      'command_interface',
    ),
    messageType,
    controlPeriod: 1 / rateHz,
    points: positiveOf(robot['command_points'] ?? 1, 'command_points'),
    joints: Object.freeze(joints),
  });
}

function commandedJoints(robot: Fields): string[] {
  const names: unknown = fieldsOf(robot['joints'], 'joints of robot.yaml')['commanded'];
  if (Array.isArray(names) && names.length > 0 && new Set(names).size === names.length)
    return names.map(String);
  throw badInput('joints.commanded of robot.yaml must name at least one joint, and each once', { names });
}

function readYaml(folder: string, file: string): Fields {
  const text = readText(join(folder, file));
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw badInput(`${join(folder, file)} is not YAML: ${String(cause)}`, { folder, file });
  }
  return fieldsOf(value, join(folder, file));
}

/** Joint elements by name. Those of other tags, such as ros2_control, are not the robot's. */
function readUrdfJoints(folder: string): ReadonlyMap<string, Fields> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.urdf'));
  if (files.length !== 1) throw badInput(`${folder} has ${files.length} .urdf files, expected 1`, { folder });
  const text = readText(join(folder, files[0]!));
  const flaw = XMLValidator.validate(text);
  if (flaw !== true)
    throw badInput(`the URDF is not XML: ${flaw.err.msg} (line ${flaw.err.line})`, { folder });
  const options = { ignoreAttributes: false, attributeNamePrefix: '@', parseAttributeValue: false };
  const parser = new XMLParser({ ...options, isArray: (_name, path) => path === 'robot.joint' });
  const document = parser.parse(text) as Fields;
  const elements = fieldsOf(document['robot'], '<robot> of the URDF')['joint'];
  const joints = (Array.isArray(elements) ? elements : []).map((joint) =>
    fieldsOf(joint, 'a joint of the URDF'),
  );
  const byName = new Map(joints.map((joint) => [String(joint['@name']), joint]));
  if (byName.size !== joints.length) throw badInput('the URDF has joints of the same name', { folder });
  return byName;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw badInput(`cannot read ${path}: ${String(cause)}`, { path });
  }
}
