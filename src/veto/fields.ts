import { badInput } from '../core/index.js';

/** A YAML mapping, or an XML element with '@' before the names of its attributes. */
export type Fields = Readonly<Record<string, unknown>>;

/** A mapping; else throws BAD_INPUT. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw badInput(`${what} is missing or not one mapping`, { what });
}

/** A finite number or the text of one; else throws BAD_INPUT. */
export function numberOf(value: unknown, what: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw badInput(`${what} is ${JSON.stringify(value)}, expected a number`, { what });
}

/** A finite number above 0; else throws BAD_INPUT. */
export function positiveOf(value: unknown, what: string): number {
  const number = numberOf(value, what);
  if (number > 0) return number;
  throw badInput(`${what} is ${number}, expected more than 0`, { what });
}

/** One of the known words; else throws BAD_INPUT. */
export function oneOf<Word extends string>(words: readonly Word[], value: unknown, what: string): Word {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw badInput(`${what} is ${JSON.stringify(value)}, expected one of ${words.join(', ')}`, { what });
}
