import { DynabridgeError } from '../core/index.js';

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

function refuse(path: string, value: unknown, why: string): DynabridgeError {
  return new DynabridgeError('INTERNAL', `${path} cannot be stored as JSON: ${String(value)} ${why}`, {
    path,
  });
}

function check(value: unknown, path: string): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw refuse(path, value, 'would silently become null; store finite numbers');
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => check(item, `${path}[${index}]`));
  } else if (value !== null && typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw refuse(path, value.constructor.name, 'is not a plain object; convert it to one');
    }
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) check(item, `${path}.${key}`);
    }
  } else if (value !== null && typeof value !== 'string' && typeof value !== 'boolean') {
    throw refuse(path, value, `is a ${typeof value}; use a string`);
  }
}

/**
 * JSON text that reads back equal: NaN, infinities, bigint, class instances (typed arrays too) are refused by name instead of
 * being changed on the way. Keys whose value is undefined are left out.
 *
 * @param what names the value in the error message, e.g. 'checkpoint.parts'
 */
export function strictJson(what: string, value: unknown, indent = 0): string {
  check(value, what);
  return JSON.stringify(value, null, indent);
}
