import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { Joint, RobotConfig, RobotModel, Vector3 } from './model.js';
import type { RobotYaml } from './robot-schema.js';
import { resolveAuthority } from './resolve-authority.js';
import { resolveSensors } from './resolve-sensors.js';
import { positionUnit } from './units.js';
import type { YamlFile } from './yaml-file.js';

/**
 * robot.yaml checked against the robot.
 * @throws BAD_INPUT for rates that do not divide, a stop action that is missing or has no meaning, a scale or home pose that does not
 * fit the joints, an interface that the ros2_control tag does not offer
 */
export function resolveConfig(raw: RobotYaml, model: RobotModel, yaml: YamlFile): RobotConfig {
  checkRates(raw, yaml);
  checkInterface(raw, model, yaml);
  checkPoints(raw, yaml);
  return {
    commandInterface: raw.command_interface,
    commandTopic: raw.command_topic,
    commandMessageType: raw.command_message_type,
    commandPoints: raw.command_points,
    stateTopic: raw.state_topic,
    controlRateHz: raw.control_rate_hz,
    policyRateHz: raw.policy_rate_hz,
    commandLatency: raw.command_latency,
    actuatorLag: raw.actuator_lag,
    positionMargin: raw.position_margin,
    stateTimeoutMs: raw.state_timeout_ms,
    stateFrozenMs: raw.state_frozen_ms,
    limitScaling: raw.limit_scaling,
    onTransition: {
      velocityScale: raw.on_transition.velocity_scale,
      accelerationScale: raw.on_transition.acceleration_scale,
      duration: raw.on_transition.duration,
    },
    ...selfCollision(raw, model, yaml),
    ...workspace(raw, yaml),
    ...stopAction(raw, yaml),
    blackBoxSeconds: raw.black_box.seconds,
    action: { mode: raw.action.mode, scale: actionScale(raw, model, yaml) },
    homePose: homePose(raw, model, yaml),
    prediction: raw.prediction,
    downstream: { acceptNoTimeout: raw.downstream.accept_no_timeout },
    ...resolveAuthority(raw, yaml),
    sensors: resolveSensors(raw, model, yaml),
  };
}

function checkRates(raw: RobotYaml, yaml: YamlFile): void {
  const { control_rate_hz: control, policy_rate_hz: policy } = raw;
  const ratio = control / policy;
  if (ratio >= 1 && Math.abs(ratio - Math.round(ratio)) < 1e-9) return;
  throw badInput(
    `${yaml.placeOf(['policy_rate_hz'])}: policy_rate_hz ${policy} Hz does not divide control_rate_hz ${control} Hz; ` +
      `write control_rate_hz / n for a whole n, e.g. ${control / Math.max(1, Math.round(ratio))}`,
    { control, policy },
  );
}

function selfCollision(
  raw: RobotYaml,
  model: RobotModel,
  yaml: YamlFile,
): Pick<RobotConfig, 'selfCollisionThreshold' | 'disabledCollisions'> {
  const { self_collision_proximity_threshold: threshold, disabled_collisions: disabledCollisions } = raw;
  disabledCollisions.flat().forEach((link) => {
    if (model.links.includes(link)) return;
    throw badInput(
      `${yaml.placeOf(['disabled_collisions'])}: disabled_collisions names link '${link}', which the URDF does not have` +
        `${didYouMean(link, model.links)}; correct or remove it`,
      { link },
    );
  });
  return { disabledCollisions, ...(threshold !== undefined && { selfCollisionThreshold: threshold }) };
}

function workspace(raw: RobotYaml, yaml: YamlFile): Pick<RobotConfig, 'workspace'> {
  if (raw.workspace === undefined) return {};
  const { min, max } = raw.workspace;
  if (min.some((low, axis) => !(low < max[axis]!))) {
    throw badInput(
      `${yaml.placeOf(['workspace'])}: workspace [${min.join(', ')}] to [${max.join(', ')}] m is empty or inverted; write min < max`,
    );
  }
  return { workspace: { min: point(min), max: point(max) } };
}

function point([x, y, z]: readonly [number, number, number]): Vector3 {
  return { x, y, z };
}

function stopAction(raw: RobotYaml, yaml: YamlFile): Pick<RobotConfig, 'stopAction'> {
  const { stop_action: action, command_interface: commandInterface } = raw;
  if (commandInterface === 'effort') {
    if (action !== undefined) return { stopAction: action };
    throw badInput(
      `${yaml.file}: 'stop_action' is missing and has no default (zero drops an arm); ` +
        `write stop_action: damping | gravity_hold | zero`,
    );
  }
  if (action === undefined) return {};
  throw badInput(
    `${yaml.placeOf(['stop_action'])}: stop_action '${action}' has no meaning for command_interface ${commandInterface}, ` +
      `which stops by decelerating; remove it`,
  );
}

