import { badInput } from '../../core/index.js';
import type { MessageDefinition } from './definitions.js';

/** CDR_LE, no options (RTPS 10.5) */
const ENCAPSULATION_HEADER = 0x0001_0000;
const ENCAPSULATION_BYTES = 4;
const INITIAL_BYTES = 1024;

type Field = MessageDefinition['definitions'][number];
type Encode = (value: unknown, to: CdrBuffer) => void;

/**
 * Encodes values to CDR (XCDR1, little-endian) from ROS 2 message definitions. The library's own writer takes the length of a
 * string in UTF-16 units and cuts what is longer in UTF-8; this one does not, and it compiles the definition once.
 */
export class CdrEncoder {
  private readonly encodeRoot: Encode;
  private readonly scratch = new CdrBuffer();

  /** @param definitions root first, as {@link definitionsOf} returns them */
  constructor(definitions: readonly MessageDefinition[]) {
    this.encodeRoot = compile(definitions[0]!, new Map(definitions.map((d) => [d.name ?? '', d])));
  }

  /** A new buffer with encapsulation header and body. Missing fields are zero, empty or false, as in ROS. */
  encode(value: unknown): Buffer {
    this.scratch.reset();
    this.encodeRoot(value, this.scratch);
    return this.scratch.copy();
  }
}

/** A growing buffer; offsets and alignment count from behind the encapsulation header. */
class CdrBuffer {
  private bytes = Buffer.alloc(INITIAL_BYTES);
  private offset = ENCAPSULATION_BYTES;

  constructor() {
    this.bytes.writeUInt32BE(ENCAPSULATION_HEADER, 0);
  }

  reset(): void {
    this.offset = ENCAPSULATION_BYTES;
  }

  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.offset));
  }

  /** Aligns, makes room, and returns where to write. */
  private take(size: number, alignment: number): number {
    const padding = -(this.offset - ENCAPSULATION_BYTES) & (alignment - 1);
    const start = this.offset + padding;
    if (start + size > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(2 * this.bytes.length, start + size));
      this.bytes.copy(larger, 0, 0, this.offset);
      this.bytes = larger;
    }
    this.bytes.fill(0, this.offset, start);
    this.offset = start + size;
    return start;
  }

  uint8(value: number): void {
    const at = this.take(1, 1);
    this.bytes[at] = value;
  }

  uint16(value: number): void {
    const at = this.take(2, 2);
    this.bytes.writeUInt16LE(value & 0xffff, at);
  }

  uint32(value: number): void {
    const at = this.take(4, 4);
    this.bytes.writeUInt32LE(value >>> 0, at);
  }

  int64(value: bigint): void {
    const at = this.take(8, 8);
    this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), at);
  }

  float32(value: number): void {
    const at = this.take(4, 4);
    this.bytes.writeFloatLE(value, at);
  }

  float64(value: number): void {
    const at = this.take(8, 8);
    this.bytes.writeDoubleLE(value, at);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value, 'utf8');
    this.uint32(length + 1);
    const at = this.take(length + 1, 1);
    this.bytes.write(value, at, 'utf8');
    this.bytes[at + length] = 0;
  }
}

const NO_FIELDS: Readonly<Record<string, unknown>> = {};

function compile(root: MessageDefinition, definitions: ReadonlyMap<string, MessageDefinition>): Encode {
  const fields = root.definitions
    .filter((field) => field.isConstant !== true)
    .map((field) => ({ name: field.name, encode: compileField(field, definitions) }));
  // IDL has no empty structs: ROS 2 puts structure_needs_at_least_one_member there (design.ros2.org, IDL mapping)
  if (fields.length === 0) return (_value, to) => to.uint8(0);
  return (value, to) => {
    const record = (value ?? NO_FIELDS) as Readonly<Record<string, unknown>>;
    for (const { name, encode } of fields) encode(record[name], to);
  };
}

function compileField(field: Field, definitions: ReadonlyMap<string, MessageDefinition>): Encode {
  const element = field.isComplex === true ? compileNested(field, definitions) : PRIMITIVES[field.type];
  if (!element)
    throw badInput(`field '${field.name}' has type '${field.type}', which has no CDR encoding here`);
  if (field.isArray !== true) return element;
  const fixed = field.arrayLength;
  return (value, to) => {
    const items = (value ?? []) as ArrayLike<unknown>;
    if (fixed === undefined) to.uint32(items.length);
    else if (items.length !== fixed) {
      throw badInput(`field '${field.name}' has ${items.length} elements, expected ${fixed}`);
    }
    for (let i = 0; i < items.length; i++) element(items[i], to);
  };
}

function compileNested(field: Field, definitions: ReadonlyMap<string, MessageDefinition>): Encode {
  const nested = definitions.get(field.type);
  if (!nested) throw badInput(`field '${field.name}' has unknown type '${field.type}'`);
  return compile(nested, definitions);
}

const encodeUint8: Encode = (value, to) => to.uint8(Number(value ?? 0));
const encodeUint16: Encode = (value, to) => to.uint16(Number(value ?? 0));
const encodeUint32: Encode = (value, to) => to.uint32(Number(value ?? 0));
const encodeInt64: Encode = (value, to) => to.int64(BigInt((value ?? 0) as number | bigint));
const encodeTime: Encode = (value, to) => {
  const { sec, nanosec } = (value ?? { sec: 0, nanosec: 0 }) as { sec: number; nanosec: number };
  to.uint32(sec);
  to.uint32(nanosec);
};

const PRIMITIVES: Readonly<Record<string, Encode | undefined>> = {
  bool: (value, to) => to.uint8(value === true ? 1 : 0),
  int8: encodeUint8,
  uint8: encodeUint8,
  int16: encodeUint16,
  uint16: encodeUint16,
  int32: encodeUint32,
  uint32: encodeUint32,
  int64: encodeInt64,
  uint64: encodeInt64,
  float32: (value, to) => to.float32(Number(value ?? 0)),
  float64: (value, to) => to.float64(Number(value ?? 0)),
  string: (value, to) => to.string((value ?? '') as string),
  time: encodeTime,
  duration: encodeTime,
};
