import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selectBackend, tf, type BackendName } from '../../src/compute/index.js';
import { loadAddon, type InstructionSet, type NativeAddon } from '../../src/compute/native/addon.js';
import { registerNativeBackend } from '../../src/compute/native/backend.js';

type Tested = Extract<BackendName, 'cpu' | 'wasm' | 'native'>;

/**
 * A suite that needs the addon. Where there is none it is skipped, and its title says why; with DYNABRIDGE_REQUIRE_NATIVE=1 it fails
 * instead, for machines on which a missing addon is a mistake.
 */
export function describeAddon(title: string, suite: (addon: NativeAddon) => void): void {
  const loaded = loadAddon();
  if ('addon' in loaded) {
    describe(title, () => suite(loaded.addon));
  } else if (process.env['DYNABRIDGE_REQUIRE_NATIVE'] === '1') {
    it(`${title}: has the addon`, () => {
      throw new Error(`the native addon is required (DYNABRIDGE_REQUIRE_NATIVE=1): ${loaded.missing}`);
    });
  } else {
    it.skip(`${title}, SKIPPED: ${loaded.missing}`);
  }
}

/** A suite on the native backend, after each test of which as many tensors, buffers and bytes are held as before. */
export function describeNative(title: string, suite: (addon: NativeAddon) => void): void {
  describeAddon(title, (addon) => {
    let before: tf.MemoryInfo;
    beforeAll(async () => {
      registerNativeBackend(addon);
      await tf.setBackend('native');
    });
    beforeEach(() => {
      before = tf.memory();
      tf.engine().startScope();
    });
    afterEach(() => {
      tf.engine().endScope();
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      expect({ numTensors, numDataBuffers, numBytes }).toEqual({
        numTensors: before.numTensors,
        numDataBuffers: before.numDataBuffers,
        numBytes: before.numBytes,
      });
    });
    suite(addon);
  });
}

/** The same suite on each backend. */
export function describeOn(
  backends: readonly Tested[],
  title: string,
  suite: (backend: Tested) => void,
): void {
  for (const backend of backends) {
    const named = `${title} on the ${backend} backend`;
    const selected = () => {
      beforeAll(async () => {
        await selectBackend(backend);
      });
      suite(backend);
    };
    if (backend === 'native') describeAddon(named, selected);
    else describe(named, selected);
  }
}

/** The same suite on the native backend with every instruction set that this processor runs. */
export function describeInstructionSets(
  title: string,
  suite: (name: InstructionSet, addon: NativeAddon) => void,
): void {
  describeAddon(title, (addon) => {
    const best = addon.instructionSet;
    for (const name of addon.instructionSets) {
      describe(`with ${name}`, () => {
        beforeAll(async () => {
          await selectBackend('native');
          addon.setInstructionSet(name);
        });
        afterAll(() => addon.setInstructionSet(best));
        suite(name, addon);
      });
    }
  });
}
