import { describe, expect, it } from 'vitest';
import { parseXml, placeOf, tagText } from '../../../src/robot/xml-document.js';
import { contextOf, expectBadInput } from './scratch-robot.js';

describe('parseXml', () => {
  it('gives elements with attributes, children and lines, without comments, text and instructions', () => {
    const text =
      '<?xml version="1.0"?>\n<!-- a\ncomment -->\n<a x="1">\n  text\n  <b/><?pi x?>\n  <c y="2"/>\n</a>';
    expect(parseXml(text, 'a.xml')).toStrictEqual({
      tag: 'a',
      attributes: { x: '1' },
      children: [
        { tag: 'b', attributes: {}, children: [], file: 'a.xml', line: 6 },
        { tag: 'c', attributes: { y: '2' }, children: [], file: 'a.xml', line: 7 },
      ],
      file: 'a.xml',
      line: 4,
    });
  });

  it('keeps attributes as text, with entities of all kinds decoded', () => {
    const { attributes } = parseXml(
      '<a number="0.50" named="R&amp;D" decimal="R&#68;" hex="R&#x44;"/>',
      'a.xml',
    );
    expect(attributes).toStrictEqual({ number: '0.50', named: 'R&D', decimal: 'RD', hex: 'RD' });
  });

  it('refuses a tag that could subvert the program', () => {
    expectBadInput(() => parseXml('<a><constructor/></a>', 'a.xml'), 'a.xml: XML is refused', 'constructor');
  });

  it('says line and column of what is malformed, in one sentence', () => {
    const text = '<a>\n  <b.c></b>\n</a>';
    const message =
      "a.xml:2:8: malformed XML: Expected closing tag 'b.c' (opened in line 2, col 3) instead of closing tag 'b'; correct it at this line and column";
    expectBadInput(() => parseXml(text, 'a.xml'), message);
    expect(contextOf(() => parseXml(text, 'a.xml'))).toStrictEqual({ file: 'a.xml', line: 2, column: 8 });
  });
});

describe('an element in a message', () => {
  it('is its place and its opening tag', () => {
    const { children } = parseXml('<a>\n<b x="1" y=""><c/></b></a>', 'a.xml');
    expect(placeOf(children[0]!)).toBe('a.xml:2');
    expect(tagText(children[0]!)).toBe('<b x="1" y="">');
    expect(tagText(children[0]!.children[0]!)).toBe('<c>');
  });
});
