import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { badInput } from '../core/index.js';
import {
  startValue,
  type NodeArguments,
  type ParameterDeclaration,
  type ParameterValue,
} from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import { gateConfigFromRobot, type GateConfig, type GateJoint } from '../safety/index.js';
import { qosOfTopics } from './qos-of-topics.js';

/** What parameters change in the guard. */
export interface ParameterHost {
  /** the gate lets somebody drive */
  isDriven(): boolean;
  setVelocityScale(scale: number): void;
  useSimulatedTime(use: boolean): void;
}

/** Slower than this a robot would seem not to move at all. */
const SLOWEST = 0.01;

/** Limits of a joint by the names of joint_limits.yaml; infinite ones are no limits and have no parameter. */
const LIMITS: readonly (readonly [name: string, field: keyof GateJoint, unit: string])[] = [
  ['min_position', 'minPosition', ''],
  ['max_position', 'maxPosition', ''],
  ['max_velocity', 'maxVelocity', '/s'],
  ['max_acceleration', 'maxAcceleration', '/s2'],
  ['max_deceleration', 'maxDeceleration', '/s2'],
  ['max_jerk', 'maxJerk', '/s3'],
];

/**
 * The node's parameters. What the robot's files say is read-only: four processes read those files, and they have to agree. What may be
 * changed while the node runs is `velocity_scale`, lower at any time, higher only while nobody drives; and `use_sim_time`.
 * @param node with values to start with. Throws BAD_INPUT for those that do not fit, or are no parameters of the node
 */
export function guardParameters(
  robot: Robot,
  gate: GateConfig,
  node: NodeArguments,
  host: ParameterHost,
): ParameterDeclaration[] {
  let scale = 1;
  const declared: ParameterDeclaration[] = [
    {
      name: 'use_sim_time',
      kind: 'bool',
      value: false,
      description: 'stamps carry the time of /clock; limits and timeouts stay in real time',
      change: {
        constraints: '',
        refusal: () => undefined,
        apply: (value) => host.useSimulatedTime(value as boolean),
      },
    },
    {
      name: 'velocity_scale',
      kind: 'double',
      value: scale,
      range: [SLOWEST, 1],
      description: "share of each joint's max_velocity that is in force",
      change: {
        constraints: 'lower at any time, higher only while nobody drives',
        refusal: (value) =>
          (value as number) > scale && host.isDriven()
            ? `it is raised from ${scale} only while nobody drives; release first`
            : undefined,
        apply: (value) => {
          scale = value as number;
          host.setVelocityScale(scale);
        },
      },
    },
    ...fixed(robot, gate),
    ...qosOfTopics(robot.config, node).declarations,
  ];
  const inputs = node.parameters;
  const names = new Set(declared.map(({ name }) => name));
  for (const name of Object.keys(inputs)) {
    if (!names.has(name))
      throw badInput(`parameter '${name}' is not known; see: ros2 param list, or docs/ros2.md`, { name });
  }
  return declared.map((declaration) => {
    const input = inputs[declaration.name];
    if (input === undefined) return declaration;
    const value = startValue(declaration, input);
    if (value !== declaration.value) declaration.change?.apply(value);
    return { ...declaration, value };
  });
}

/** Throws BAD_INPUT for parameters of a node that a guard of this robot would refuse. */
export function checkParameters(robot: Robot, node: NodeArguments): void {
  guardParameters(robot, gateConfigFromRobot(robot), node, {
    isDriven: () => false,
    setVelocityScale: () => {},
    useSimulatedTime: () => {},
  });
}

function fixed({ model, config, folder }: Robot, gate: GateConfig): ParameterDeclaration[] {
  const list: ParameterDeclaration[] = [];
  const add = (name: string, value: ParameterValue, description: string): void => {
    const kind = typeof value === 'number' ? 'double' : typeof value === 'boolean' ? 'bool' : kindOf(value);
    list.push({ name, kind, value, description });
  };
  add('robot_description', urdfIn(folder), 'URDF');
  add('joints', [...model.commanded], 'commanded joints, in the order of commands');
  add('command_interface', config.commandInterface, 'position, velocity or effort');
  add('command_topic', config.commandTopic, 'where commands are published');
  add('command_message_type', config.commandMessageType, 'type of the commands');
  add('command_points', config.commandPoints, 'points of a trajectory, one control period apart');
  add('state_topic', config.stateTopic, 'where joint states come from');
  add('control_rate_hz', config.controlRateHz, 'commands per second [Hz]');
  add('policy_rate_hz', config.policyRateHz, 'steps of the policy per second [Hz]');
  add('command_latency', config.commandLatency, 'from sending a command to its acting [s]');
  add('actuator_lag', config.actuatorLag, 'time constant of the actuators [s]');
  add('position_margin', config.positionMargin, 'kept clear of each position limit [rad] or [m]');
  add('state_timeout_ms', config.stateTimeoutMs, 'a joint state that is older is stale [ms]');
  add('state_frozen_ms', config.stateFrozenMs, 'a state that repeats this long under motion is frozen [ms]');
  add('limit_scaling', config.limitScaling, 'how several joints at their limits are slowed down');
  add('agent.timeout_ms', config.agent.timeoutMs, 'an agent that is silent this long is released [ms]');
  add('agent.priority', config.agent.priority, 'against locks');
  add('teleop.priority', config.teleop.priority, "against locks; above the agent's");
  add('teleop.command_timeout_ms', config.teleop.commandTimeoutMs, "life of an operator's command [ms]");
  add('teleop.link_timeout_ms', config.teleop.linkTimeoutMs, 'silence that ends the link [ms]');
  add(
    'teleop.max_velocity_scale',
    config.teleop.maxVelocityScale,
    'share of max_velocity at full deflection',
  );
  for (const joint of gate.joints) {
    for (const [name, field, per] of LIMITS) {
      const value = joint[field] as number;
      if (Number.isFinite(value))
        add(`joint_limits.${joint.name}.${name}`, value, `in force at scale 1 [${joint.unit}${per}]`);
    }
    if (Number.isFinite(joint.maxEffort))
      add(`joint_limits.${joint.name}.max_effort`, joint.maxEffort, joint.unit === 'rad' ? '[N m]' : '[N]');
  }
  return list;
}

function kindOf(value: string | readonly (number | string)[]): 'string' | 'string[]' {
  return typeof value === 'string' ? 'string' : 'string[]';
}

function urdfIn(folder: string): string {
  const file = readdirSync(folder).find((name) => name.endsWith('.urdf'))!; // the robot was loaded from it
  return readFileSync(path.join(folder, file), 'utf8');
}
