/** Loading the C++ addon: from a package of its own, with what `native/build.js` leaves there. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddonOf } from '../../../src/compute/native/addon.js';
import { describeAddon } from '../../kernels/backends.js';

const ADDON = 'build/Release/dynabridge_native.node';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-addon-'));
  mkdirSync(path.join(folder, 'build/Release'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => path.join(folder, name);
const load = (): { addon: { sourceHash: string } } | { missing: string } =>
  loadAddonOf(pathToFileURL(folder + path.sep));

describe('without an addon', () => {
  it('tells that it is not there', () => {
    expect(load()).toEqual({ missing: `not built (${ADDON} is not there)` });
  });

  it('tells why it could not be built', () => {
    writeFileSync(inFolder('build/native-build.log'), 'no C++ compiler\n\nand all that the compiler said');
    expect(load()).toEqual({ missing: 'not built (no C++ compiler)' });
  });

  it('tells in one line why it does not load', () => {
    writeFileSync(inFolder(ADDON), 'not a library\nat all');
    expect(load()).toEqual({ missing: expect.stringMatching(/^.*dynabridge_native\.node.*$/) as string });
  });
});

describeAddon('with an addon', () => {
  beforeEach(() => {
    cpSync(ADDON, inFolder(ADDON));
    cpSync('native', inFolder('native'), { recursive: true });
    cpSync('binding.gyp', inFolder('binding.gyp'));
  });
  const STALE = { missing: 'built from other sources than those in native/' };

  it('takes one that was built from the sources beside it', () => {
    const loaded = load();
    expect('addon' in loaded && loaded.addon.sourceHash).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each(['native/kernels.cc', 'native/simd.h', 'binding.gyp'])(
    'refuses one when %s has changed',
    (name) => {
      appendFileSync(inFolder(name), '\n');
      expect(load()).toEqual(STALE);
    },
  );

  it('refuses one when a source was added or has gone', () => {
    writeFileSync(inFolder('native/more.cc'), '');
    expect(load()).toEqual(STALE);
    rmSync(inFolder('native/more.cc'));
    expect(load()).not.toEqual(STALE);
    rmSync(inFolder('native/workspace.h'));
    expect(load()).toEqual(STALE);
  });

  it('does not mind changes to the scripts', () => {
    appendFileSync(inFolder('native/build.js'), '\n');
    expect(load()).toHaveProperty('addon');
  });

  it('takes one without sources as it is', () => {
    rmSync(inFolder('native'), { recursive: true });
    expect(load()).toHaveProperty('addon');
  });
});
