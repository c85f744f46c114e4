import { describe, expect, it } from 'vitest';
import { numberAttribute, textAttribute, vectorAttribute } from '../../../src/robot/xml-attributes.js';
import { parseXml } from '../../../src/robot/xml-document.js';
import { expectBadInput } from './scratch-robot.js';

const ZERO = { x: 0, y: 0, z: 0 };
const element = (attributes: string) => parseXml(`<a ${attributes}/>`, 'a.xml');

describe('an attribute', () => {
  it('of text is trimmed, and is there', () => {
    // the parser takes away a space, but not one that is written as a character reference
    for (const attributes of ['name=" arm "', 'name="&#32;arm&#9;"'])
      expect(textAttribute(element(attributes), 'name', 'x')).toBe('arm');
    for (const attributes of ['', 'name=""', 'name="  "'])
      expectBadInput(
        () => textAttribute(element(attributes), 'name', 'x'),
        'x in a.xml:1:',
        'write <a name="...">',
      );
  });

  it('of a number is one decimal', () => {
    const read = (text: string) => numberAttribute(element(`n="${text}"`), 'n', 'x');
    expect([' 1.5 ', '-2', '+.5', '3.', '1e-3', '2E+2'].map(read)).toEqual([1.5, -2, 0.5, 3, 0.001, 200]);
    expect(read('&#32;7&#32;')).toBe(7);
    expect(numberAttribute(element(''), 'n', 'x')).toBeUndefined();
    for (const text of ['', '.', '1,5', '0x10', '1e', '1 2', 'Infinity', 'nan', '1e999', '1.5m'])
      expectBadInput(() => read(text), 'n is not a number');
  });

  it('of a vector is three numbers, with any space between', () => {
    const read = (text: string) => vectorAttribute(element(`v="${text}"`), 'v', 'x', ZERO);
    for (const text of ['  1  -2   3.5 ', '&#32;1 -2 3.5&#32;'])
      expect(read(text)).toEqual({ x: 1, y: -2, z: 3.5 });
    for (const text of ['', '1', '1 2', '1 2 3 4', 'a 2 3', '1 a 3', '1 2 a'])
      expectBadInput(() => read(text), 'x in a.xml:1', 'v is not three numbers; write v="x y z"');
    expect(vectorAttribute(element(''), 'v', 'x', ZERO)).toBe(ZERO);
    expect(vectorAttribute(undefined, 'v', 'x', ZERO)).toBe(ZERO);
  });
});
