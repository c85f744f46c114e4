import { badInput } from '../../core/index.js';
import { rosTime, type RosTime } from './messages.js';
import type { Middleware, Publisher, QosProfile } from './middleware.js';
import {
  PARAMETER_TYPE,
  fromMessage,
  kindObjection,
  toMessage,
  type ParameterKind,
  type ParameterValue,
  type ParameterValueMessage,
} from './parameter-values.js';

/** One parameter of a node. */
export interface ParameterDeclaration {
  /** e.g. 'joint_limits.elbow.max_velocity' */
  readonly name: string;
  readonly kind: ParameterKind;
  readonly value: ParameterValue;
  /** with its unit */
  readonly description: string;
  /** of a number, both inclusive */
  readonly range?: readonly [number, number];
  /** what can be changed while the node runs; default: nothing */
  readonly change?: {
    /** Why a value that fits kind and range is refused now; undefined: it is not. */
    readonly refusal: (value: ParameterValue) => string | undefined;
    readonly apply: (value: ParameterValue) => void;
    /** when changes are refused, for people */
    readonly constraints: string;
  };
}

interface ParameterMessage {
  readonly name: string;
  readonly value: ParameterValueMessage;
}

interface SetResult {
  readonly successful: boolean;
  readonly reason: string;
}

interface ListRequest {
  readonly prefixes: readonly string[];
  readonly depth: bigint | number;
}

/** of `/parameter_events` */
export const EVENTS_QOS: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 1000 };

/**
 * Parameters as ROS 2 nodes have them: the six services of rcl_interfaces under the node's name, and `/parameter_events`. What
 * `ros2 param list|get|set|describe|dump` and rqt talk to. Nothing can be declared or undeclared by others.
 */
export class ParameterServer {
  private readonly declarations = new Map<string, ParameterDeclaration>();
  private readonly values = new Map<string, ParameterValue>();
  private readonly events: Publisher<object>;

  /**
   * Throws BAD_INPUT for a start value that is not declared or not fitting.
   * @param fullName of the node, e.g. '/arm/dynabridge'
   * @param wallNs time of day for the stamps of events
   */
  constructor(
    middleware: Middleware,
    private readonly fullName: string,
    declarations: readonly ParameterDeclaration[],
    private readonly wallNs: () => bigint,
  ) {
    for (const declaration of declarations) {
      this.declarations.set(declaration.name, declaration);
      this.values.set(declaration.name, declaration.value);
    }
    this.events = middleware.createPublisher<object>(
      '/parameter_events',
      'rcl_interfaces/msg/ParameterEvent',
      EVENTS_QOS,
    );
    const service = <Request, Response>(name: string, type: string, handle: (request: Request) => Response) =>
      middleware.createService<Request, Response>(`~/${name}`, `rcl_interfaces/srv/${type}`, handle);
    type Names = { readonly names: readonly string[] };
    type Parameters = { readonly parameters: readonly ParameterMessage[] };
    service('get_parameters', 'GetParameters', ({ names }: Names) => ({
      values: names.map((name) => this.message(name)),
    }));
    service('get_parameter_types', 'GetParameterTypes', ({ names }: Names) => ({
      types: Uint8Array.from(names, (name) => this.message(name).type),
    }));
    service('describe_parameters', 'DescribeParameters', ({ names }: Names) => ({
      descriptors: names.map((name) => this.descriptor(name)),
    }));
    service('list_parameters', 'ListParameters', (request: ListRequest) => ({
      result: this.list(request),
    }));
    service('set_parameters', 'SetParameters', ({ parameters }: Parameters) => ({
      results: parameters.map((parameter) => this.set([parameter])),
    }));
    service('set_parameters_atomically', 'SetParametersAtomically', ({ parameters }: Parameters) => ({
      result: this.set(parameters),
    }));
  }

  private message(name: string): ParameterValueMessage {
    return toMessage(this.declarations.get(name)?.kind ?? 'string', this.values.get(name));
  }

