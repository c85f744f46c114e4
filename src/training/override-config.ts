import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { badInput, didYouMean } from '../core/index.js';
import { parseLearnerConfig, type LearnerConfig } from '../rl/learner-config.js';

/** A key that presets leave out, and one whose value may have several shapes, so that it is replaced whole. */
const OPTIONAL = 'sac.targetEntropy';
const WHOLE = 'world.rollout.cut';

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
  if (changes !== null && !isMap(changes))
    throw badInput(`--config ${file}: the content is ${JSON.stringify(changes)}, expected a map of values`, {
      file,
    });
  return parseLearnerConfig(merged(preset, changes ?? {}, '', file), `--config ${file}`);
}

/** `base` with what `change` names put in, key by key; the values are checked afterwards. */
function merged(base: unknown, change: unknown, at: string, file: string): unknown {
  if (!isMap(base) || !isMap(change) || at === WHOLE) return change;
  const result = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const path = at === '' ? key : `${at}.${key}`;
    if (!(key in base) && path !== OPTIONAL) {
      throw badInput(`--config ${file}: there is no '${path}'${didYouMean(key, Object.keys(base))}`, {
        file,
      });
    }
    result[key] = merged(base[key], value, path, file);
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
