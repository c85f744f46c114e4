import { definitionsOf, type MessageDefinition } from './definitions.js';

type Field = MessageDefinition['definitions'][number];

const SEPARATOR = '='.repeat(80);
/** What the definitions call primitive, and ROS 2 does not. */
const BUILT_IN: Readonly<Record<string, string>> = {
  time: 'builtin_interfaces/Time',
  duration: 'builtin_interfaces/Duration',
};

/** What ROS 2 declares as byte or char: the library's definitions have uint8 there, as CDR has. */
const DECLARED: Readonly<
  Record<string, { readonly type: 'byte' | 'char'; readonly names: readonly string[] }>
> = {
  'diagnostic_msgs/DiagnosticStatus': { type: 'byte', names: ['OK', 'WARN', 'ERROR', 'STALE', 'level'] },
  'rcl_interfaces/Log': { type: 'byte', names: ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] },
  'rcl_interfaces/ParameterValue': { type: 'byte', names: ['byte_array_value'] },
  'std_msgs/Byte': { type: 'byte', names: ['data'] },
  'std_msgs/ByteMultiArray': { type: 'byte', names: ['data'] },
  'std_msgs/Char': { type: 'char', names: ['data'] },
};

/**
 * Definition of a message type in the text form of MCAP's schema encoding `ros2msg`: its fields, then those of each type that it uses
 * behind a line of '=' and `MSG: <package>/<name>`. Comments are those of nobody: there are none.
 * @param type e.g. 'sensor_msgs/msg/JointState'
 * @throws BAD_INPUT for a type that is not known
 */
export function definitionText(type: string): string {
  const [root, ...used] = definitionsOf(type);
  const builtIn = [root!, ...used].flatMap(({ definitions }) =>
    definitions.flatMap((field) => BUILT_IN[field.type] ?? []),
  );
  const names = new Set(used.map(({ name }) => name));
  const more = [...new Set(builtIn)].filter((name) => !names.has(name));
  const parts = [...used, ...more.flatMap((name) => definitionsOf(name))];
  return [
    fieldLines(root!),
    ...parts.map((part) => `${SEPARATOR}\nMSG: ${part.name!}\n${fieldLines(part)}`),
  ].join('');
}

function fieldLines({ name = '', definitions }: MessageDefinition): string {
  const declared = DECLARED[name];
  return definitions
    .map((field) => (declared?.names.includes(field.name) ? { ...field, type: declared.type } : field))
    .map((field) => `${fieldLine(field)}\n`)
    .join('');
}

function fieldLine(field: Field): string {
  const { name, type, isConstant, valueText, isArray, arrayLength, arrayUpperBound, upperBound } = field;
  if (isConstant === true) return `${type} ${name}=${valueText}`;
  const bound = upperBound === undefined ? '' : `<=${upperBound}`;
  const size = arrayLength ?? (arrayUpperBound === undefined ? '' : `<=${arrayUpperBound}`);
  const array = isArray === true ? `[${size}]` : '';
  const fallback = field.defaultValue === undefined ? '' : ` ${literal(field.defaultValue)}`;
  return `${BUILT_IN[type] ?? type}${bound}${array} ${name}${fallback}`;
}

function literal(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(literal).join(', ')}]` : JSON.stringify(value);
}
