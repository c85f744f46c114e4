import { badInput } from '../../core/index.js';
import type { MessageDefinition } from './definitions.js';

const ENCAPSULATION_BYTES = 4;
/** What the first two octets may say (RTPS 10.5, DDS-XTypes 1.3 table 60); 8-octet values are aligned to 4 in XCDR2. */
const ENCAPSULATIONS: Readonly<Record<number, { littleEndian: boolean; widest: 4 | 8 } | undefined>> = {
  0x0000: { littleEndian: false, widest: 8 },
  0x0001: { littleEndian: true, widest: 8 },
  0x0006: { littleEndian: false, widest: 4 },
  0x0007: { littleEndian: true, widest: 4 },
};
/** One instance: a flood of bad payloads must not cost a stack trace each. */
const MALFORMED = badInput('the payload does not fit its message type');

type Field = MessageDefinition['definitions'][number];

/** How a value is read, and the fewest octets that it takes: no sequence is believed to be longer than its payload. */
interface Decoder {
  readonly least: number;
  readonly read: (from: CdrInput) => unknown;
  /** @param count that fits into what is left */
  readonly readMany?: (from: CdrInput, count: number) => unknown;
}

/**
 * Decodes CDR payloads to values, from ROS 2 message definitions. Nothing is read beyond the payload and nothing is allocated for
 * what it does not hold, whatever its lengths say; the library's own reader does both. Octets after the last field are ignored, as in
 * DDS. The definition is compiled once.
 */
export class CdrDecoder {
  private readonly root: Decoder;

  /** @param definitions root first, as {@link definitionsOf} returns them */
  constructor(definitions: readonly MessageDefinition[]) {
    this.root = compile(definitions[0]!, new Map(definitions.map((d) => [d.name ?? '', d])));
  }

  /** Numbers in arrays are typed arrays of their own memory. Throws BAD_INPUT when the payload does not fit the type. */
  decode(payload: Uint8Array): unknown {
    return this.root.read(new CdrInput(payload));
  }
}

/** A payload and a place in it; alignment counts from behind the encapsulation header. */
class CdrInput {
  readonly view: DataView;
  readonly bytes: Buffer;
  readonly littleEndian: boolean;
  private readonly widest: 4 | 8;
  private offset = ENCAPSULATION_BYTES;

  constructor(payload: Uint8Array) {
    if (payload.length < ENCAPSULATION_BYTES) throw MALFORMED;
    const encapsulation = ENCAPSULATIONS[(payload[0]! << 8) | payload[1]!];
    if (!encapsulation) throw MALFORMED;
    ({ littleEndian: this.littleEndian, widest: this.widest } = encapsulation);
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  /** Aligns, and returns where to read `size` octets. */
  take(size: number, alignment: number): number {
    const start =
      this.offset + (-(this.offset - ENCAPSULATION_BYTES) & (Math.min(alignment, this.widest) - 1));
    if (start + size > this.bytes.length) throw MALFORMED;
    this.offset = start + size;
    return start;
  }

  uint32(): number {
    return this.view.getUint32(this.take(4, 4), this.littleEndian);
  }

  /** Length of a sequence whose elements take `least` octets at least. */
  count(least: number): number {
    const count = this.uint32();
    if (count * least > this.bytes.length - this.offset) throw MALFORMED;
    return count;
  }

  string(): string {
    const length = this.uint32();
    if (length === 0) return ''; // not CDR, but some write an empty string so
    const start = this.take(length, 1);
    if (this.bytes[start + length - 1] !== 0) throw MALFORMED;
    return this.bytes.toString('utf8', start, start + length - 1);
  }
}

function compile(root: MessageDefinition, definitions: ReadonlyMap<string, MessageDefinition>): Decoder {
  const fields = root.definitions
    .filter((field) => field.isConstant !== true)
    .map((field) => ({ name: field.name, decoder: compileField(field, definitions) }));
  // the octet that ROS 2 puts into an empty struct, see cdr-encoder.ts
  if (fields.length === 0) return { least: 1, read: (from) => (from.take(1, 1), {}) };
  return {
    least: fields.reduce((sum, { decoder }) => sum + decoder.least, 0),
    read: (from) => {
      const record: Record<string, unknown> = {};
      for (const { name, decoder } of fields) record[name] = decoder.read(from);
      return record;
    },
  };
}

function compileField(field: Field, definitions: ReadonlyMap<string, MessageDefinition>): Decoder {
  const element = field.isComplex === true ? compileNested(field, definitions) : PRIMITIVES[field.type];
  if (!element)
    throw badInput(`field '${field.name}' has type '${field.type}', which has no CDR decoding here`);
  if (field.isArray !== true) return element;
  const many = element.readMany ?? ((from, count) => readEach(element, from, count));
  const fixed = field.arrayLength;
  if (fixed !== undefined) return { least: fixed * element.least, read: (from) => many(from, fixed) };
  return { least: 4, read: (from) => many(from, from.count(element.least)) };
}

/** A loop: `Array.from` with a function takes several times as long, and each state names all its joints. */
function readEach(element: Decoder, from: CdrInput, count: number): unknown[] {
  const values: unknown[] = [];
  for (let i = 0; i < count; i++) values.push(element.read(from));
  return values;
}

function compileNested(field: Field, definitions: ReadonlyMap<string, MessageDefinition>): Decoder {
  const nested = definitions.get(field.type);
  if (!nested) throw badInput(`field '${field.name}' has unknown type '${field.type}'`);
  return compile(nested, definitions);
}

type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

function numbers<A extends NumberArray>(
  type: { new (length: number): A; readonly BYTES_PER_ELEMENT: number },
  get: (view: DataView, at: number, littleEndian: boolean) => A[number],
): Decoder {
  const size = type.BYTES_PER_ELEMENT;
  return {
    least: size,
    read: (from) => get(from.view, from.take(size, size), from.littleEndian),
    readMany: (from, count) => {
      const { view, littleEndian } = from;
      const array = new type(count);
      if (count === 0) return array;
      const start = from.take(count * size, size);
      for (let i = 0; i < count; i++) array[i] = get(view, start + i * size, littleEndian);
      return array;
    },
  };
}

function readBool(from: CdrInput): boolean {
  const octet = from.bytes[from.take(1, 1)]!;
  if (octet > 1) throw MALFORMED;
  return octet === 1;
}

const time: Decoder = {
  least: 8,
  read: (from) => {
    const sec = from.uint32() | 0;
    return { sec, nanosec: from.uint32() };
  },
};

const PRIMITIVES: Readonly<Record<string, Decoder | undefined>> = {
  bool: { least: 1, read: readBool },
  int8: numbers(Int8Array, (view, at) => view.getInt8(at)),
  uint8: numbers(Uint8Array, (view, at) => view.getUint8(at)),
  int16: numbers(Int16Array, (view, at, little) => view.getInt16(at, little)),
  uint16: numbers(Uint16Array, (view, at, little) => view.getUint16(at, little)),
  int32: numbers(Int32Array, (view, at, little) => view.getInt32(at, little)),
  uint32: numbers(Uint32Array, (view, at, little) => view.getUint32(at, little)),
  int64: numbers(BigInt64Array, (view, at, little) => view.getBigInt64(at, little)),
  uint64: numbers(BigUint64Array, (view, at, little) => view.getBigUint64(at, little)),
  float32: numbers(Float32Array, (view, at, little) => view.getFloat32(at, little)),
  float64: numbers(Float64Array, (view, at, little) => view.getFloat64(at, little)),
  string: { least: 4, read: (from) => from.string() },
  time,
  duration: time,
};