function checkInterface(raw: RobotYaml, model: RobotModel, yaml: YamlFile): void {
  if (raw.command_interface === 'effort' && raw.command_message_type.startsWith('trajectory_msgs/')) {
    throw badInput(
      `${yaml.placeOf(['command_message_type'])}: ${raw.command_message_type} carries no effort commands; ` +
        `write command_message_type: std_msgs/msg/Float64MultiArray`,
    );
  }
  if (model.joints.every((joint) => joint.ros2Control === undefined)) return;
  for (const joint of model.joints) {
    const offered = joint.ros2Control?.commandInterfaces ?? [];
    if (joint.role === 'commanded' && !offered.includes(raw.command_interface)) {
      throw badInput(
        `joint '${joint.name}' in ${yaml.placeOf(['command_interface'])}: command_interface '${raw.command_interface}' is not offered ` +
          `by the URDF's <ros2_control> (it offers ${offered.join(', ') || 'none'}); ` +
          `write <command_interface name="${raw.command_interface}"/> there, or another interface here`,
        { joint: joint.name },
      );
    }
    if (joint.role === 'passive' && offered.length > 0) {
      throw badInput(
        `joint '${joint.name}' in ${yaml.placeOf(['joints', 'passive'])}: passive, but the URDF's <ros2_control> gives it ` +
          `command_interface ${offered.join(', ')}; write it in joints.observed or joints.commanded`,
        { joint: joint.name },
      );
    }
  }
}

/** A controller goes from point to point along positions; nothing tells what it does between velocities. */
function checkPoints(raw: RobotYaml, yaml: YamlFile): void {
  const { command_points: points, command_message_type: type, command_interface: commandInterface } = raw;
  if (points === 1 || (type.startsWith('trajectory_msgs/') && commandInterface === 'position')) return;
  throw badInput(
    `${yaml.placeOf(['command_points'])}: command_points ${points} needs command_message_type trajectory_msgs/msg/JointTrajectory and ` +
      `command_interface position, but they are ${type} and ${commandInterface}; write command_points: 1, or leave it out`,
    { points },
  );
}

function actionScale(raw: RobotYaml, model: RobotModel, yaml: YamlFile): number[] {
  const { scale } = raw.action;
  if (typeof scale === 'number') return model.commanded.map(() => scale);
  const scales = new Map(Object.entries(scale));
  refuseUnknown([...scales.keys()], model.commanded, ['action', 'scale'], 'commanded joint', yaml);
  return model.commanded.map((joint) => {
    const value = scales.get(joint);
    if (value !== undefined) return value;
    throw badInput(
      `joint '${joint}' in ${yaml.placeOf(['action', 'scale'])}: action.scale has no value for it; write ${joint}: ...`,
      { joint },
    );
  });
}

function homePose(raw: RobotYaml, model: RobotModel, yaml: YamlFile): Record<string, number> {
  const pose = new Map(Object.entries(raw.home_pose));
  refuseUnknown([...pose.keys()], model.measured, ['home_pose'], 'measured joint', yaml);
  const byName = new Map<string, Joint>(model.joints.map((joint) => [joint.name, joint]));
  return Object.fromEntries(
    model.measured.map((name) => {
      const value = pose.get(name) ?? 0;
      const joint = byName.get(name);
      const range = joint?.limits?.position;
      if (joint !== undefined && range !== undefined && (value < range.min || value > range.max)) {
        const unit = positionUnit(joint.type);
        throw badInput(
          `joint '${name}' in ${yaml.placeOf(['home_pose', name])}: home_pose ${value} ${unit}` +
            `${pose.has(name) ? '' : ' (the default)'} is outside [${range.min}, ${range.max}] ${unit}; ` +
            `write home_pose.${name} inside it`,
          { joint: name, value },
        );
      }
      return [name, value];
    }),
  );
}

function refuseUnknown(
  names: readonly string[],
  known: readonly string[],
  keys: readonly string[],
  what: string,
  yaml: YamlFile,
): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw badInput(
    `joint '${stranger}' in ${yaml.placeOf([...keys, stranger])}: ${keys.join('.')} names no ${what}${didYouMean(stranger, known)}; ` +
      `correct or remove it`,
    { joint: stranger },
  );
}
