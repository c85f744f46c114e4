import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/robot/yaml-file.js';
import { contextOf, expectBadInput } from './scratch-robot.js';

describe('parseYaml', () => {
  it('says where a key stands, or its nearest ancestor', () => {
    const yaml = parseYaml('a: 1\nb:\n  - x\n  - y: 2\n', 'f.yaml');
    expect(yaml.value).toEqual({ a: 1, b: ['x', { y: 2 }] });
    expect(yaml.placeOf(['b'])).toBe('f.yaml:2'); // not of its value, a line further down
    expect(yaml.placeOf(['b', 0])).toBe('f.yaml:3');
    expect(yaml.placeOf(['b', 1, 'y'])).toBe('f.yaml:4');
    expect(yaml.placeOf(['b', 1, 'z'])).toBe('f.yaml:4');
    expect(yaml.placeOf(['c'])).toBe('f.yaml');
  });

  it('says no line where the file holds nothing of a key', () => {
    for (const text of ['a: 1', '- x', '7', '']) {
      const yaml = parseYaml(text, 'f.yaml');
      expect(yaml.placeOf(['b', 'c'])).toBe('f.yaml');
      expect(yaml.placeOf([])).toBe('f.yaml');
    }
  });

  it('refuses malformed YAML with line and column', () => {
    expectBadInput(() => parseYaml('a: 1\nb: [1', 'f.yaml'), 'f.yaml:2:', 'malformed YAML');
    expectBadInput(() => parseYaml('a: 1\na: 2', 'f.yaml'), 'f.yaml:2:1', 'unique');
    expectBadInput(() => parseYaml('a: 1\n---\nb: 2', 'f.yaml'), 'f.yaml:2:1', 'multiple documents');
    expect(() => parseYaml('a: 1\na: 2', 'f.yaml')).toThrow(
      /^f\.yaml:2:1: malformed YAML: [^\n]+; correct it [^\n]+$/,
    );
  });

  it('names the place of what it refuses for machines too', () => {
    const context = (text: string): unknown => contextOf(() => parseYaml(text, 'f.yaml'));
    expect(context('a: 1\na: 2')).toEqual({ file: 'f.yaml', line: 2, column: 1 });
    expect(context('a: *x')).toEqual({ file: 'f.yaml' });
  });

  it('refuses unknown anchors and explosions of aliases', () => {
    expectBadInput(() => parseYaml('a: *x', 'f.yaml'), 'f.yaml: malformed YAML', 'x');
    const levels = ['a0: &a0 [1]'];
    for (let i = 1; i < 6; i++)
      levels.push(
        `a${i}: &a${i} [${Array<string>(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expectBadInput(() => parseYaml(levels.join('\n'), 'f.yaml'), 'f.yaml: malformed YAML', 'alias');
  });
});
