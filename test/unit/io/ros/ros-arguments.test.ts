import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { argumentsOf, parseRosArguments } from '../../../../src/io/ros/index.js';
import { splitRosArguments } from '../../../../src/io/ros/ros-arguments.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-ros-'));

function file(text: string): string {
  const name = path.join(folder, `${Math.round(performance.now() * 1e6)}.yaml`);
  writeFileSync(name, text);
  return name;
}

function node(...argv: string[]): ReturnType<typeof argumentsOf> {
  return argumentsOf(parseRosArguments(argv), 'dynabridge');
}

describe('a command line', () => {
  it('is split at --ros-args, which ends at --', () => {
    const argv = ['run', '--ros-args', '-r', 'a:=b', '--', '--json', '--ros-args', '-p', 'c:=1'];
    expect(splitRosArguments(argv)).toEqual({ own: ['run', '--json'], ros: ['-r', 'a:=b', '-p', 'c:=1'] });
    expect(splitRosArguments(['run'])).toEqual({ own: ['run'], ros: null });
  });
});

describe('--ros-args', () => {
  it('name the node and its namespace', () => {
    expect(node()).toEqual({ nodeName: 'dynabridge', namespace: '/', remaps: [], parameters: {} });
    expect(node('-r', '__node:=left', '--remap', '__ns:=/arm')).toMatchObject({
      nodeName: 'left',
      namespace: '/arm',
    });
  });

  it('give names other names, of this node or of all', () => {
    const { remaps } = node('-r', 'joint_states:=/other', '-r', 'dynabridge:~/a:=b', '-r', 'twin:c:=d');
    expect(remaps).toEqual([
      { from: 'joint_states', to: '/other' },
      { from: '~/a', to: 'b' },
    ]);
  });

  it('give parameters as YAML, the later before the earlier', () => {
    const argv = ['-p', 'velocity_scale:=0.5', '-p', 'use_sim_time:=true', '--param', 'joints:=[a, b]'];
    expect(
      node(...argv, '-p', 'velocity_scale:=1', '-p', 'twin:other:=2', '-p', 'text:=a:=b').parameters,
    ).toEqual({
      velocity_scale: 1,
      use_sim_time: true,
      joints: ['a', 'b'],
      text: 'a:=b',
    });
  });

  it('give XML as it is: a colon or a line in it means nothing', () => {
    const urdf = '<?xml version="1.0"?>\n<!-- by: xacro # not by hand -->\n<robot name="a">\n</robot>\n';
    const { parameters } = argumentsOf(parseRosArguments(['-p', `robot_description:=${urdf}`]), 'bridge');
    expect(parameters).toEqual({ robot_description: urdf });
  });

  it('are refused where a value is not YAML', () => {
    expect(() => parseRosArguments(['-p', 'a:=[1'])).toThrow(/parameter 'a': its value is not YAML/);
  });

  it('ignore what is about logging and enclaves', () => {
    expect(
      node('--log-level', 'debug', '--disable-rosout-logs', '-e', '/x', '-r', '__node:=n').nodeName,
    ).toBe('n');
  });

  it.each([
    [['-r'], /-r after --ros-args lacks its value/],
    [['-r', 'a'], /'-r a' .* not of the form name:=value/],
    [['-x', 'a'], /'-x' after --ros-args is not known/],
    [['-p', 'a:={b: 1}'], /parameter 'a' is \{"b":1\}, expected a boolean/],
    [['--params-file', '/nowhere.yaml'], /'\/nowhere.yaml' cannot be read/],
  ])('are refused where they mean nothing: %j', (argv, message) => {
    expect(() => node(...argv)).toThrow(message);
  });
});

describe('a parameter file', () => {
  const values = (text: string, ...argv: string[]) => node('--params-file', file(text), ...argv).parameters;

  it.each(['/**', '/*', 'dynabridge', '/dynabridge'])('speaks to the node as %s', (name) => {
    expect(
      values(`${name}:\n  ros__parameters:\n    velocity_scale: 0.5\n    agent: {timeout_ms: 3}`),
    ).toEqual({
      velocity_scale: 0.5,
      'agent.timeout_ms': 3,
    });
  });

  it.each(['/arm/*', '/arm/dynabridge', '/arm/**', '/**/dynabridge'])(
    'speaks to a node in a namespace as %s',
    (name) => {
      const text = `${name}:\n  ros__parameters: {velocity_scale: 0.5}`;
      expect(values(text, '-r', '__ns:=/arm')).toEqual({ velocity_scale: 0.5 });
      expect(values(text, '-r', '__ns:=/leg')).toEqual(
        name === '/**/dynabridge' ? { velocity_scale: 0.5 } : {},
      );
    },
  );

  it('may nest nodes in their namespaces', () => {
    const text = 'arm:\n  dynabridge:\n    ros__parameters: {velocity_scale: 0.5}';
    expect(values(text, '-r', '__ns:=arm')).toEqual({ velocity_scale: 0.5 });
  });

  it('is refused where it is no map of nodes', () => {
    expect(() => values('- 1')).toThrow(/names no node; expected e.g. \/\*\*: \{ros__parameters/);
    expect(() => values('a: [')).toThrow(/cannot be read/);
  });
});
