import type { Contract, ObservedField } from './contract.js';
import type { JointLimits } from './model.js';

type Scalar = string | number | boolean | null | undefined;

/**
 * Every difference between the contract that a policy was trained for and that of the robot at hand, in words; empty when they agree.
 * `simulation` is compared only where both have it: a live robot has no simulator.
 * @example ["control_rate_hz: policy was trained at 100 Hz, robot runs at 50 Hz"]
 */
export function contractDifferences(expected: Contract, actual: Contract): string[] {
  return [
    ...compare('contract version', expected.version, actual.version),
    ...compare('robot', expected.robot, actual.robot),
    ...compare('task', expected.task, actual.task),
    ...compare('URDF sha256', expected.urdfSha256, actual.urdfSha256),
    ...rate('control_rate_hz', expected.controlRateHz, actual.controlRateHz),
    ...rate('policy_rate_hz', expected.policyRateHz, actual.policyRateHz),
    ...compare('command_latency', expected.commandLatency, actual.commandLatency, 's'),
    ...compare('actuator_lag', expected.actuatorLag, actual.actuatorLag, 's'),
    ...compare('position_margin', expected.positionMargin, actual.positionMargin),
    ...compare('stop_action', expected.stopAction, actual.stopAction),
    ...commandedDifferences(expected, actual),
    ...nameDifferences('measured joints', expected.measured, actual.measured),
    ...keyed(expected.limits, actual.limits, (joint, a, b) => limitDifferences(joint, a, b)),
    ...actionDifferences(expected, actual),
    ...observationDifferences(expected, actual),
    ...compare('gate configuration hash', expected.gateConfigHash, actual.gateConfigHash),
    ...simulationDifferences(expected, actual),
  ];
}

function show(value: Scalar, unit: string): string {
  if (value === undefined || value === null) return 'none';
  return `${value}${unit === '' ? '' : ` ${unit}`}`;
}

function compare(name: string, expected: Scalar, actual: Scalar, unit = ''): string[] {
  if (expected === actual) return [];
  return [`${name}: policy was trained with ${show(expected, unit)}, robot has ${show(actual, unit)}`];
}

function rate(name: string, expected: number, actual: number): string[] {
  return expected === actual
    ? []
    : [`${name}: policy was trained at ${expected} Hz, robot runs at ${actual} Hz`];
}

function nameDifferences(what: string, expected: readonly string[], actual: readonly string[]): string[] {
  const missing = expected.filter((name) => !actual.includes(name));
  const extra = actual.filter((name) => !expected.includes(name));
  const differences = [
    ...missing.map((name) => `${what}: policy was trained with '${name}', robot lacks it`),
    ...extra.map((name) => `${what}: robot has '${name}', policy was trained without it`),
  ];
  if (differences.length > 0 || expected.join() === actual.join()) return differences;
  return [`${what}: policy was trained in the order ${expected.join(', ')}, robot has ${actual.join(', ')}`];
}

/** Compares two maps key by key; a key that one side lacks is passed as undefined. */
function keyed<T>(
  expected: Readonly<Record<string, T>>,
  actual: Readonly<Record<string, T>>,
  differences: (key: string, expected: T | undefined, actual: T | undefined) => string[],
): string[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  const at = (map: Readonly<Record<string, T>>, key: string) =>
    Object.hasOwn(map, key) ? map[key] : undefined;
  return keys.flatMap((key) => differences(key, at(expected, key), at(actual, key)));
}

function commandedDifferences(expected: Contract, actual: Contract): string[] {
  const byName = new Map(actual.commanded.map((joint) => [joint.name, joint]));
  return [
    ...nameDifferences(
      'commanded joints',
      expected.commanded.map((joint) => joint.name),
      actual.commanded.map((joint) => joint.name),
    ),
    ...expected.commanded.flatMap((joint) => {
      const other = byName.get(joint.name);
      if (other === undefined) return [];
      return [
        ...compare(`joint '${joint.name}' command_interface`, joint.interface, other.interface),
        ...compare(`joint '${joint.name}' command unit`, joint.unit, other.unit),
      ];
    }),
  ];
}

function limitDifferences(
  joint: string,
  expected: JointLimits | undefined,
  actual: JointLimits | undefined,
): string[] {
  const of = (name: string, a: Scalar, b: Scalar) => compare(`joint '${joint}' ${name}`, a, b);
  return [
    ...of('min_position', expected?.position?.min, actual?.position?.min),
    ...of('max_position', expected?.position?.max, actual?.position?.max),
    ...of('soft_lower_limit', expected?.softPosition?.min, actual?.softPosition?.min),
    ...of('soft_upper_limit', expected?.softPosition?.max, actual?.softPosition?.max),
    ...of('soft k_position', expected?.softPosition?.kPosition, actual?.softPosition?.kPosition),
    ...of('soft k_velocity', expected?.softPosition?.kVelocity, actual?.softPosition?.kVelocity),
    ...of('k_velocity', expected?.kVelocity, actual?.kVelocity),
    ...of('max_velocity', expected?.maxVelocity, actual?.maxVelocity),
    ...of('max_acceleration', expected?.maxAcceleration, actual?.maxAcceleration),
    ...of('max_deceleration', expected?.maxDeceleration, actual?.maxDeceleration),
    ...of('max_jerk', expected?.maxJerk, actual?.maxJerk),
    ...of('max_effort', expected?.maxEffort, actual?.maxEffort),
    ...of('max_effort_rate', expected?.maxEffortRate, actual?.maxEffortRate),
  ];
}

function actionDifferences(expected: Contract, actual: Contract): string[] {
  const scales = ({ commanded, action }: Contract) =>
    Object.fromEntries(commanded.map((joint, i) => [joint.name, action.scale[i]]));
  return [
    ...compare('action.mode', expected.action.mode, actual.action.mode),
    ...keyed(scales(expected), scales(actual), (joint, a, b) =>
      compare(`joint '${joint}' action.scale`, a, b),
    ),
  ];
}

function observationDifferences(expected: Contract, actual: Contract): string[] {
  const byPlace = (fields: readonly ObservedField[]) =>
    Object.fromEntries(fields.map((field) => [`${field.topic} ${field.field}`, field]));
  return [
    ...nameDifferences(
      'observations',
      Object.keys(byPlace(expected.observations)),
      Object.keys(byPlace(actual.observations)),
    ),
    ...keyed(byPlace(expected.observations), byPlace(actual.observations), (place, a, b) =>
      a === undefined || b === undefined
        ? []
        : [
            ...compare(`observation ${place} unit`, a.unit, b.unit),
            ...compare(`observation ${place} timeout`, a.timeoutMs, b.timeoutMs, 'ms'),
            ...compare(`observation ${place} sensor`, a.sensor, b.sensor),
            ...compare(`observation ${place} link`, a.link, b.link),
          ],
    ),
    ...compare('observation history', expected.observation.history, actual.observation.history, 'steps'),
    ...compare(
      'observation previous actions',
      expected.observation.previousActions,
      actual.observation.previousActions,
      'steps',
    ),
    ...keyed(expected.observation.encodings, actual.observation.encodings, (joint, a, b) =>
      compare(`joint '${joint}' encoding`, a, b),
    ),
  ];
}

function simulationDifferences(expected: Contract, actual: Contract): string[] {
  if (expected.simulation === null || actual.simulation === null) return [];
  return keyed(expected.simulation, actual.simulation, (key, a, b) => compare(`simulation ${key}`, a, b));
}
