/** rcl_interfaces/msg/ParameterType */
export const PARAMETER_TYPE = {
  notSet: 0,
  bool: 1,
  integer: 2,
  double: 3,
  string: 4,
  'double[]': 8,
  'string[]': 9,
} as const;

export type ParameterKind = Exclude<keyof typeof PARAMETER_TYPE, 'notSet'>;
export type ParameterValue = boolean | number | string | readonly number[] | readonly string[];

/** rcl_interfaces/msg/ParameterValue */
export interface ParameterValueMessage {
  readonly type: number;
  readonly bool_value: boolean;
  readonly integer_value: bigint;
  readonly double_value: number;
  readonly string_value: string;
  readonly byte_array_value: ArrayLike<number>;
  readonly bool_array_value: readonly boolean[];
  readonly integer_array_value: ArrayLike<bigint>;
  readonly double_array_value: ArrayLike<number>;
  readonly string_array_value: readonly string[];
}

const NONE: ParameterValueMessage = {
  type: PARAMETER_TYPE.notSet,
  bool_value: false,
  integer_value: 0n,
  double_value: 0,
  string_value: '',
  byte_array_value: new Uint8Array(0),
  bool_array_value: [],
  integer_array_value: new BigInt64Array(0),
  double_array_value: new Float64Array(0),
  string_array_value: [],
};

/** @param value undefined: not set */
export function toMessage(kind: ParameterKind, value: ParameterValue | undefined): ParameterValueMessage {
  if (value === undefined) return NONE;
  const type = PARAMETER_TYPE[kind];
  switch (kind) {
    case 'bool':
      return { ...NONE, type, bool_value: value as boolean };
    case 'integer':
      return { ...NONE, type, integer_value: BigInt(value as number) };
    case 'double':
      return { ...NONE, type, double_value: value as number };
    case 'string':
      return { ...NONE, type, string_value: value as string };
    case 'double[]':
      return { ...NONE, type, double_array_value: Float64Array.from(value as readonly number[]) };
    case 'string[]':
      return { ...NONE, type, string_array_value: value as readonly string[] };
  }
}

/** The value of a message as YAML would give it; undefined for one that is not set, or of a type that no parameter here has. */
export function fromMessage(message: ParameterValueMessage): ParameterValue | undefined {
  switch (message.type) {
    case PARAMETER_TYPE.bool:
      return message.bool_value;
    case PARAMETER_TYPE.integer:
      return Number(message.integer_value);
    case PARAMETER_TYPE.double:
      return message.double_value;
    case PARAMETER_TYPE.string:
      return message.string_value;
    case PARAMETER_TYPE['double[]']:
      return Array.from(message.double_array_value);
    case PARAMETER_TYPE['string[]']:
      return [...message.string_array_value];
    default:
      return undefined;
  }
}

/** Why a value is none of its kind; undefined: it is. */
export function kindObjection(kind: ParameterKind, value: unknown): string | undefined {
  return fits(kind, value) ? undefined : `it is ${JSON.stringify(value)}, expected ${EXPECTED[kind]}`;
}

const EXPECTED: Readonly<Record<ParameterKind, string>> = {
  bool: 'true or false',
  integer: 'an integer',
  double: 'a finite number',
  string: 'text',
  'double[]': 'a list of finite numbers',
  'string[]': 'a list of texts',
};

function fits(kind: ParameterKind, value: unknown): boolean {
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'double':
      return Number.isFinite(value);
    case 'string':
      return typeof value === 'string';
    case 'double[]':
      return Array.isArray(value) && value.every(Number.isFinite);
    case 'string[]':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
  }
}
