import { badInput } from '../core/index.js';
import type { JointLimitsYaml } from './joint-limits-schema.js';
import type { DroppedTag, JointLimits, JointType } from './model.js';
import type { UrdfLimits } from './parse-urdf-limits.js';
import type { YamlFile } from './yaml-file.js';

/** Limits known so far; what a joint must have is decided by its role. */
export type PartialLimits = Partial<JointLimits>;

/** One joint on its way through joint_limits.yaml. */
export interface LimitSource {
  readonly joint: string;
  readonly type: JointType;
  readonly urdf: UrdfLimits;
  readonly limits: JointLimitsYaml;
  readonly yaml: YamlFile;
  /** receives the values that a `has_..._limits: false` switches off */
  readonly dropped: DroppedTag[];
}

export type LimitKey = keyof JointLimitsYaml;
/** keys that hold a number */
type ValueKey = { [K in LimitKey]: NonNullable<JointLimitsYaml[K]> extends number ? K : never }[LimitKey];

/** @throws BAD_INPUT naming joint, file and line of `key` */
export function refuse(source: LimitSource, key: LimitKey, problem: string): never {
  const where = source.yaml.placeOf(['joint_limits', source.joint, key]);
  throw badInput(`joint '${source.joint}' in ${where}: ${problem}`, { joint: source.joint, key });
}

/**
 * The values of one group, or undefined where its flag is absent or false; values that a false flag switches off are listed as
 * dropped. `stated` is what the URDF says, in words, where it does: switching that off would loosen it.
 * @throws BAD_INPUT for a loosening flag, a missing value, and values without a flag
 */
export function readGroup<K extends ValueKey>(
  source: LimitSource,
  flag: LimitKey,
  keys: readonly K[],
  stated: string | undefined,
): Record<K, number> | undefined {
  const { limits, joint, yaml, dropped } = source;
  const values = keys.flatMap((key) => {
    const value = limits[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  const missing = keys.find((key) => limits[key] === undefined);
  const [first] = values;
  if (limits[flag] === true) {
    if (missing === undefined) return Object.fromEntries(values) as Record<K, number>;
    refuse(source, flag, `${flag} is true but ${missing} is missing; write ${missing}: ...`);
  }
  if (limits[flag] === undefined) {
    if (first === undefined) return undefined;
    refuse(source, first[0], `${first[0]}: ${first[1]} has no effect without its flag; write ${flag}: true`);
  }
  if (stated !== undefined) {
    refuse(
      source,
      flag,
      `${flag}: false loosens the URDF, which says ${stated}; write true, or remove the key`,
    );
  }
  for (const [key] of values) {
    dropped.push({ path: `${yaml.file}/joint_limits/${joint}/${key}`, reason: `${flag} is false` });
  }
  return undefined;
}

/** @throws BAD_INPUT unless min < max; nothing is ever swapped */
export function refuseInverted(
  source: LimitSource,
  key: LimitKey,
  range: { min: number; max: number },
  unit: string,
): void {
  if (range.min < range.max) return;
  const what = range.min > range.max ? 'inverted' : 'empty';
  refuse(source, key, `range [${range.min}, ${range.max}] ${unit} is ${what}; write lower < upper`);
}
