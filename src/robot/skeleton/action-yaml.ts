import type { UrdfJoint } from '../parse-urdf-joint.js';
import { commandUnit } from '../units.js';
import type { DerivedRoles } from './derive-roles.js';
import type { YamlLines } from './yaml-lines.js';

/** share of a rate limit that the largest action asks for, so that the gate need not cut it */
const SHARE = 0.75;

/**
 * `action`: increments for position and velocity (docs/DECISIONS.md, D-003), the whole effort for effort. The scale follows from the
 * URDF's limits, except for velocity, whose increments are accelerations.
 * @param policyRateHz [Hz]
 */
export function writeAction(yaml: YamlLines, roles: DerivedRoles, policyRateHz: number): void {
  const { commandInterface, commanded } = roles;
  yaml.section([], 'action', 'what an action of 1 means, per policy step');
  if (commandInterface === undefined) {
    yaml.ask(['action'], 'mode', 'increment (position, velocity) or absolute (effort)');
    yaml.ask(
      ['action'],
      'scale',
      'the largest change per policy step, or the largest effort; a number or {<joint>: ...}',
    );
    return;
  }
  yaml.value(['action'], 'mode', commandInterface === 'effort' ? 'absolute' : 'increment');
  if (commandInterface === 'velocity') {
    const formula = `${SHARE} * max_acceleration / policy_rate_hz, so that the gate need not cut it`;
    yaml.ask(['action'], 'scale', `[rad/s] or [m/s] per policy step: ${formula}; a number or {<joint>: ...}`);
    return;
  }
  const why =
    commandInterface === 'effort'
      ? 'the whole effort'
      : `${SHARE} * max_velocity / policy_rate_hz, so that the gate need not cut it`;
  yaml.section(['action'], 'scale', why);
  for (const joint of commanded) {
    const unit = `[${commandUnit(joint.type, commandInterface)}]`;
    const scale = commandInterface === 'effort' ? joint.limits?.maxEffort : increment(joint, policyRateHz);
    if (scale !== undefined && scale > 0) yaml.value(['action', 'scale'], joint.name, scale, unit);
    else yaml.ask(['action', 'scale'], joint.name, `${unit} above 0: ${why}`);
  }
}

function increment({ limits }: UrdfJoint, policyRateHz: number): number | undefined {
  if (limits?.maxVelocity === undefined) return undefined;
  return Number(((SHARE * limits.maxVelocity) / policyRateHz).toPrecision(4));
}
