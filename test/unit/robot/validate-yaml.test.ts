import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { validateYaml } from '../../../src/robot/validate-yaml.js';
import { parseYaml } from '../../../src/robot/yaml-file.js';
import { contextOf, expectBadInput } from './scratch-robot.js';

const positive = v.pipe(v.number(), v.finite(), v.minValue(0), v.description('a number >= 0'));
const share = v.pipe(v.number(), v.minValue(0), v.description('a share >= 0'));
const schema = v.pipe(
  v.strictObject({
    rate: v.optional(v.pipe(v.number(), v.minValue(1), v.description('a rate >= 1 [Hz]')), 50),
    joints: v.strictObject({
      driven: v.pipe(
        v.array(v.pipe(v.string(), v.description('a joint'))),
        v.minLength(1),
        v.description('a list of joints'),
      ),
    }),
    scale: v.pipe(
      v.union([positive, v.record(v.string(), share)]),
      v.description('a number >= 0, or one for each joint'),
    ),
  }),
  v.description('rate, joints and scale'),
);

const RIGHT = 'joints:\n  driven: [a]\nscale: 1\n';
const read = (text: string) => validateYaml(schema, parseYaml(text, 'f.yaml'));

describe('validateYaml', () => {
  it('gives what the file holds, with defaults', () => {
    expect(read(RIGHT)).toEqual({ rate: 50, joints: { driven: ['a'] }, scale: 1 });
    expect(read(RIGHT.replace('scale: 1', 'scale: {a: 2}')).scale).toEqual({ a: 2 });
  });

  const cases: readonly (readonly [what: string, text: string, message: string, context: object])[] = [
    [
      'an unknown key',
      `${RIGHT}speed: 1\n`,
      "f.yaml:4: unknown key 'speed' (known: rate, joints, scale); correct or remove it",
      { key: 'speed' },
    ],
    [
      'an unknown key that every object of JavaScript has',
      `${RIGHT}constructor: 1\n`,
      "f.yaml:4: unknown key 'constructor' (known: rate, joints, scale); correct or remove it",
      { key: 'constructor' },
    ],
    [
      'an unknown key further in, rather than the one that is then missing',
      RIGHT.replace('driven', 'drivn'),
      "f.yaml:2: unknown key 'joints.drivn' (did you mean 'driven'?); correct or remove it",
      { key: 'joints.drivn' },
    ],
    [
      'a missing key, at what should hold it',
      'scale: 1\njoints: {}\n',
      "f.yaml:2: 'joints.driven' is missing; write joints.driven: a list of joints",
      { key: 'joints.driven' },
    ],
    [
      'a key without its value',
      RIGHT.replace('[a]', ''),
      "f.yaml:2: 'joints.driven' has no value yet; write joints.driven: a list of joints",
      { key: 'joints.driven' },
    ],
    [
      'a wrong value',
      `rate: 0.5\n${RIGHT}`,
      "f.yaml:1: 'rate' is 0.5; write a rate >= 1 [Hz]",
      { key: 'rate', value: 0.5 },
    ],
    [
      'a number that JSON lacks',
      `rate: -.inf\n${RIGHT}`,
      "'rate' is -Infinity; write a rate >= 1 [Hz]",
      { key: 'rate', value: -Infinity },
    ],
    [
      'a text where a number belongs',
      `rate: fast\n${RIGHT}`,
      `'rate' is "fast"; write a rate >= 1 [Hz]`,
      { key: 'rate', value: 'fast' },
    ],
    [
      'an item of a list',
      RIGHT.replace('[a]', '[a, 2]'),
      "'joints.driven.1' is 2; write a joint",
      { key: 'joints.driven.1', value: 2 },
    ],
    [
      'a list that is too short',
      RIGHT.replace('[a]', '[]'),
      "'joints.driven' is []; write a list of joints",
      { key: 'joints.driven', value: [] },
    ],
    [
      'the entry of a map that is one of several forms',
      RIGHT.replace('scale: 1', 'scale:\n  a: 1\n  b: -2'),
      "f.yaml:5: 'scale.b' is -2; write a share >= 0",
      { key: 'scale.b', value: -2 },
    ],
    [
      'none of several forms',
      RIGHT.replace('scale: 1', 'scale: wide'),
      `f.yaml:3: 'scale' is "wide"; write a number >= 0, or one for each joint`,
      { key: 'scale', value: 'wide' },
    ],
    [
      'a file that is no map',
      '7',
      'f.yaml: the file is 7; write rate, joints and scale',
      { key: '', value: 7 },
    ],
  ];
  it.each(cases)('refuses %s', (_what, text, message, context) => {
    expectBadInput(() => read(text), message);
    expect(contextOf(() => read(text))).toStrictEqual({ file: 'f.yaml', ...context });
  });

  it('takes an empty file for an empty map', () => {
    for (const text of ['', '# nothing yet\n', 'null'])
      expectBadInput(() => read(text), "f.yaml: 'joints' is missing; write joints: ");
  });
});