  /** All or none. */
  private set(parameters: readonly ParameterMessage[]): SetResult {
    const asked = parameters.map(({ name, value }) => ({ name, value: fromMessage(value) }));
    for (const { name, value } of asked) {
      const declaration = this.declarations.get(name);
      const why = declaration ? changeRefusal(declaration, value) : 'it is not declared';
      if (why !== undefined) return { successful: false, reason: `parameter '${name}': ${why}` };
    }
    for (const { name, value } of asked) {
      const declaration = this.declarations.get(name)!;
      const fitting = declaration.kind === 'double' ? Number(value) : value!;
      declaration.change?.apply(fitting);
      this.values.set(name, fitting);
    }
    this.events.publish({
      stamp: this.stamp(),
      node: this.fullName,
      new_parameters: [],
      changed_parameters: asked.map(({ name }) => ({ name, value: this.message(name) })),
      deleted_parameters: [],
    });
    return { successful: true, reason: '' };
  }

  private stamp(): RosTime {
    return rosTime(this.wallNs());
  }

  private descriptor(name: string): object {
    const declaration = this.declarations.get(name);
    const { kind, range } = declaration ?? {};
    const numeric = range ? { from_value: range[0], to_value: range[1], step: 0 } : undefined;
    const integral = range && {
      from_value: BigInt(range[0]),
      to_value: BigInt(range[1]),
      step: 1n,
    };
    return {
      name,
      type: kind === undefined ? PARAMETER_TYPE.notSet : PARAMETER_TYPE[kind],
      description: declaration?.description ?? '',
      additional_constraints: declaration?.change?.constraints ?? '',
      read_only: declaration !== undefined && declaration.change === undefined,
      dynamic_typing: false,
      floating_point_range: kind === 'double' && numeric ? [numeric] : [],
      integer_range: kind === 'integer' && integral ? [integral] : [],
    };
  }

  /** Depth 0 is without limit; prefixes and depth count names between dots (rcl_interfaces/srv/ListParameters). */
  private list({ prefixes, depth }: ListRequest): { names: string[]; prefixes: string[] } {
    const limit = Number(depth) === 0 ? Infinity : Number(depth);
    const names = [...this.declarations.keys()].filter((name) => {
      if (prefixes.length === 0) return name.split('.').length <= limit;
      return prefixes.some(
        (prefix) =>
          name === prefix ||
          (name.startsWith(`${prefix}.`) && name.slice(prefix.length + 1).split('.').length <= limit),
      );
    });
    const groups = names.filter((name) => name.includes('.')).map((name) => name.replace(/\.[^.]*$/, ''));
    return { names, prefixes: [...new Set(groups)] };
  }
}

/** Why a value does not fit what is declared; undefined: it does. */
function valueObjection(declaration: ParameterDeclaration, value: unknown): string | undefined {
  const { kind, range } = declaration;
  const objection = kindObjection(kind, value);
  if (objection !== undefined || !range) return objection;
  const [min, max] = range;
  return (value as number) >= min && (value as number) <= max
    ? undefined
    : `it is ${String(value)}, expected within [${min}, ${max}]`;
}

/** The value that a parameter starts with, where arguments give one. Throws BAD_INPUT where it does not fit. */
export function startValue(declaration: ParameterDeclaration, value: unknown): ParameterValue {
  const objection =
    valueObjection(declaration, value) ??
    (declaration.change === undefined && JSON.stringify(value) !== JSON.stringify(declaration.value)
      ? `it is read-only and ${JSON.stringify(declaration.value)}, as robot.yaml and the other files of the robot say; change it there`
      : undefined);
  if (objection !== undefined) throw badInput(`parameter '${declaration.name}': ${objection}`);
  return value as ParameterValue;
}

function changeRefusal(declaration: ParameterDeclaration, value: unknown): string | undefined {
  if (value === undefined) return 'it cannot be undeclared, and has one type';
  if (!declaration.change) return 'it is read-only while the node runs';
  return valueObjection(declaration, value) ?? declaration.change.refusal(value as ParameterValue);
}
