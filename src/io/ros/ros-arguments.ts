import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { badInput } from '../../core/index.js';
import { fullNodeName, type Remap } from './names.js';

/** Value of a parameter as YAML gives it. */
export type ParameterInput = boolean | number | string | readonly (boolean | number | string)[];

/** What `--ros-args` says, of whichever node (design.ros2.org, ROS command line arguments). */
export interface RosArguments {
  readonly nodeName?: string;
  readonly namespace?: string;
  readonly remaps: readonly (Remap & { readonly node?: string })[];
  /** later ones win */
  readonly parameters: readonly {
    readonly node: string;
    readonly name: string;
    readonly value: ParameterInput;
  }[];
}

/** What they say of one node. */
export interface NodeArguments {
  readonly nodeName: string;
  readonly namespace: string;
  readonly remaps: readonly Remap[];
  readonly parameters: Readonly<Record<string, ParameterInput>>;
}

const FLAG = '--ros-args';
const END = '--';
/** They are about rcl's logging, or name a security enclave, of which this node has none. */
const IGNORED_WITH_VALUE = new Set([
  '--log-level',
  '--log-config-file',
  '--log-file-name',
  '-e',
  '--enclave',
]);
const IGNORED = /^--(enable|disable)-(rosout|stdout|external-lib)-logs$/;
const ALL_NODES = '/**';

/** No arguments: a node of its default name, in the root namespace. */
export const NO_ROS_ARGUMENTS: RosArguments = { remaps: [], parameters: [] };

/** Splits a command line at `--ros-args ... [--]`, of which there may be several; `ros` is null where there is none. */
export function splitRosArguments(argv: readonly string[]): { own: string[]; ros: string[] | null } {
  const own: string[] = [];
  const ros: string[] = [];
  let inRos = false;
  for (const argument of argv) {
    if (argument === FLAG) inRos = true;
    else if (inRos && argument === END) inRos = false;
    else (inRos ? ros : own).push(argument);
  }
  return { own, ros: argv.includes(FLAG) ? ros : null };
}

/**
 * Reads `-r from:=to`, `-r __node:=name`, `-r __ns:=/name`, `-p name:=value` and `--params-file file`, and their long forms. What is
 * about logging and enclaves is ignored. Throws BAD_INPUT for others, and for files that are not there or hold no parameters.
 */
export function parseRosArguments(argv: readonly string[]): RosArguments {
  let nodeName: string | undefined;
  let namespace: string | undefined;
  const remaps: (Remap & { node?: string })[] = [];
  const parameters: { node: string; name: string; value: ParameterInput }[] = [];
  for (let i = 0; i < argv.length; i++) {
    const flag = argv[i]!;
    if (IGNORED.test(flag)) continue;
    const value = argv[++i];
    if (value === undefined) throw badInput(`${flag} after ${FLAG} lacks its value`);
    if (flag === '-r' || flag === '--remap') {
      const { node, from, to } = assignment(flag, value);
      if (from === '__node' || from === '__name') nodeName = to;
      else if (from === '__ns') namespace = to;
      else remaps.push({ ...(node !== undefined && { node }), from, to });
    } else if (flag === '-p' || flag === '--param') {
      const { node, from: name, to } = assignment(flag, value);
      parameters.push({ node: node ?? ALL_NODES, name, value: parameterInput(name, yamlValue(name, to)) });
    } else if (flag === '--params-file') {
      parameters.push(...parametersOf(value));
    } else if (!IGNORED_WITH_VALUE.has(flag)) {
      throw badInput(
        `'${flag}' after ${FLAG} is not known; expected -r from:=to, -p name:=value, --params-file <file> or --log-level <level>`,
      );
    }
  }
  return {
    ...(nodeName !== undefined && { nodeName }),
    ...(namespace !== undefined && { namespace }),
    remaps,
    parameters,
  };
}

/** @param defaultName of the node, where no argument names it */
export function argumentsOf(ros: RosArguments, defaultName: string): NodeArguments {
  const nodeName = ros.nodeName ?? defaultName;
  const namespace = ros.namespace ?? '/';
  const full = fullNodeName({ nodeName, namespace });
  const remaps = ros.remaps
    .filter(({ node }) => node === undefined || node === nodeName || node === defaultName)
    .map(({ from, to }) => ({ from, to }));
  const parameters = Object.fromEntries(
    ros.parameters
      .filter(({ node }) => node === nodeName || nodePattern(node).test(full))
      .map(({ name, value }) => [name, value]),
  );
  return { nodeName, namespace, remaps, parameters };
}

function assignment(flag: string, text: string): { node?: string; from: string; to: string } {
  const match = /^(?:([A-Za-z_]\w*):(?!=))?([^:=]+):=(.*)$/s.exec(text);
  if (!match) throw badInput(`'${flag} ${text}' after ${FLAG} is not of the form name:=value`);
  const [, node, from, to] = match;
  return { ...(node !== undefined && { node }), from: from!, to: to! };
}

/** XML, such as a robot_description, is taken as it is: as YAML its lines would be joined, and a colon could mean something. */
function yamlValue(name: string, text: string): unknown {
  if (text.trimStart().startsWith('<')) return text;
  try {
    return parseYaml(text);
  } catch (cause) {
    throw badInput(`parameter '${name}': its value is not YAML: ${(cause as Error).message}`, { name });
  }
}

/** '/**' stands for any names, '*' for one (rcl_yaml_param_parser). */
function nodePattern(node: string): RegExp {
  const absolute = node.startsWith('/') ? node : `/${node}`;
  const pattern = absolute.replace(/\/\*\*|\*|[.+?^${}()|[\]\\]/g, (found) =>
    found === '/**' ? '(/\\w+)*' : found === '*' ? '\\w+' : `\\${found}`,
  );
  return new RegExp(`^${pattern}$`);
}

/** A YAML file of `<node>: {ros__parameters: {...}}`; nested names are joined by dots. */
function parametersOf(file: string): { node: string; name: string; value: ParameterInput }[] {
  let root: unknown;
  try {
    root = parseYaml(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw badInput(`the parameter file '${file}' cannot be read: ${(cause as Error).message}`, { file });
  }
  const found: { node: string; name: string; value: ParameterInput }[] = [];
  collect(root, '', (node, parameters) => {
    flatten(parameters, '', (name, value) => found.push({ node, name, value: parameterInput(name, value) }));
  });
  if (found.length > 0 || isRecord(root)) return found;
  throw badInput(`the parameter file '${file}' names no node; expected e.g. /**: {ros__parameters: {...}}`, {
    file,
  });
}

/** Nodes may be nested in their namespaces. */
function collect(value: unknown, node: string, take: (node: string, parameters: unknown) => void): void {
  if (!isRecord(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'ros__parameters') take(node, inner);
    else collect(inner, node === '' ? key : `${node}/${key}`.replaceAll('//', '/'), take);
  }
}

function flatten(value: unknown, prefix: string, take: (name: string, value: unknown) => void): void {
  if (!isRecord(value)) {
    if (prefix !== '') take(prefix, value);
    return;
  }
  for (const [key, inner] of Object.entries(value))
    flatten(inner, prefix === '' ? key : `${prefix}.${key}`, take);
}

function parameterInput(name: string, value: unknown): ParameterInput {
  const isScalar = (each: unknown): each is boolean | number | string =>
    ['boolean', 'number', 'string'].includes(typeof each);
  if (isScalar(value)) return value;
  if (Array.isArray(value) && value.every(isScalar)) return value;
  throw badInput(
    `parameter '${name}' is ${JSON.stringify(value)}, expected a boolean, number, text or a list of them`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
