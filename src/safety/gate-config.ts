import { badInput } from '../core/index.js';
import { clearanceModel } from './clearance-model.js';
import { canonicalHash } from '../robot/canonical-json.js';
import type { Joint, JointLimits, Robot } from '../robot/model.js';
import type { GateConfig, GateJoint } from './types.js';

/** No robot has a limit above this; one that does is a slip of units or of the pen. */
const HIGHEST = 1e9;

/** Refuses every limit that is missing, inverted, NaN or of the wrong sign; returns a deep-frozen copy. */
export function validateGateConfig(config: GateConfig): GateConfig {
  if (config.joints.length === 0)
    throw badInput('the gate has no joints; name the commanded joints in robot.yaml');
  const names = new Set(config.joints.map((joint) => joint.name));
  if (names.size !== config.joints.length)
    throw badInput('a joint is named twice; joint names must be unique');
  config.joints.forEach((joint) => {
    checkJoint(joint, config.positionMargin);
  });
  checkRange('controlPeriod', config.controlPeriod, 's', 1e-4, 1, 'control_rate_hz between 1 and 10000');
  checkRange(
    'commandLatency',
    config.commandLatency,
    's',
    0,
    1,
    'command_latency in seconds, 0 when there is none',
  );
  checkRange('actuatorLag', config.actuatorLag, 's', 0, 2, 'actuator_lag in seconds, 0 when there is none');
  checkRange(
    'positionMargin',
    config.positionMargin,
    'rad or m',
    0,
    1,
    'position_margin in rad or m, 0 or more',
  );
  checkRange(
    'stateTimeoutMs',
    config.stateTimeoutMs,
    'ms',
    config.controlPeriod * 1e3,
    1e4,
    'state_timeout_ms',
  );
  const unseen = (config.commandLatency + config.actuatorLag) * 1e3;
  checkRange(
    'stateFrozenMs',
    config.stateFrozenMs,
    'ms',
    Math.max(unseen, 1),
    6e4,
    'state_frozen_ms above latency + lag',
  );
  const { velocityScale, accelerationScale, duration } = config.onTransition;
  const scale = 'on_transition with scales above 0, at most 1';
  checkRange('onTransition.velocityScale', velocityScale, '', Number.MIN_VALUE, 1, scale);
  checkRange('onTransition.accelerationScale', accelerationScale, '', Number.MIN_VALUE, 1, scale);
  checkRange(
    'velocityScale',
    config.velocityScale ?? 1,
    '',
    Number.MIN_VALUE,
    1,
    'velocity_scale above 0, at most 1',
  );
  checkRange('onTransition.duration', duration, 's', 0, 60, 'on_transition.duration in seconds');
  checkStopAction(config);
  return Object.freeze({
    ...config,
    onTransition: Object.freeze({ ...config.onTransition }),
    joints: Object.freeze(config.joints.map((joint) => Object.freeze({ ...joint }))),
  });
}

/** The gate's configuration of a robot as loaded; throws where a limit is missing. */
export function gateConfigFromRobot(robot: Robot): GateConfig {
  const { model, config } = robot;
  if (!(config.controlRateHz > 0)) {
    throw badInput(`control_rate_hz is ${config.controlRateHz}; write a positive rate in robot.yaml`);
  }
  const timing = { dt: 1 / config.controlRateHz, latency: config.commandLatency, lag: config.actuatorLag };
  const delay = timing.dt + timing.latency + timing.lag;
  const clearance = clearanceModel(robot);
  return validateGateConfig({
    interface: config.commandInterface,
    joints: model.commanded.map((name) => {
      const joint = model.joints.find((candidate) => candidate.name === name);
      if (joint === undefined)
        throw badInput(`commanded joint '${name}' is not in the URDF of '${model.name}'`);
      return gateJoint(joint, delay);
    }),
    controlPeriod: timing.dt,
    commandLatency: timing.latency,
    actuatorLag: timing.lag,
    positionMargin: config.positionMargin,
    stateTimeoutMs: config.stateTimeoutMs,
    stateFrozenMs: config.stateFrozenMs,
    limitScaling: config.limitScaling,
    onTransition: config.onTransition,
    ...(clearance && { clearance }),
    ...(config.stopAction === undefined ? {} : { stopAction: config.stopAction }),
  });
}

/** SHA-256 (hex) of the configuration as canonical JSON; part of a policy's contract. */
export function gateConfigHash(config: GateConfig): string {
  return canonicalHash(config);
}

