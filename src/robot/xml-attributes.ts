import { badInput } from '../core/index.js';
import type { Vector3 } from './model.js';
import { placeOf, tagText, type XmlElement } from './xml-document.js';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function parseNumber(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The only child with this tag, or undefined. @throws BAD_INPUT when there are several */
export function onlyChild(element: XmlElement, tag: string, owner: string): XmlElement | undefined {
  const [first, second] = element.children.filter((child) => child.tag === tag);
  if (second !== undefined) {
    throw badInput(`${owner} in ${placeOf(second)}: second <${tag}>; keep one`, { file: second.file });
  }
  return first;
}

/** A required, non-empty text attribute. @throws BAD_INPUT */
export function textAttribute(element: XmlElement, name: string, owner: string): string {
  const value = element.attributes[name]?.trim();
  if (value === undefined || value === '') {
    throw badInput(
      `${owner} in ${placeOf(element)}: ${tagText(element)} has no ${name}; write <${element.tag} ${name}="...">`,
      { file: element.file, attribute: name },
    );
  }
  return value;
}

/** An optional number attribute. @throws BAD_INPUT when it is there and not a finite decimal number */
export function numberAttribute(element: XmlElement, name: string, owner: string): number | undefined {
  const text = element.attributes[name];
  if (text === undefined) return undefined;
  const value = parseNumber(text.trim());
  if (value === undefined) {
    throw badInput(
      `${owner} in ${placeOf(element)}: ${tagText(element)}: ${name} is not a number; write a finite decimal such as ${name}="1.5"`,
      { file: element.file, attribute: name, value: text },
    );
  }
  return value;
}

/** A number attribute that must be there. @throws BAD_INPUT; `unit` says what to write */
export function requiredNumber(element: XmlElement, name: string, owner: string, unit: string): number {
  const value = numberAttribute(element, name, owner);
  if (value === undefined) {
    throw badInput(
      `${owner} in ${placeOf(element)}: ${tagText(element)} has no ${name}; write ${name}="..." [${unit}]`,
      { file: element.file, attribute: name },
    );
  }
  return value;
}

/** An optional attribute of three numbers. @throws BAD_INPUT when it is there and is anything else */
export function vectorAttribute(
  element: XmlElement | undefined,
  name: string,
  owner: string,
  fallback: Vector3,
): Vector3 {
  if (element === undefined) return fallback;
  const text = element.attributes[name];
  if (text === undefined) return fallback;
  const [x, y, z, ...rest] = text.trim().split(/\s+/).map(parseNumber);
  if (x === undefined || y === undefined || z === undefined || rest.length > 0) {
    throw badInput(
      `${owner} in ${placeOf(element)}: ${tagText(element)}: ${name} is not three numbers; write ${name}="x y z"`,
      { file: element.file, attribute: name, value: text },
    );
  }
  return { x, y, z };
}
