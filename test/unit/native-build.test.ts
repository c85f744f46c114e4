/** `native/build.js`, the install script, in a small package of its own with an addon of a few lines. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BINDING = '{ "targets": [{ "target_name": "dynabridge_native", "sources": ["native/addon.cc"] }] }';
const SOURCE = '#include <node_api.h>\nNAPI_MODULE_INIT() { return exports; }\n';

let folder: string;
let tools: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-build-'));
  mkdirSync(path.join(folder, 'native'));
  cpSync('native/build.js', path.join(folder, 'native/build.js'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'binding.gyp'), BINDING);
  writeFileSync(path.join(folder, 'native/addon.cc'), SOURCE);
  tools = path.join(folder, 'tools');
  mkdirSync(tools);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inBuild = (name: string): string => path.join(folder, 'build', name);
const ADDON = 'Release/dynabridge_native.node';

function build(args: readonly string[], env: NodeJS.ProcessEnv = {}): { code: number | null; said: string } {
  const { CXX: _, ...inherited } = process.env;
  const ended = spawnSync(process.execPath, ['native/build.js', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...inherited, ...env },
  });
  return { code: ended.status, said: ended.stdout + ended.stderr };
}

/** A PATH with nothing but these tools, which do nothing. */
function only(...names: readonly string[]): NodeJS.ProcessEnv {
  for (const name of names) writeFileSync(path.join(tools, name), '#!/bin/sh\n', { mode: 0o755 });
  return { PATH: tools, npm_config_python: '', PYTHON: '' };
}

function expectNoAddon(said: string, reason: RegExp): void {
  expect(said.trimEnd()).not.toContain('\n');
  expect(said).toMatch(reason);
  expect(said).toMatch(/training is about \d+ times slower/);
  expect(said).toMatch(/Repair: .*npm run build:native/);
  expect(readdirSync(path.join(folder, 'build'))).toEqual(['native-build.log']);
  expect(readFileSync(inBuild('native-build.log'), 'utf8').split('\n')[0]).toMatch(reason);
}

describe.skipIf(process.platform === 'win32')('the install script', () => {
  it.each([
    ['a compiler', ['make', 'python3'], /no C\+\+ compiler\b/],
    ['make', ['g++', 'clang++', 'python3'], /no make\b/],
    ['python3', ['clang++', 'make'], /no python3\b/],
    ['all of them', [], /no C\+\+ compiler, no make, no python3\b/],
  ])('without %s says so in one line with the repair, and the install succeeds', (_what, names, reason) => {
    const { code, said } = build(['--optional'], only(...names));
    expect(code).toBe(0);
    expectNoAddon(said, reason);
  });

  it('fails when it is run as the repair', () => {
    const { code, said } = build([], { CXX: '/nonexistent/g++' });
    expect(code).toBe(1);
    expectNoAddon(said, /no C\+\+ compiler \(CXX=\/nonexistent\/g\+\+ does not run\)/);
  });
});

describe.skipIf(spawnSync('make', ['--version']).error)('the install script with a compiler', () => {
  it('builds an addon that loads, and leaves no log', () => {
    const { code, said } = build([]);
    expect(said).toMatch(/^dynabridge: built the native compute backend in \d+ s\n$/);
    expect(code).toBe(0);
    expect(existsSync(inBuild(ADDON))).toBe(true);
    expect(existsSync(inBuild('native-build.log'))).toBe(false);
  });

  it('on a source that does not compile tells the first error, and removes an older addon', () => {
    mkdirSync(inBuild('Release'), { recursive: true });
    writeFileSync(inBuild(ADDON), 'older');
    writeFileSync(
      path.join(folder, 'native/addon.cc'),
      `#error this compiler will not do\n${SOURCE}nonsense`,
    );
    const { code, said } = build(['--optional']);
    expect(code).toBe(0);
    expectNoAddon(said, /addon\.cc:1:\d+: error: .*this compiler will not do/);
    expect(readFileSync(inBuild('native-build.log'), 'utf8')).toContain('gyp ERR!');
  });

  it('does not keep an addon that cannot be loaded', () => {
    writeFileSync(
      path.join(folder, 'native/addon.cc'),
      `extern "C" void missing();\nvoid call() { missing(); }\n${SOURCE}`,
    );
    const { code, said } = build(['--optional']);
    expect(code).toBe(0);
    expectNoAddon(said, /does not load: .*missing/);
  });
});
