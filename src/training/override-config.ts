import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { badInput, didYouMean } from '../core/index.js';
import { checkLearnerConfig, type LearnerConfig } from '../rl/learner-config.js';

/** Keys that a preset may leave out, and so overrides may add: their type. */
const OPTIONAL: Readonly<Record<string, string>> = { 'sac.targetEntropy': 'number' };
/** Values of several shapes: replaced whole. */
const WHOLE = new Set(['world.rollout.cut']);

/**
 * A preset with some values changed by a YAML file, which has the same keys (src/rl/learner-config.ts), e.g.
 *
 *     updatesPerStep: 5
 *     world: { rollout: { cut: { kind: none } } }
 *
 * @throws BAD_INPUT for a file that cannot be read, a key that does not exist, a value of another type, or a contradiction
 */
export function overrideConfig(preset: LearnerConfig, file: string): LearnerConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw badInput(`--config ${file} cannot be read: ${(error as Error).message}`, { file });
  }
  let changes: unknown;
  try {
    changes = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw badInput(`--config ${file} is not YAML: ${error.message}`, { file });
  }
  const config = merged(preset, changes ?? {}, '', file) as LearnerConfig;
  checkLearnerConfig(config);
  return config;
}

function merged(base: unknown, change: unknown, at: string, file: string): unknown {
  const where = `--config ${file}: ${at === '' ? 'content' : at}`;
  if (!isMap(base) || WHOLE.has(at)) {
    if (kindOf(change) !== kindOf(base)) {
      throw badInput(
        `${where} is ${JSON.stringify(change)}, expected a ${kindOf(base)} such as ${JSON.stringify(base)}`,
      );
    }
    return change;
  }
  if (!isMap(change)) throw badInput(`${where} is ${JSON.stringify(change)}, expected a map`);
  const result = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const path = at === '' ? key : `${at}.${key}`;
    const optional = OPTIONAL[path];
    if (!(key in base) && optional === undefined) {
      const known = Object.keys(base);
      throw badInput(
        `--config ${file}: there is no '${path}'${didYouMean(key, known)}; there are ${known.join(', ')}`,
      );
    }
    if (!(key in base) && kindOf(value) !== optional) {
      throw badInput(`--config ${file}: ${path} is ${JSON.stringify(value)}, expected a ${optional}`);
    }
    result[key] = key in base ? merged(base[key], value, path, file) : value;
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The type as a person would name it. */
function kindOf(value: unknown): string {
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'number') ? 'list of numbers' : 'list';
  return isMap(value) ? 'map' : typeof value;
}