function gateJoint(joint: Joint, delay: number): GateJoint {
  const limits = joint.limits;
  if (limits === undefined) throw missing(joint.name, '<limit> in the URDF');
  if (limits.maxAcceleration === undefined)
    throw missing(joint.name, 'max_acceleration in joint_limits.yaml');
  if (joint.type !== 'continuous' && limits.position === undefined) {
    throw missing(joint.name, 'min_position and max_position in joint_limits.yaml');
  }
  return {
    name: joint.name,
    unit: joint.type === 'prismatic' ? 'm' : 'rad',
    minPosition: Math.max(limits.position?.min ?? -Infinity, limits.softPosition?.min ?? -Infinity),
    maxPosition: Math.min(limits.position?.max ?? Infinity, limits.softPosition?.max ?? Infinity),
    maxVelocity: limits.maxVelocity,
    maxAcceleration: limits.maxAcceleration,
    maxDeceleration: limits.maxDeceleration ?? limits.maxAcceleration,
    maxJerk: limits.maxJerk ?? Infinity,
    maxEffort: limits.maxEffort,
    maxEffortRate: limits.maxEffortRate ?? Infinity,
    kPosition: limits.softPosition?.kPosition || Infinity, // 0, URDF's default, is no gain
    kVelocity: barrierGain(limits, limits.maxAcceleration, delay),
  };
}

/**
 * k_velocity of the robot's files, else: full effort at an excess of 10 % of maxVelocity, but no stiffer than half of the gain that one
 * period plus latency plus lag can resolve on the inertia maxEffort / maxAcceleration.
 */
function barrierGain(limits: JointLimits, maxAcceleration: number, delay: number): number {
  const declared = limits.kVelocity ?? 0;
  if (declared !== 0) return declared;
  return limits.maxEffort / Math.max(0.1 * limits.maxVelocity, 2 * maxAcceleration * delay);
}

function checkJoint(joint: GateJoint, margin: number): void {
  const where = `joint '${joint.name}'`;
  const { unit } = joint;
  for (const field of ['minPosition', 'maxPosition'] as const) {
    const value = joint[field];
    if (value >= -Infinity) continue;
    throw badInput(`${where}: ${field} is ${value}; write the limit in ${unit} in joint_limits.yaml`, {
      joint: joint.name,
      field,
    });
  }
  if (!(joint.maxPosition - joint.minPosition > 2 * margin)) {
    throw badInput(
      `${where}: position limits [${joint.minPosition}, ${joint.maxPosition}] ${unit} leave no room within the margin of ` +
        `${margin} ${unit}; expected minPosition < maxPosition - 2 * margin, check joint_limits.yaml for swapped limits`,
      { joint: joint.name },
    );
  }
  const positive = [
    ['maxVelocity', `${unit}/s`],
    ['maxAcceleration', `${unit}/s^2`],
    ['maxDeceleration', `${unit}/s^2`],
    ['maxEffort', unit === 'm' ? 'N' : 'N m'],
    ['kVelocity', unit === 'm' ? 'N s/m' : 'N m s/rad'],
  ] as const;
  for (const [field, fieldUnit] of positive) {
    const value = joint[field];
    if (value > 0 && value <= HIGHEST) continue;
    throw badInput(
      `${where}: ${field} is ${value} ${fieldUnit}, expected above 0 and at most ${HIGHEST}; ` +
        `write it in joint_limits.yaml`,
      { joint: joint.name, field, value },
    );
  }
  const optional = [
    ['maxJerk', 'max_jerk', `${unit}/s^3`],
    ['maxEffortRate', 'max_effort_rate', unit === 'm' ? 'N/s' : 'N m/s'],
    ['kPosition', 'k_position', '1/s'],
  ] as const;
  for (const [field, key, fieldUnit] of optional) {
    const value = joint[field];
    if (value > 0) continue;
    throw badInput(`${where}: ${field} is ${value} ${fieldUnit}; write a positive ${key}, or leave it out`);
  }
}

function checkRange(
  what: string,
  value: number,
  unit: string,
  low: number,
  high: number,
  write: string,
): void {
  if (value >= low && value <= high) return;
  throw badInput(`${what} is ${value} ${unit}, expected ${low} to ${high} ${unit}; write ${write}`, {
    what,
    value,
  });
}

function checkStopAction(config: GateConfig): void {
  const write = 'write stop_action: damping (or zero, which drops an arm) in robot.yaml';
  if (config.interface !== 'effort') return;
  if (config.stopAction === undefined)
    throw badInput(`stop_action is missing for the effort interface; ${write}`);
  if (config.stopAction === 'gravity_hold') {
    throw badInput(
      `stop_action gravity_hold needs a model of gravity, which the gate does not have; ${write}`,
    );
  }
}

function missing(joint: string, what: string): Error {
  return badInput(`joint '${joint}' has no limit that the gate needs; write ${what}`, { joint });
}
