import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import { jointLimitsSchema, type JointLimitsYaml } from './joint-limits-schema.js';
import type { DroppedTag, JointLimits, JointRole } from './model.js';
import type { UrdfJoint } from './parse-urdf-joint.js';
import type { PartialLimits } from './limit-source.js';
import { tightenLimits } from './tighten-limits.js';
import { validateYaml } from './validate-yaml.js';
import { placeOf } from './xml-document.js';
import type { YamlFile } from './yaml-file.js';

export interface ResolvedLimits {
  /** joints that have limits */
  readonly byJoint: ReadonlyMap<string, JointLimits>;
  readonly dropped: readonly DroppedTag[];
}

const REQUIRED = ['maxVelocity', 'maxAcceleration', 'maxEffort'] as const;
const KEYS = {
  maxVelocity: 'max_velocity',
  maxAcceleration: 'max_acceleration',
  maxDeceleration: 'max_deceleration',
  maxEffort: 'max_effort',
} as const;

/**
 * Limits of all joints: URDF, tightened by joint_limits.yaml. Commanded joints must end with position (unless continuous),
 * velocity, acceleration and effort limits above zero; deceleration defaults to acceleration.
 * @throws BAD_INPUT for unknown joints and keys, loosened, contradictory, missing or zero limits
 */
export function resolveLimits(
  joints: readonly UrdfJoint[],
  roles: ReadonlyMap<string, JointRole>,
  yaml: YamlFile,
): ResolvedLimits {
  const entries = new Map(Object.entries(validateYaml(jointLimitsSchema, yaml).joint_limits));
  refuseStrangers([...entries.keys()], joints, yaml);
  const byJoint = new Map<string, JointLimits>();
  const dropped: DroppedTag[] = [];
  for (const joint of joints) {
    const limits = narrowed(joint, entries.get(joint.name), yaml, dropped);
    const resolved =
      roles.get(joint.name) === 'commanded' ? complete(joint, limits, yaml) : partial(joint, limits, yaml);
    if (resolved !== undefined) byJoint.set(joint.name, resolved);
  }
  return { byJoint, dropped };
}

function narrowed(
  joint: UrdfJoint,
  limits: JointLimitsYaml | undefined,
  yaml: YamlFile,
  dropped: DroppedTag[],
): PartialLimits {
  const urdf = joint.limits ?? {};
  if (limits === undefined) return urdf;
  return tightenLimits({ joint: joint.name, type: joint.type, urdf, limits, yaml, dropped });
}

function refuseStrangers(names: readonly string[], joints: readonly UrdfJoint[], yaml: YamlFile): void {
  const movable = joints.filter((joint) => joint.type !== 'fixed').map((joint) => joint.name);
  for (const name of names) {
    if (movable.includes(name)) continue;
    const where = `joint '${name}' in ${yaml.placeOf(['joint_limits', name])}: joint_limits.${name}`;
    const fixed = joints.some((joint) => joint.name === name);
    throw badInput(
      fixed
        ? `${where} limits a fixed joint; remove it`
        : `${where} names no joint of the URDF${didYouMean(name, movable)}; correct the name`,
      { joint: name },
    );
  }
}

/** A commanded joint: everything the gate needs, or a refusal that says what to write. */
function complete(joint: UrdfJoint, limits: PartialLimits, yaml: YamlFile): JointLimits {
  const { maxVelocity, maxAcceleration, maxEffort } = limits;
  const where = `joint '${joint.name}' in ${yaml.file}`;
  if (maxVelocity === undefined || maxAcceleration === undefined || maxEffort === undefined) {
    const lines = REQUIRED.filter((key) => limits[key] === undefined).map((key) => {
      const name = KEYS[key];
      return `has_${name.slice('max_'.length)}_limits: true, ${name}: ...`;
    });
    throw badInput(
      `${where}: a commanded joint needs limits that are missing; write joint_limits.${joint.name}: {${lines.join(', ')}}`,
      { joint: joint.name },
    );
  }
  const result = { maxDeceleration: maxAcceleration, ...limits, maxVelocity, maxAcceleration, maxEffort };
  for (const key of [...REQUIRED, 'maxDeceleration'] as const) {
    if (result[key] > 0) continue;
    throw badInput(
      `${where}: ${KEYS[key]} is 0 on a commanded joint, which could never move; write ${KEYS[key]} > 0 here or in ${placeOf(joint.element)}`,
      { joint: joint.name },
    );
  }
  return result;
}

/** Any other joint: no limits at all, or at least velocity and effort. */
function partial(joint: UrdfJoint, limits: PartialLimits, yaml: YamlFile): JointLimits | undefined {
  if (Object.keys(limits).length === 0) return undefined;
  const { maxVelocity, maxEffort } = limits;
  if (maxVelocity === undefined || maxEffort === undefined) {
    throw badInput(
      `joint '${joint.name}' in ${yaml.file}: has some limits but not both velocity and effort; ` +
        `write <limit velocity="..." effort="..."/> in ${placeOf(joint.element)}, or max_velocity and max_effort here`,
      { joint: joint.name },
    );
  }
  return { ...limits, maxVelocity, maxEffort };
}
