import * as v from 'valibot';

import { badInput, DynabridgeError } from '../core/index.js';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes little-endian header length N, N bytes of JSON,
 * then the tensors' bytes, little-endian, row-major, without gaps. Only F32 is written and read.
 */
export interface Tensor {
  readonly shape: readonly number[];
  /** row-major; product of `shape` values */
  readonly data: Float32Array;
}
export type Tensors = Readonly<Record<string, Tensor>>;

const LENGTH_BYTES = 8;
const BYTES_PER_VALUE = 4;
/** limit of the reference implementation */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.strictObject({
  dtype: v.literal('F32'),
  shape: v.array(count),
  data_offsets: v.tuple([count, count]),
});
type Entry = v.InferOutput<typeof entrySchema>;

function product(shape: readonly number[]): number {
  return shape.reduce((total, size) => total * size, 1);
}

/**
 * The bytes of a safetensors file. Data begins at a multiple of 8 bytes, tensors in the order of the record.
 * @throws DynabridgeError INTERNAL when a tensor's data does not fit its shape
 */
export function encodeSafetensors(tensors: Tensors): Uint8Array {
  const header: Record<string, Entry> = {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (name === METADATA || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new DynabridgeError(
        'INTERNAL',
        `tensor '${name}' of shape [${shape.join(', ')}] cannot be stored`,
      );
    }
    if (product(shape) !== data.length) {
      throw new DynabridgeError(
        'INTERNAL',
        `tensor '${name}' has ${data.length} values, its shape [${shape.join(', ')}] needs ${product(shape)}`,
        { name, shape, length: data.length },
      );
    }
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes); // the format pads the header with spaces
  bytes.set(json, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerBytes;
  for (const { data } of Object.values(tensors)) {
    for (const value of data) {
      view.setFloat32(position, value, true);
      position += BYTES_PER_VALUE;
    }
  }
  return bytes;
}

function parseHeader(bytes: Uint8Array, where: string): { entries: [string, Entry][]; dataStart: number } {
  const fail = (what: string, value: unknown, expected: string) =>
    badInput(
      `${where}: ${what} is ${String(value)}, expected ${expected}; the file is damaged or not safetensors`,
      {
        file: where,
      },
    );
  if (bytes.byteLength < LENGTH_BYTES)
    throw fail('its size', `${bytes.byteLength} bytes`, 'at least 8 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  const available = bytes.byteLength - LENGTH_BYTES;
  if (headerBytes > BigInt(Math.min(available, MAX_HEADER_BYTES))) {
    throw fail(
      'the header length',
      `${headerBytes} bytes`,
      `at most ${Math.min(available, MAX_HEADER_BYTES)}`,
    );
  }
  const dataStart = LENGTH_BYTES + Number(headerBytes);
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    if (!text.startsWith('{')) throw new SyntaxError(`it starts with '${text.slice(0, 1)}'`);
    header = JSON.parse(text);
  } catch (error) {
    throw fail('the header', (error as Error).message, 'a JSON object in UTF-8');
  }
  const entries: [string, Entry][] = [];
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === METADATA) continue;
    const parsed = v.safeParse(entrySchema, value);
    if (!parsed.success) {
      const { message, path } = parsed.issues[0];
      const field = path?.map((item) => String(item.key)).join('.') ?? '';
      throw fail(`tensor '${name}' ${field}`, message, 'dtype F32, a shape and data_offsets');
    }
    entries.push([name, parsed.output]);
  }
  return { entries, dataStart };
}

/**
 * The tensors of a safetensors file, copied out of `bytes`; `__metadata__` is passed over.
 * @param where names the file in error messages
 * @throws DynabridgeError BAD_INPUT when anything but contiguous, complete F32 tensors is found
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Tensors {
  const { entries, dataStart } = parseHeader(bytes, where);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tensors: Record<string, Tensor> = {};
  let expectedStart = 0;
  const byOffset = [...entries].sort((a, b) => a[1].data_offsets[0] - b[1].data_offsets[0]);
  for (const [name, { shape, data_offsets: offsets }] of byOffset) {
    const [start, end] = offsets;
    const length = product(shape);
    const size = length * BYTES_PER_VALUE;
    if (start !== expectedStart || end - start !== size || dataStart + end > bytes.byteLength) {
      throw badInput(
        `${where}: tensor '${name}' of shape [${shape.join(', ')}] lies at bytes ${start} to ${end}, expected ` +
          `${expectedStart} to ${expectedStart + size} of ${bytes.byteLength - dataStart}; the file is damaged`,
        { file: where, tensor: name },
      );
    }
    const data = new Float32Array(length);
    for (let i = 0; i < length; i++) data[i] = view.getFloat32(dataStart + start + i * BYTES_PER_VALUE, true);
    tensors[name] = { shape, data };
    expectedStart = end;
  }
  if (dataStart + expectedStart !== bytes.byteLength) {
    const extra = bytes.byteLength - dataStart - expectedStart;
    throw badInput(`${where}: ${extra} bytes follow the last tensor; the file is damaged`, {
      file: where,
      extra,
    });
  }
  return tensors;
}
