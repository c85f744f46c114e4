import { createHash } from 'node:crypto';
import { DynabridgeError } from '../core/index.js';

/**
 * JSON with sorted keys and no spaces, so that equal values give equal text. Absent and undefined properties are the same;
 * infinities are written as "Infinity" and "-Infinity".
 * @throws INTERNAL on NaN, functions, bigints and undefined array items, which have no one text
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isNaN(value)) break;
      return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      const children = value as Readonly<Record<string, unknown>>;
      const keys = Object.keys(children).filter((key) => children[key] !== undefined);
      const entries = keys.sort().map((key) => `${JSON.stringify(key)}:${canonicalJson(children[key])}`);
      return `{${entries.join(',')}}`;
    }
    default:
  }
  throw new DynabridgeError('INTERNAL', `${String(value)} (${typeof value}) has no canonical JSON`);
}

/** SHA-256 of the canonical JSON, hexadecimal: the identity of a configuration. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
