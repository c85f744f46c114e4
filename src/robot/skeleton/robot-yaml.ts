import * as v from 'valibot';
import { COMMAND_INTERFACES } from '../model.js';
import type { UrdfJoint } from '../parse-urdf-joint.js';
import { robotSchema } from '../robot-schema.js';
import { positionUnit } from '../units.js';
import { writeAction } from './action-yaml.js';
import type { DerivedRoles } from './derive-roles.js';
import { writeOptional } from './optional-yaml.js';
import { YamlLines, yamlText } from './yaml-lines.js';

/** share of a joint's range, at each end, in which 0 is no good home: the middle of the range is taken */
const HOME_CLEAR = 0.05;

/**
 * robot.yaml with what the URDF says and the defaults of its schema; what only the user can know is left open.
 * @param name the robot's, for the heading
 * @param file path for messages
 */
export function robotYaml(roles: DerivedRoles, name: string, file: string): YamlLines {
  const yaml = new YamlLines(file);
  yaml.add(`# Robot ${yamlText(name)}: the skeleton that dynabridge init made of its URDF.`);
  yaml.add('# Lines with MISSING wait for you: the robot is refused until they have a value.');
  writeInterface(yaml, roles);
  yaml.add();
  writeTiming(yaml, roles);
  yaml.add();
  writeJoints(yaml, roles);
  yaml.add();
  writeHomePose(yaml, [...roles.commanded, ...roles.observed, ...roles.passive]);
  yaml.add();
  writeAction(yaml, roles, fallback('policy_rate_hz'));
  yaml.add();
  writeOptional(yaml);
  return yaml;
}

function fallback<K extends keyof typeof robotSchema.entries>(key: K) {
  return v.getDefault(robotSchema.entries[key]) as never;
}

function writeInterface(yaml: YamlLines, roles: DerivedRoles): void {
  const { controller } = roles;
  if (controller !== undefined) {
    yaml.value([], 'command_interface', controller.commandInterface, `of ${yamlText(controller.name)}`);
    yaml.value([], 'command_topic', controller.topic);
    yaml.value([], 'command_message_type', controller.messageType);
    yaml.value([], 'state_topic', fallback('state_topic'), 'default');
    return;
  }
  if (roles.commandInterface === undefined) {
    yaml.ask([], 'command_interface', interfaceChoice(roles));
  } else {
    yaml.value([], 'command_interface', roles.commandInterface, 'offered by the URDF’s <ros2_control>');
  }
  const example = `/forward_${roles.commandInterface ?? 'position'}_controller/commands`;
  yaml.ask(
    [],
    'command_topic',
    `topic of the controller that takes the commands, e.g. ${example}; see ros2 control list_controllers`,
  );
  yaml.value(
    [],
    'command_message_type',
    fallback('command_message_type'),
    'default; trajectory_msgs/msg/JointTrajectory for joint_trajectory_controller, or sensor_msgs/msg/JointState',
  );
  yaml.value([], 'state_topic', fallback('state_topic'), 'default');
}

function interfaceChoice({ offered, commanded }: DerivedRoles): string {
  const kinds = COMMAND_INTERFACES.join(' | ');
  const offers = commanded.map(({ name }) => [name, offered.get(name)!] as const);
  const [first] = offers;
  if (first === undefined || first[1].length === 0) {
    return `${kinds}, as the controller takes; the URDF’s <ros2_control> does not say`;
  }
  if (offers.every(([, own]) => own.join() === first[1].join())) return `one of ${first[1].join(' | ')}`;
  const list = offers.map(([name, own]) => `${yamlText(name)} ${own.join(' or ')}`).join(', ');
  return `one of ${kinds}; the URDF offers ${list}; joints that do not offer it go to joints.observed`;
}

function writeTiming(yaml: YamlLines, roles: DerivedRoles): void {
  yaml.value(
    [],
    'control_rate_hz',
    fallback('control_rate_hz'),
    'default; at most the rate of the joint states',
  );
  yaml.value([], 'policy_rate_hz', fallback('policy_rate_hz'), 'default; a divisor of control_rate_hz');
  yaml.ask([], 'command_latency', '[s] from sending a command to the actuator acting on it, as measured');
  yaml.ask(
    [],
    'actuator_lag',
    '[s] first-order time constant of the actuator, as measured; 0 if there is none',
  );
  yaml.ask([], 'position_margin', '[rad] or [m] kept clear of each position limit, e.g. 0.02');
  yaml.value([], 'state_timeout_ms', fallback('state_timeout_ms'), 'default');
  yaml.value([], 'state_frozen_ms', fallback('state_frozen_ms'), 'default');
  yaml.value(
    [],
    'limit_scaling',
    fallback('limit_scaling'),
    'default; uniform keeps the direction of motion',
  );
  const { velocity_scale, acceleration_scale, duration } = v.getDefault(robotSchema.entries.on_transition);
  yaml.section([], 'on_transition', 'for a while after somebody is given authority; default');
  yaml.value(['on_transition'], 'velocity_scale', velocity_scale, 'share of max_velocity');
  yaml.value(['on_transition'], 'acceleration_scale', acceleration_scale, 'share of max_acceleration');
  yaml.value(['on_transition'], 'duration', duration, '[s]');
  yaml.add(
    '# self_collision_proximity_threshold: 0.01 # [m] kept between links; needs <collision> shapes in the URDF',
  );
  yaml.add(
    '# workspace: { min: [-.inf, -.inf, 0.0], max: [.inf, .inf, .inf] } # [m] in the root link; no link leaves it',
  );
  const choice = 'damping, or zero, which drops an arm';
  if (roles.commandInterface === 'effort') yaml.ask([], 'stop_action', choice);
  else if (roles.commandInterface === undefined)
    yaml.add(`# stop_action: only for command_interface effort, and needed there: ${choice}`);
}

function writeJoints(yaml: YamlLines, { commanded, observed, passive }: DerivedRoles): void {
  const list = (joints: readonly UrdfJoint[]) => `[${joints.map(({ name }) => yamlText(name)).join(', ')}]`;
  yaml.section([], 'joints');
  if (commanded.length === 0) {
    yaml.ask(['joints'], 'commanded', 'joints that we drive; <ros2_control> gives none a command interface');
  } else {
    yaml.value(['joints'], 'commanded', list(commanded), 'in command order, as the controller has it');
  }
  yaml.value(['joints'], 'observed', list(observed), 'joints that another controller moves');
  yaml.value(['joints'], 'passive', list(passive), 'joints without an actuator whose state is published');
}

function writeHomePose(yaml: YamlLines, joints: readonly UrdfJoint[]): void {
  yaml.section(
    [],
    'home_pose',
    'where the robot starts in simulation; within the limits, 0 where that is inside',
  );
  for (const { name, type, limits } of joints) {
    const unit = positionUnit(type);
    const range = limits?.softPosition ?? limits?.position;
    if (type === 'continuous') yaml.value(['home_pose'], name, 0, `[${unit}]`);
    else if (range === undefined) yaml.ask(['home_pose'], name, `[${unit}] a position within its limits`);
    else yaml.value(['home_pose'], name, homePosition(range), `[${unit}]`);
  }
}

function homePosition({ min, max }: { readonly min: number; readonly max: number }): number {
  const clear = HOME_CLEAR * (max - min);
  return min + clear <= 0 && 0 <= max - clear ? 0 : Number(((min + max) / 2).toPrecision(6));
}
