import * as v from 'valibot';
import { badInput } from '../core/index.js';
import { didYouMean } from '../core/index.js';
import type { YamlFile } from './yaml-file.js';

/**
 * Checks a YAML file against a strict schema whose fields carry a description: what to write there, with unit and range.
 * @throws BAD_INPUT for the first thing that is wrong: file and line, key, value found, what to write
 */
export function validateYaml<T>(schema: v.GenericSchema<unknown, T>, yaml: YamlFile): T {
  const result = v.safeParse(schema, yaml.value ?? {});
  if (result.success) return result.output;
  // A misspelt key is also a missing one; the misspelling is what helps.
  const outer = result.issues.find(({ expected }) => expected === 'never') ?? result.issues[0];
  // Where a map is one of several forms, the entry that is wrong in it is what helps.
  const inner = outer.issues?.find(({ path }) => path !== undefined);
  const issue = inner ?? outer;
  const items = [outer, inner].flatMap((each) => each?.path ?? []);
  const keys = items.map((item) => item.key as PropertyKey);
  const path = keys.map(String).join('.');
  const where = yaml.placeOf(keys);
  const context = { file: yaml.file, key: path };
  const last = items.at(-1);
  if (issue.expected === 'never') {
    const known = knownKeys(schemaAt(schema, keys.slice(0, -1)));
    throw badInput(
      `${where}: unknown key '${path}'${didYouMean(String(keys.at(-1)), known)}; correct or remove it`,
      context,
    );
  }
  const write = v.getDescription(unwrapped(schemaAt(schema, keys))) ?? String(issue.expected);
  if (last !== undefined && last.value === undefined) {
    throw badInput(`${where}: '${path}' is missing; write ${path}: ${write}`, context);
  }
  if (issue.input === null) {
    throw badInput(`${where}: '${path}' has no value yet; write ${path}: ${write}`, context);
  }
  const { input } = issue;
  const value = typeof input === 'number' ? String(input) : JSON.stringify(input); // JSON has no .inf
  throw badInput(`${where}: ${path === '' ? 'the file' : `'${path}'`} is ${value}; write ${write}`, {
    ...context,
    value: input,
  });
}

type Nested = v.GenericSchema & {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly wrapped?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly item?: v.GenericSchema;
  readonly options?: readonly Nested[];
};

function unwrapped(schema: Nested): Nested {
  return schema.wrapped ? unwrapped(schema.wrapped) : schema;
}

/** The schema of a key; of its nearest described ancestor where the path ends in something that has no schema of its own. */
function schemaAt(schema: Nested, keys: readonly PropertyKey[]): Nested {
  let current = unwrapped(schema);
  for (const key of keys) {
    const map = current.options?.find((option) => option.value !== undefined);
    const next = current.entries?.[String(key)] ?? current.value ?? current.item ?? map?.value;
    if (next === undefined) return current;
    current = unwrapped(next);
  }
  return current;
}

function knownKeys(schema: Nested): readonly string[] {
  return Object.keys({ ...schema.entries });
}
